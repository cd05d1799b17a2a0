"""Asks a model server and streams its reply."""

import codecs
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Any, Final

import orjson

from parlour.agents.backends.openai.config import Config, endpoint, key_of
from parlour.agents.backends.openai.prompt import messages, request
from parlour.agents.backends.openai.reader import ReplyReader
from parlour.agents.calling import attempted, deadlines_of
from parlour.agents.contract import BackendFailure, Part, Question
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
        return self._replied(messages(self._config, question))

    def write(self, instructions: str, material: str) -> AsyncGenerator[Part, None]:
        """Yield a text that no visitor waits for; the owner's instructions are for visitors."""
        told: list[dict[str, Any]] = [
            {"role": "system", "content": instructions},
            {"role": "user", "content": material},
        ]
        return self._replied(told)

    def _replied(self, told: list[dict[str, Any]]) -> AsyncGenerator[Part, None]:
        key = key_of(self._config, self._tools)
        return attempted(lambda: self._asked(told, key), _read, self._adapt, secret=key)

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


async def _read(response: Response) -> AsyncGenerator[Part, None]:
    """Read a reply; its first byte tells stream, JSON document and web page apart."""
    reader = ReplyReader()
    whole: bytearray | None = None
    begun = False
    async with aclosing(response.chunks()) as chunks:
        async for data in chunks:
            if not begun:
                data = data.removeprefix(codecs.BOM_UTF8)  # noqa: PLW2901
                first = data.lstrip()[:1]
                if first == b"<":
                    raise BackendFailure("bad_answer", "a web page came instead of a reply")
                begun = bool(first)
                whole = bytearray() if first == b"{" else None
            if whole is not None:
                whole += data
                if len(whole) > _WHOLE_BYTES:
                    raise BackendFailure("bad_answer", "the reply is too large")
                continue
            for part in reader.feed(data):
                yield part
            if reader.done or reader.failure is not None:
                break
    for part in reader.end() if whole is None else reader.whole(bytes(whole)):
        yield part
    if reader.failure is not None:
        raise reader.failure
    await response.settle()
