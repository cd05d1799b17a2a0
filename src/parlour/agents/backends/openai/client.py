"""Asks a model server and streams its reply; tries again only while nothing has been said."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass
from typing import Final

import orjson

from parlour.agents.backends.openai.config import Config, endpoint, key_of
from parlour.agents.backends.openai.prompt import request
from parlour.agents.backends.openai.reader import ReplyReader
from parlour.agents.contract import BackendFailure, Part, Question
from parlour.agents.parts import one_line
from parlour.kit.http import Blocked, Deadlines, RequestFailed, Response, parse
from parlour.tools import Tools

_WAITS: Final = (0.25, 0.75)
"""Seconds before the second and the third attempt."""
_LONGEST_WAIT: Final = 2.0
_WHOLE_BYTES: Final = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Why a request got no reply, and whether asking again makes sense."""

    failure: BackendFailure
    retry: bool = False
    after: float | None = None
    adapted: bool = False
    """Whether the next request will leave out what this server did not know."""


class OpenAI:
    """A model behind the chat completions protocol."""

    repeatable = False

    def __init__(self, config: Config, tools: Tools) -> None:
        """Get ready to ask; nothing is called yet."""
        self._config = config
        self._tools = tools
        self._ask_usage = True
        self._tokens_field = "max_tokens"
        settings = tools.settings
        self._deadlines = Deadlines(
            first_byte=settings.first_byte_timeout,
            idle=settings.silence_timeout,
            total=settings.reply_timeout,
        )

    async def answer(self, question: Question) -> AsyncGenerator[Part, None]:
        """Yield the reply as it comes."""
        key = key_of(self._config, self._tools)
        try:
            async with aclosing(self._attempts(question, key)) as parts:
                async for part in parts:
                    yield part
        except BackendFailure as failure:
            raise _without(failure, key) from None
        except RequestFailed as failed:
            raise _without(BackendFailure(failed.code, str(failed)), key) from None
        except Blocked:
            where = parse(self._config.base_url).origin
            raise BackendFailure("misconfigured", f"{where} may not be called from here") from None

    async def _attempts(self, question: Question, key: str) -> AsyncGenerator[Part, None]:
        waits = list(_WAITS)
        while True:
            try:
                async with self._asked(question, key) as response:
                    if response.status < 300:
                        async for part in self._reply(response):
                            yield part
                        return
                    refusal = await self._refusal(response)
            except RequestFailed as failed:
                if failed.began or failed.code != "unreachable":
                    raise
                refusal = _Refusal(BackendFailure(failed.code, str(failed)), retry=True)
            if refusal.adapted:
                continue
            if not refusal.retry or not waits:
                raise refusal.failure
            wait = waits.pop(0)
            await asyncio.sleep(wait if refusal.after is None else max(wait, refusal.after))

    def _asked(self, question: Question, key: str) -> AbstractAsyncContextManager[Response]:
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        document = request(
            self._config, question, ask_usage=self._ask_usage, tokens_field=self._tokens_field
        )
        return self._tools.http.stream(
            "POST",
            endpoint(self._config.base_url),
            headers=headers,
            body=orjson.dumps(document),
            deadlines=self._deadlines,
        )

    async def _reply(self, response: Response) -> AsyncGenerator[Part, None]:
        """Read a reply; its first byte tells stream, JSON document and web page apart."""
        reader = ReplyReader()
        whole: list[bytes] | None = None
        begun = False
        async with aclosing(response.chunks()) as chunks:
            async for data in chunks:
                if not begun:
                    first = data.lstrip()[:1]
                    if first == b"<":
                        raise BackendFailure("bad_answer", "a web page came instead of a reply")
                    begun = bool(first)
                    whole = [] if first == b"{" else None
                if whole is not None:
                    whole.append(data)
                    if sum(map(len, whole)) > _WHOLE_BYTES:
                        raise BackendFailure("bad_answer", "the reply is too large")
                    continue
                for part in reader.feed(data):
                    yield part
                if reader.done or reader.failure is not None:
                    break
        for part in reader.end() if whole is None else reader.whole(b"".join(whole)):
            yield part
        if reader.failure is not None:
            raise reader.failure
        await response.settle()

    async def _refusal(self, response: Response) -> _Refusal:
        status = response.status
        said = (await response.excerpt()).decode("utf-8", "replace")
        code = _code(status)
        failure = BackendFailure(code, f"the model server answered {status}: {one_line(said)}")
        if status in (400, 422) and self._adapt(said):
            return _Refusal(failure, adapted=True)
        if status not in (429, 502, 503, 504):
            return _Refusal(failure)
        after = _retry_after(response.headers)
        return _Refusal(failure, retry=after is None or after <= _LONGEST_WAIT, after=after)

    def _adapt(self, said: str) -> bool:
        """Leave out, from now on, what the server says it does not know."""
        if self._ask_usage and ("stream_options" in said or "include_usage" in said):
            self._ask_usage = False
            return True
        if self._tokens_field == "max_tokens" and "max_completion_tokens" in said:
            self._tokens_field = "max_completion_tokens"
            return True
        return False


def _code(status: int) -> str:
    if status == 429:
        return "rate_limited"
    if status in (401, 403, 404, 405) or 300 <= status < 400:
        return "misconfigured"
    return "unreachable" if status >= 500 else "refused"


def _retry_after(headers: Mapping[str, str]) -> float | None:
    written = headers.get("Retry-After", "").strip()
    if not written:
        return None
    return float(written) if written.isascii() and written.isdigit() else _LONGEST_WAIT + 1


def _without(failure: BackendFailure, key: str) -> BackendFailure:
    """Take the key out of a message: servers quote the one they refused."""
    message = str(failure)
    return BackendFailure(failure.code, message.replace(key, "[key]") if key else message)
