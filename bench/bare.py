"""The libraries without Parlour, to compare with: a page from memory, a relay that keeps nothing.

python -m bench.bare page PORT FILE
python -m bench.bare relay PORT MODEL_PORT
"""

import sys
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import uvicorn
from litestar import Litestar, Response, get
from litestar.types import ASGIApp, Receive, Scope, Send


def page(file: str) -> ASGIApp:
    """One handler of the framework that returns finished bytes."""
    body = Path(file).read_bytes()

    @get("/chat/{token:str}")
    async def handler(token: str) -> Response[bytes]:
        del token
        return Response(body, media_type="text/html")

    return Litestar([handler], openapi_config=None)


class Relay:
    """Passes a model's words on as events: no framework, no storage, nothing to come back to."""

    def __init__(self, model_port: str) -> None:
        self._url = f"http://127.0.0.1:{model_port}/v1/chat/completions"
        self._session: aiohttp.ClientSession | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        message: Any = await receive()
        said = orjson.loads(message["body"])["message"]
        asked = {"stream": True, "messages": [{"role": "user", "content": said}]}
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        async with self._session.post(self._url, json=asked) as reply:
            rest = b""
            async for data in reply.content.iter_any():
                *events, rest = (rest + data).split(b"\n\n")
                if told := b"".join(map(_told, events)):
                    await send({"type": "http.response.body", "body": told, "more_body": True})
        await send({"type": "http.response.body", "body": b"event: done\n\n", "more_body": False})


def _told(event: bytes) -> bytes:
    if not event.startswith(b"data: {"):
        return b""
    choices = orjson.loads(event[6:])["choices"]
    text = choices[0]["delta"].get("content") if choices else None
    return b"event: delta\ndata: %s\n\n" % orjson.dumps({"text": text}) if text else b""


def main(kind: str, port: str, word: str) -> None:
    app: Any = page(word) if kind == "page" else Relay(word)
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning", access_log=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
