"""A stage for the visitor's page: serves it and plays the server's part by the event contract."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import uvicorn

from parlour.kit.clock import rfc3339
from parlour.web import pages, prose
from parlour.web import shown as pieces
from parlour.web.assets import assets
from tests.rig.waiting import PATIENCE

NONCE = "c3RhZ2U"
CSP = (
    f"default-src 'none'; script-src 'nonce-{NONCE}'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "manifest-src 'self'"
)
START = 1_795_183_320_000

Send = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass
class Play:
    """One conversation: what was said, what happened, and how the stage should behave."""

    token: str
    face: pages.Face
    messages: list[dict[str, Any]] = field(default_factory=list)
    events: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    posts: list[dict[str, Any]] = field(default_factory=list)
    stops: int = 0
    cleared: int = 0
    dark: bool = False
    """No live stream is served: the network is gone."""
    down: bool = False
    """No message is taken: 503."""
    on_say: Callable[["Play", dict[str, Any]], Awaitable[None]] | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def emit(self, id_: str, name: str, data: dict[str, Any]) -> None:
        self.events.append((id_, name, data))
        self.changed.set()
        self.changed = asyncio.Event()

    def add(self, kind: str, text: str, **more: Any) -> dict[str, Any]:
        seq = len(self.messages) + 1
        message = {
            "id": f"msg_{self.token}{seq}",
            "seq": seq,
            "author": {"kind": kind, "name": self.face.name if kind == "agent" else ""},
            "text": text,
            "created_at": rfc3339(START + seq * 60_000),
            "state": "done",
            "turn": None,
            "citations": [],
            **more,
        }
        message["html"] = self._html(message)
        self.messages.append(message)
        return message

    def _html(self, message: dict[str, Any]) -> str:
        if message["author"]["kind"] != "agent":
            return ""
        cited = [c["n"] for c in message["citations"]]
        return prose.render(message["text"], cited, message["id"])

    # What an agent does, step by step.

    def visitor(self, text: str) -> dict[str, Any]:
        message = self.add("visitor", text)
        self.emit(str(message["seq"]), "message", message)
        return message

    def begin(self, **more: Any) -> dict[str, Any]:
        seq = len(self.messages) + 1
        turn = f"trn_{seq}{'again' if more else ''}"
        message = self.add("agent", "", state="writing", turn=turn, **more)
        self.emit(f"{seq}.1.0", "message", message)
        return message

    def status(self, message: dict[str, Any], label: str) -> None:
        at = f"{message['seq']}.1.{len(message['text'])}"
        self.emit(at, "status", {"turn": message["turn"], "label": label})

    def write(self, message: dict[str, Any], text: str) -> None:
        offset = len(message["text"])
        message["text"] += text
        message["html"] = self._html(message)
        data = {"turn": message["turn"], "offset": offset, "text": text}
        self.emit(f"{message['seq']}.1.{len(message['text'])}", "delta", data)

    def finish(self, message: dict[str, Any], state: str = "done", **more: Any) -> None:
        message.update(state=state, **more)
        message["html"] = self._html(message)
        self.emit(str(message["seq"]), "done", {"turn": message["turn"], "message": dict(message)})

    def shown(self) -> tuple[pieces.ShownMessage, ...]:
        return tuple(
            pieces.ShownMessage(
                id=m["id"],
                seq=m["seq"],
                kind=m["author"]["kind"],
                name=m["author"]["name"],
                text=m["text"],
                html=prose.Html(m["html"]),
                created_at=START + m["seq"] * 60_000,
                state=m["state"],
                turn=m["turn"],
                citations=tuple(pieces.ShownCitation(**c) for c in m["citations"]),
                problem=pieces.ShownProblem(**m["problem"]) if m.get("problem") else None,
            )
            for m in self.messages
        )

    def page(self) -> bytes:
        writing = next((m for m in self.messages if m["state"] == "writing"), None)
        resume = str(len(self.messages)) if self.messages else ""
        if writing:
            resume = f"{writing['seq']}.1.{len(writing['text'])}"
        return pages.chat(
            pages.ChatView(
                face=self.face,
                token=self.token,
                nonce=NONCE,
                form_id=f"frm{len(self.messages)}",
                start="start",
                messages=self.shown(),
                running=writing is not None,
                resume=resume,
            )
        )


class Stage:
    """The plays by token and any other pages, served over HTTP in a thread of its own."""

    def __init__(self) -> None:
        self.plays: dict[str, Play] = {}
        self.pages: dict[str, bytes] = {}
        self.loop = asyncio.new_event_loop()
        self.url = ""
        self.seen: list[str] = []

    def start(self, port: int = 0) -> None:
        ready = threading.Event()
        config = uvicorn.Config(self, "127.0.0.1", port, log_level="critical", lifespan="off")
        config.timeout_graceful_shutdown = 3
        self._server = uvicorn.Server(config)

        async def run() -> None:
            task = asyncio.create_task(self._server.serve())
            while not self._server.started:
                await asyncio.sleep(0.01)
            port = self._server.servers[0].sockets[0].getsockname()[1]
            self.url = f"http://127.0.0.1:{port}"
            ready.set()
            await task

        def play() -> None:
            self.loop.run_until_complete(run())
            self.loop.close()

        self._thread = threading.Thread(target=play, daemon=True)
        self._thread.start()
        assert ready.wait(PATIENCE), "the stage does not come up"

    def stop(self) -> None:
        self.call(self._close_all)
        self._server.should_exit = True
        self._thread.join(PATIENCE)

    def _close_all(self) -> None:
        for play in self.plays.values():
            play.dark = True
            play.changed.set()

    def call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run a play's step on the stage's own loop."""

        async def run() -> Any:
            return function(*args, **kwargs)

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(PATIENCE)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Send) -> None:
        path: str = scope["path"]
        method: str = scope["method"]
        self.seen.append(f"{method} {path}")
        parts = path.strip("/").split("/")
        if parts[0] == "static":
            await self._static(parts, send)
        elif path in self.pages:
            await answer(send, 200, self.pages[path], "text/html; charset=utf-8")
        elif parts[0] == "chat" and len(parts) == 2 and parts[1] in self.plays:
            await self._page(self.plays[parts[1]], method, receive, send)
        elif parts[:2] == ["api", "public"] and parts[-1] in self.plays:
            await self._api(parts[2], self.plays[parts[-1]], scope, receive, send)
        else:
            view = pages.RefusalView("not_found", NONCE)
            await answer(send, 404, pages.refusal(view), "text/html; charset=utf-8")

    async def _static(self, parts: list[str], send: Send) -> None:
        found = assets().find(parts[1], "/".join(parts[2:]))
        if found is None:
            await answer(send, 404, b"", "text/plain")
        else:
            await answer(send, 200, found.body, found.media_type)

    async def _page(self, play: Play, method: str, receive: Any, send: Send) -> None:
        if method == "POST":
            form = parse_qs((await body(receive)).decode())
            play.posts.append({key: values[0] for key, values in form.items()})
            play.visitor(form["message"][0])
            await answer(send, 303, b"", "text/plain", location=f"/chat/{play.token}")
        else:
            await answer(send, 200, play.page(), "text/html; charset=utf-8")

    async def _api(
        self, verb: str, play: Play, scope: dict[str, Any], receive: Any, send: Send
    ) -> None:
        if verb == "live":
            await self._live(play, scope, receive, send)
        elif verb == "chat":
            await self._say(play, json.loads(await body(receive)), send)
        elif verb == "stop":
            play.stops += 1
            writing = next((m for m in play.messages if m["state"] == "writing"), None)
            await reply(send, 200, {"stopped": writing is not None})
            if writing:
                play.finish(writing, "stopped")
        elif verb == "retry":
            failed = play.messages.pop()
            again = play.begin(replaces=failed["id"], id=failed["id"] + "again")
            await reply(send, 202, {"status": "accepted", "execution_id": again["turn"]})
            if play.on_say:
                await play.on_say(play, again)
        elif verb == "session":
            play.cleared += 1
            play.messages.clear()
            play.events.clear()
            await reply(send, 200, {"cleared": True, "new_session_id": "cnv_new"})

    async def _say(self, play: Play, said: dict[str, Any], send: Send) -> None:
        if play.down:
            await reply(send, 503, {"title": "Not now", "detail": "Try again."})
            return
        play.posts.append(said)
        known = next((m for m in play.messages if m.get("client") == said["message_id"]), None)
        visitor = known or play.visitor(said["message"])
        visitor["client"] = said["message_id"]
        data = {
            "status": "accepted",
            "execution_id": f"trn_{visitor['seq'] + 1}",
            "session_id": "cnv_stage",
            "message": visitor,
            "turn": {"id": f"trn_{visitor['seq'] + 1}", "reply_seq": visitor["seq"] + 1},
        }
        await reply(send, 202, data)
        if play.on_say and not known:
            await play.on_say(play, visitor)

    async def _live(self, play: Play, scope: dict[str, Any], receive: Any, send: Send) -> None:
        if play.dark:
            await answer(send, 502, b"", "text/plain")
            return
        query = parse_qs(scope["query_string"].decode())
        headers = dict(scope["headers"])
        after = headers.get(b"last-event-id", b"").decode() or query.get("after", ["0"])[0]
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [
                    (b"content-type", b"text/event-stream; charset=utf-8"),
                    (b"cache-control", b"no-store"),
                ],
            }
        )
        gone = asyncio.ensure_future(receive_end(receive))
        at = next((i + 1 for i, e in reversed(list(enumerate(play.events))) if e[0] == after), 0)
        if after == str(len(play.messages)):
            at = len(play.events)
        await send({"type": "http.response.body", "body": b": open\n\n", "more_body": True})
        while not gone.done() and not play.dark:
            waiting = play.changed
            for id_, name, data in play.events[at:]:
                at += 1
                frame = f"id: {id_}\nevent: {name}\ndata: {json.dumps(data)}\n\n".encode()
                await send({"type": "http.response.body", "body": frame, "more_body": True})
            wake = asyncio.ensure_future(waiting.wait())
            await asyncio.wait({wake, gone}, return_when=asyncio.FIRST_COMPLETED)
            wake.cancel()
        gone.cancel()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def receive_end(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def body(receive: Any) -> bytes:
    read: bytes = b""
    while True:
        part = await receive()
        read += part.get("body", b"")
        if not part.get("more_body"):
            return read


async def answer(send: Send, status: int, content: bytes, media: str, location: str = "") -> None:
    headers = [
        (b"content-type", media.encode()),
        (b"content-length", str(len(content)).encode()),
        (b"content-security-policy", CSP.encode()),
        (b"referrer-policy", b"no-referrer"),
        (b"x-content-type-options", b"nosniff"),
        (b"cache-control", b"no-store"),
    ]
    if location:
        headers.append((b"location", location.encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


async def reply(send: Send, status: int, data: dict[str, Any]) -> None:
    await answer(send, status, json.dumps(data).encode(), "application/json")
