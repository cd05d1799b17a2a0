"""Agents answered by a program of the owner's own, anywhere, over one signed HTTP request.

Parlour posts JSON, signed by Standard Webhooks (`webhook-id`, `webhook-timestamp`,
`webhook-signature`) with the agent's secret; the id is the turn's, and the same when asked again:

    {"conversation": "cnv_…", "turn": "trn_…", "agent": "agt_…", "language": "en",
     "message": "the visitor's message",
     "messages": [{"author": "visitor", "name": "", "text": "…"}, …], "variables": {…}}

Where the visitor sent files along, `files` has each of them whole, and messages name theirs:

    "files": [{"name": "receipt.png", "kind": "image", "media_type": "image/png", "size": 68,
               "content": "iVBORw0KGgo…"}]

The content is base64. Nothing has to be fetched, so no address of a file ever leaves the house.

The answer is one JSON document,

    {"text": "Hello **you**", "citations": [{"n": 1, "title": "…", "source": "…", "quote": "…"}],
     "variables": {"plan": "pro"}, "usage": {"input_tokens": 12, "output_tokens": 3},
     "actions": [{"name": "handoff"}]}

or, as `text/event-stream` or `application/x-ndjson`, one JSON part a line, as they come to be:

    data: {"type": "status", "label": "Looking it up"}
    data: {"type": "text", "text": "Hello "}
    data: {"type": "text", "text": "**you**"}

Types and fields that are not known are ignored; `{"type": "error", "message": "…"}` ends the turn.

An agent can require signed answers (`verify_response`). A JSON answer then carries the same three
headers, with the request's `webhook-id`, over its body. A stream signs in passing: a line

    {"type": "signature", "timestamp": "1786000000", "signature": "v1,…"}

is the Standard Webhooks signature, with the request's `webhook-id`, of a text: the SHA-256, in
lower-case hex, of all JSON lines before it, each followed by one newline (without `data:`, comments
and blank lines; earlier signatures included). What is not yet signed is not shown, so whoever signs
each part streams as fast as ever, and whoever signs once, at the end, is shown at the end. Lines
behind the last signature make the answer a bad one.
"""

from parlour.agents.backends.webhook.client import WebhookBackend
from parlour.agents.backends.webhook.config import Config, accept, check, made, shown
from parlour.agents.kinds import Kind, any_attachment

__all__ = ["KIND", "Config", "WebhookBackend"]

KIND = Kind(
    name="webhook",
    config=Config,
    accept=accept,
    check=check,
    shown=shown,
    build=lambda config, _agent_id, tools: WebhookBackend(config, tools),
    attaches=any_attachment,
    made=made,
    secrets=lambda config: {"secret": config.secret_at},
)
