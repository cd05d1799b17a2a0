"""Visitors as programs: one person with a cookie, who checks every answer they get."""

import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

import aiohttp

from tests.rig import oracles
from tests.rig.waiting import PATIENCE, Event, Stream, eventually


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole response."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()
    """The `Set-Cookie` headers."""

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The stable code of a problem."""
        return str(self.json["code"])


def check(answer: Answer, *, faulty: bool = False) -> Answer:
    """Check what holds for every answer; `faulty` allows 5xx, after an injected fault."""
    assert faulty or answer.status < 500, f"{answer.status}: {answer.body[:500]!r}"
    oracles.check_headers(answer.status, answer.headers)
    kind = answer.headers.get("Content-Type", "")
    if answer.status >= 400 and answer.body:
        if kind.startswith("text/html"):
            oracles.check_gives_nothing_away(answer.text)
        else:
            oracles.check_problem(answer.status, answer.headers, answer.body)
    return answer


class Visitor:
    """Somebody with a browser of their own, on one link."""

    def __init__(self, http: aiohttp.ClientSession, url: str, token: str) -> None:
        self._http = http
        self.url = url
        self.token = token
        self.cookies: dict[str, str] = {}
        self.faulty = False
        """The server is allowed to be in trouble."""

    async def ask(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **options: Any
    ) -> Answer:
        sent = {**self.headers, **(headers or {})}
        options.setdefault("allow_redirects", False)
        async with self._http.request(method, self.url + path, headers=sent, **options) as got:
            body = await got.read()
            set_cookies = tuple(got.headers.getall("Set-Cookie", ()))
            answer = Answer(got.status, got.headers, body, set_cookies)
        self._keep(answer)
        assert method != "HEAD" or not body
        assert answer.status < 400 or body or method == "HEAD", "an error without a word"
        return check(answer, faulty=self.faulty)

    @property
    def headers(self) -> dict[str, str]:
        pairs = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"Cookie": pairs} if pairs else {}

    @property
    def session(self) -> str:
        """The one session this person has."""
        (secret,) = self.cookies.values()
        return secret

    def _keep(self, answer: Answer) -> None:
        for line in answer.cookies:
            # Python knows no `Partitioned`, and would take none of such a line.
            for name, morsel in SimpleCookie(line.removesuffix("; Partitioned")).items():
                self.cookies[name] = morsel.value
                if morsel["max-age"] == "0":
                    del self.cookies[name]

    # What a visitor does

    async def call(self, verb: str, method: str = "POST", **options: Any) -> Answer:
        return await self.ask(method, f"/api/public/{verb}/{self.token}", **options)

    async def say(self, text: str, **fields: Any) -> Answer:
        """Send a message as the page does; 202 is expected by most callers, and not checked."""
        return await self.call("chat", json={"message": text, "async_mode": True, **fields})

    async def history(self) -> list[tuple[str, str]]:
        answer = await self.call("history", "GET")
        assert answer.status == 200, answer.body
        return [(each["role"], each["content"]) for each in answer.json["messages"]]

    async def page(self) -> Answer:
        return await self.ask("GET", f"/chat/{self.token}")

    @contextlib.asynccontextmanager
    async def live(self, after: str = "", **options: Any) -> AsyncIterator[Stream]:
        headers = {**self.headers, "Accept": "text/event-stream"}
        if after:
            headers["Last-Event-ID"] = after
        address = f"{self.url}/api/public/live/{self.token}"
        async with self._http.get(address, headers=headers, **options) as response:
            assert response.status == 200, f"{response.status}: {await response.text()}"
            oracles.check_headers(200, response.headers)
            yield Stream(response)

    async def settled(self, *, within: float = PATIENCE) -> list[tuple[str, str]]:
        """Wait until no reply is being written; answers with the history."""

        async def quiet() -> bool:
            page = await self.page()
            return page.status == 200 and 'data-running=""' in page.text

        await eventually(quiet, within=within)
        return await self.history()


class Misdrawn(Exception):
    """The stream told something that cannot be put together with what it told before."""


@dataclass
class Drawn:
    """What a page has drawn by what the stream told it, by the rules of the contract."""

    messages: dict[int, dict[str, Any]] = field(default_factory=dict)
    after: str = ""
    lost: bool = False
    """The stream said that the history must be read again."""
    refused: str = ""

    @property
    def text(self) -> str:
        """The last message's text."""
        return str(self.messages[max(self.messages)]["text"]) if self.messages else ""

    @property
    def ended(self) -> bool:
        """Whether the last thing drawn is a reply that is no longer being written."""
        last = self.shown()[-1:]
        return bool(last) and last[0][0] == "agent" and last[0][2] != "writing"

    async def until_text(self, stream: Stream, text: str) -> None:
        """Draw until the last message has this text."""
        while self.text != text:
            self.take(await stream.next())

    async def until_ended(self, stream: Stream, *, within: float = PATIENCE) -> None:
        """Draw until the last message is a reply that has ended."""
        while not self.ended:
            self.take(await stream.next(within=within))

    def take(self, event: Event) -> None:
        data = event.data
        if event.id:
            self.after = event.id
        if event.kind == "message":
            self._put(data)
        elif event.kind == "done":
            assert data["turn"] == data["message"]["turn"]
            self._put(data["message"])
        elif event.kind == "delta":
            self._grow(data)
        elif event.kind == "resync":
            self.lost = True
        elif event.kind == "refused":
            self.refused = data["problem"]["code"]

    def _put(self, message: dict[str, Any]) -> None:
        if replaced := message.get("replaces"):
            gone = [seq for seq, each in self.messages.items() if each["id"] == replaced]
            for seq in gone:
                del self.messages[seq]
        before = self.messages.get(message["seq"])
        if message["state"] == "writing" and before is not None and not message["text"]:
            return
        self.messages[message["seq"]] = dict(message)

    def _grow(self, data: dict[str, Any]) -> None:
        writing = [each for each in self.messages.values() if each.get("turn") == data["turn"]]
        agents = [each for each in writing if each["author"]["kind"] == "agent"]
        if len(agents) != 1:
            raise Misdrawn(f"a delta of an unknown reply: {data}, drawn {self.messages}")
        text = agents[0]["text"]
        if data["offset"] > len(text):
            raise Misdrawn(f"a gap: {data} after {len(text)} characters")
        agents[0]["text"] = text[: data["offset"]] + data["text"]

    def shown(self) -> list[tuple[str, str, str]]:
        """Author, text and state of everything drawn, in order."""
        ordered = [self.messages[seq] for seq in sorted(self.messages)]
        return [(each["author"]["kind"], each["text"], each["state"]) for each in ordered]
