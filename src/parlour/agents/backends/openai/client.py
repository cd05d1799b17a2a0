"""Asks a model server and streams its reply."""

import codecs
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any, Final

import orjson

from parlour.agents.backends.openai.config import Config, endpoint, key_of
from parlour.agents.backends.openai.prompt import messages, request
from parlour.agents.backends.openai.reader import ReplyReader
from parlour.agents.calling import attempted, deadlines_of
from parlour.agents.contract import BackendFailure, Part, Question, Take
from parlour.agents.pouring import flowing
from parlour.kit.http import Response
from parlour.tools import Tools

_WHOLE_BYTES: Final = 4 * 1024 * 1024


class OpenAI:
    """A model behind the chat completions protocol."""

    repeatable = False

    def __init__(self, config: Config, tools: Tools) -> None:
        """Get ready to ask; nothing is called yet."""
        self._config = config
        self._tools = tools
        self._ask_usage = True
        self._tokens_field = "max_tokens"

    def answer(self, question: Question) -> AsyncGenerator[Part, None]:
        """Yield the reply as it comes."""
        return flowing(partial(self.pour, question))

    async def pour(self, question: Question, take: Take) -> None:
        """Have the reply taken as it comes."""
        await self._replied(messages(self._config, question), take)

    def write(self, instructions: str, material: str) -> AsyncGenerator[Part, None]:
        """Yield a text that no visitor waits for; the owner's instructions are for visitors."""
        told: list[dict[str, Any]] = [
            {"role": "system", "content": instructions},
            {"role": "user", "content": material},
        ]
        return flowing(partial(self._replied, told))

    async def _replied(self, told: list[dict[str, Any]], take: Take) -> None:
        key = key_of(self._config, self._tools)

        async def read(response: Response) -> None:
            reply = _Reply(take)
            await response.pour(reply.feed)
            reply.end()
            await response.settle()

        await attempted(lambda: self._asked(told, key), read, self._adapt, secret=key)

    def _asked(self, told: list[dict[str, Any]], key: str) -> AbstractAsyncContextManager[Response]:
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        document = request(
            self._config, told, ask_usage=self._ask_usage, tokens_field=self._tokens_field
        )
        return self._tools.http.stream(
            "POST",
            endpoint(self._config.base_url),
            headers=headers,
            body=orjson.dumps(document),
            deadlines=deadlines_of(self._tools.settings),
        )

    def _adapt(self, said: str) -> bool:
        """Leave out, from now on, what the server says it does not know."""
        if self._ask_usage and ("stream_options" in said or "include_usage" in said):
            self._ask_usage = False
            return True
        if self._tokens_field == "max_tokens" and "max_completion_tokens" in said:
            self._tokens_field = "max_completion_tokens"
            return True
        return False


class _Reply:
    """A reply as it arrives; its first byte tells stream, JSON document and web page apart."""

    __slots__ = ("_begun", "_reader", "_take", "_whole")

    def __init__(self, take: Take) -> None:
        self._take = take
        self._reader = ReplyReader()
        self._whole: bytearray | None = None
        self._begun = False

    def feed(self, data: bytes) -> bool:
        """Take in what arrived; say whether there may be more."""
        if not self._begun:
            data = self._begin(data)
        if self._whole is not None:
            self._whole += data
            if len(self._whole) > _WHOLE_BYTES:
                raise BackendFailure("bad_answer", "the reply is too large")
            return True
        reader = self._reader
        for part in reader.feed(data):
            self._take(part)
        return not reader.done and reader.failure is None

    def end(self) -> None:
        """Take in that nothing more comes; BackendFailure for what went wrong."""
        reader, whole = self._reader, self._whole
        for part in reader.end() if whole is None else reader.whole(bytes(whole)):
            self._take(part)
        if reader.failure is not None:
            raise reader.failure

    def _begin(self, data: bytes) -> bytes:
        data = data.removeprefix(codecs.BOM_UTF8)
        first = data.lstrip()[:1]
        if first == b"<":
            raise BackendFailure("bad_answer", "a web page came instead of a reply")
        self._begun = bool(first)
        if first == b"{":
            self._whole = bytearray()
        return data
