"""A small OpenAI-compatible embeddings server over a sentence-transformers model, for measuring.

    python bench/search/embeddings.py FOLDER_OF_THE_MODEL [PORT]

Runs in an environment of its own that has sentence-transformers; Parlour needs none of it.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


def main() -> None:
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(1)
    model = SentenceTransformer(sys.argv[1], device="cpu")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            size = int(self.headers["Content-Length"])
            asked: dict[str, Any] = json.loads(self.rfile.read(size))
            made = model.encode(asked["input"], normalize_embeddings=True)
            data = [{"index": n, "embedding": each.tolist()} for n, each in enumerate(made)]
            body = json.dumps({"object": "list", "data": data, "model": asked["model"]}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    port = int(sys.argv[2]) if len(sys.argv) > 2 else 8123
    HTTPServer(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    main()
