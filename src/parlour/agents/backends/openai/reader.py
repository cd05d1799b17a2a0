"""Reads a model's reply as it streams in; every token passes here, so nothing is done twice."""

import json
from contextlib import suppress
from time import monotonic
from typing import Any, Final

import orjson

from parlour.agents.contract import BackendFailure, Part, Status, Text, Usage
from parlour.agents.parts import one_line, storable, usage_of
from parlour.kit.http import EventReader, LineTooLong

_LONGEST_EVENT: Final = 1_048_576
_THINKING: Final = Status(doing="thinking")
_READING: Final = Status(doing="reading")
_WORKING: Final = Status(doing="working")
_SIGN_EVERY: Final = 1.0
"""Seconds after which a model that says nothing is said to be at it still: it is not silent."""
_FAILURES: Final = (AttributeError, IndexError, KeyError, TypeError)


class ReplyReader:
    """Turns the bytes of a streamed reply into parts, one Text for all that arrived together."""

    __slots__ = (
        *("_called", "_events", "_finish", "_signs", "_told", "_told_at", "_usage", "_written"),
        *("done", "failure"),
    )

    def __init__(self) -> None:
        """Begin a reply."""
        self._events = EventReader(_LONGEST_EVENT)
        self._finish = ""
        self._called: set[int] = set()
        self._signs: list[Status] = []
        self._told: Status | None = None
        self._told_at = 0.0
        self._usage: Usage | None = None
        self._written = False
        self.done = False
        """Whether the server said that the reply is over."""
        self.failure: BackendFailure | None = None
        """What went wrong; to be raised after the parts that came before it."""

    def feed(self, data: bytes) -> list[Part]:
        """Take what arrived and return the parts in it."""
        try:
            events = self._events.feed(data)
        except LineTooLong:
            self.failure = BackendFailure("bad_answer", "an event of the stream is too long")
            return []
        return self._parts(events)

    def end(self) -> list[Part]:
        """Take note that nothing more comes; return what was left, and the usage last."""
        try:
            parts = [] if self.done else self._parts(self._events.rest())
        except LineTooLong:
            parts = []
            self.failure = BackendFailure("bad_answer", "an event of the stream is too long")
        if self.failure is None and not self._written:
            self.failure = self._empty()
        if self._usage is not None:
            parts.append(self._usage)
        return parts

    def whole(self, body: bytes) -> list[Part]:
        """Take a reply that came in one piece although a stream was asked for."""
        parts = self._parts([body])
        self.done = True
        return parts + self.end()

    def _parts(self, events: list[bytes]) -> list[Part]:
        texts: list[str] = []
        for event in events:
            if self.done or self.failure is not None:
                break
            try:
                if text := self._text(event):
                    texts.append(text)
            except BackendFailure as failure:
                self.failure = failure
            except _FAILURES:
                self.failure = BackendFailure("bad_answer", "an event has not the expected form")
        parts: list[Part] = []
        if self._signs:
            self._tell(parts)
        if texts:
            text = texts[0] if len(texts) == 1 else "".join(texts)
            if not self._written and not text.isspace():
                self._written = True
            parts.append(Text(text))
        return parts

    def _tell(self, parts: list[Part]) -> None:
        """Say what the model does; again after a while, as long as there is nothing else of it."""
        now = monotonic()
        for sign in self._signs:
            if sign != self._told or now - self._told_at > _SIGN_EVERY:
                self._told, self._told_at = sign, now
                parts.append(sign)
        self._signs.clear()

    def _text(self, event: bytes) -> str:
        """Return the text in one event; remember whatever else it tells."""
        try:
            chunk = orjson.loads(event)
        except ValueError:
            if event.strip() == b"[DONE]":
                self.done = True
                return ""
            chunk = _leniently(event)
        if error := chunk.get("error"):
            raise told(error)
        if (usage := chunk.get("usage")) is not None:
            self._count(usage)
        choices = chunk.get("choices")
        if not choices:
            if chunk.get("object") == "error":
                raise told(chunk)
            return ""
        choice = choices[0]
        if choice.get("index"):  # only the first of several answers was asked for
            return ""
        if finish := choice.get("finish_reason"):
            self._finish = str(finish)
        delta = choice.get("delta") or choice.get("message")
        return self._content(delta) if delta else ""

    def _content(self, delta: dict[str, Any]) -> str:
        if delta.get("role") == "tool":  # what a tool found is for the model, not for the visitor
            self._sign(_READING)
            return ""
        content = delta.get("content")
        if content is None:
            content = delta.get("refusal") or ""
        if not content:
            if calls := delta.get("tool_calls"):
                self._called_for(calls)
            elif delta.get("reasoning_content") or delta.get("reasoning"):
                self._sign(_THINKING)
            return ""
        if isinstance(content, list):
            content = "".join(each["text"] for each in content if each.get("type") == "text")
        if not isinstance(content, str):
            raise TypeError
        return storable(content) if "\0" in content else content

    def _called_for(self, calls: list[Any]) -> None:
        """Take note of the tools that are called, by the name that comes first with each call."""
        sign = self._signs[-1] if self._signs else self._told or _WORKING
        with suppress(*_FAILURES):  # whatever a server means by it, its answer is still to come
            for call in calls:
                name = (call.get("function") or call).get("name")
                if name and isinstance(name, str) and call.get("index", -1) not in self._called:
                    self._called.add(call.get("index", -2))
                    sign = Status(tool=one_line(name, 64))
        self._sign(sign)

    def _sign(self, sign: Status) -> None:
        if not self._signs or self._signs[-1] != sign:
            self._signs.append(sign)

    def _count(self, usage: Any) -> None:
        if isinstance(usage, dict):
            counted = usage_of(usage.get("prompt_tokens"), usage.get("completion_tokens"))
            self._usage = counted or self._usage

    def _empty(self) -> BackendFailure:
        if self._finish == "content_filter":
            return BackendFailure("refused", "the model's content filter kept the answer back")
        why = f", finish_reason {one_line(self._finish, 40)}" if self._finish else ""
        return BackendFailure("bad_answer", f"the model answered without any text{why}")


def _leniently(event: bytes) -> dict[str, Any]:
    """Read JSON with broken UTF-8 or halves of characters in it."""
    try:
        chunk = json.loads(event.decode("utf-8", "replace"))
        text = chunk["choices"][0]["delta"]["content"]
        chunk["choices"][0]["delta"]["content"] = storable(text)
    except (ValueError, RecursionError, *_FAILURES):
        raise BackendFailure("bad_answer", "an event of the stream is not JSON") from None
    return dict(chunk)


def told(error: Any) -> BackendFailure:
    """Make a failure of an error object that came inside a reply."""
    kind = code = message = ""
    if isinstance(error, dict):
        kind, code, message = (str(error.get(key) or "") for key in ("type", "code", "message"))
    else:
        message = str(error)
    known = f"{kind} {code}".lower()
    if "rate_limit" in known or "429" in known or "quota" in known:
        name = "rate_limited"
    elif "auth" in known or "permission" in known or "api_key" in known:
        name = "misconfigured"
    else:
        name = "refused"
    return BackendFailure(name, f"the model server says: {one_line(message or known)}")
