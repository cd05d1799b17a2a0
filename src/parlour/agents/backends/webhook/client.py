"""Asks a program behind a URL, signed, and reads its answer."""

import base64
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, suppress
from functools import partial
from typing import Any, Final

import orjson
from standardwebhooks import Webhook

from parlour.agents.backends.webhook.config import Config
from parlour.agents.backends.webhook.reader import PartReader, json_of
from parlour.agents.backends.webhook.signing import Proof
from parlour.agents.calling import attempted, deadlines_of
from parlour.agents.contract import BackendFailure, File, Part, Question, Said, Take
from parlour.agents.parts import answer_of
from parlour.agents.pouring import flowing
from parlour.kit.http import LineReader, LineTooLong, Response
from parlour.tools import Tools

_WHOLE_BYTES: Final = 4 * 1024 * 1024
_STREAMS: Final = ("text/event-stream", "application/x-ndjson", "application/jsonl")


class WebhookBackend:
    """A program behind a URL."""

    repeatable = False

    def __init__(self, config: Config, tools: Tools) -> None:
        """Get ready to ask; nothing is called yet."""
        self._config = config
        self._tools = tools

    def answer(self, question: Question) -> AsyncGenerator[Part, None]:
        """Yield what the program answers."""
        return flowing(partial(self.pour, question))

    async def pour(self, question: Question, take: Take) -> None:
        """Have what the program answers taken as it comes."""
        proof = Proof(question.turn_id, [Webhook(each) for each in self._secrets()])

        async def read(response: Response) -> None:
            kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            reading = self._stream if kind in _STREAMS else self._whole
            await reading(response, proof, take)

        await attempted(lambda: self._asked(question, proof), read)

    def _secrets(self) -> list[str]:
        """Open the secrets, newest first; the older one may have gone with an old instance key."""
        newest, *older = self._config.secrets_sealed
        try:
            opened = [self._tools.keys.unseal(newest)]
        except ValueError as error:
            raise BackendFailure("misconfigured", f"the webhook's secret was {error}") from None
        with suppress(ValueError):
            opened += [self._tools.keys.unseal(each) for each in older]
        return opened

    def _asked(self, question: Question, proof: Proof) -> AbstractAsyncContextManager[Response]:
        body = orjson.dumps(document_of(question))
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream, application/x-ndjson",
            **proof.headers(body.decode()),
        }
        return self._tools.http.stream(
            "POST",
            self._config.url,
            headers=headers,
            body=body,
            deadlines=deadlines_of(self._tools.settings),
        )

    async def _whole(self, response: Response, proof: Proof, take: Take) -> None:
        body = await response.read(_WHOLE_BYTES)
        if self._config.verify_response:
            proof.verify(body, response.headers)
        for part in answer_of(json_of(body)):
            take(part)

    async def _stream(self, response: Response, proof: Proof, take: Take) -> None:
        lines = LineReader()
        reader = PartReader(proof if self._config.verify_response else None)

        def feed(data: bytes) -> bool:
            try:
                arrived = lines.feed(data)
            except LineTooLong:
                raise BackendFailure("bad_answer", "a line of the answer is too long") from None
            for line in arrived:
                for part in reader.take(line):
                    take(part)
            return True

        await response.pour(feed)
        for part in reader.take(lines.rest()):
            take(part)
        reader.end()


def document_of(question: Question) -> dict[str, Any]:
    """Write a question down."""
    memory = question.memory
    return {
        "conversation": question.conversation_id,
        "turn": question.turn_id,
        "agent": question.agent_id,
        "language": question.language,
        "message": question.text,
        "messages": [_said(each) for each in question.messages],
        **({"files": [_whole(each) for each in question.files]} if question.files else {}),
        "variables": dict(question.variables),
        "memory": None if memory is None else {"summary": memory.summary, "notes": memory.notes},
    }


def _said(said: Said) -> dict[str, Any]:
    told = {"author": said.author, "name": said.name, "text": said.text}
    return {**told, "files": [_named(each) for each in said.files]} if said.files else told


def _named(file: File) -> dict[str, Any]:
    told = {"name": file.name, "kind": file.kind, "media_type": file.media_type}
    return {**told, "size": file.size}


def _whole(file: File) -> dict[str, Any]:
    return {**_named(file), "content": base64.b64encode(file.content or b"").decode()}
