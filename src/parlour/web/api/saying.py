"""Sending for visitors' programs: a message, or a retry, done once under the caller's own key."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import msgspec

from parlour.chat import turns
from parlour.chat.turns import Said
from parlour.entrance import Refused, look
from parlour.kit.errors import FieldError, Invalid
from parlour.tools import Tools
from parlour.web.api import asking
from parlour.web.gates import Asked

Outcome = TypeVar("Outcome")
Sent = TypeVar("Sent", bound=msgspec.Struct)

_LONG_ENOUGH: Final = 20
"""Characters of a key that stands for a caller of whom nothing else is known, as a UUID has."""


class Accepted(msgspec.Struct, frozen=True):
    """A message that is stored, and where its answer will be."""

    link_id: str
    agent_id: str
    conversation_id: str
    message_id: str
    seq: int
    turn_id: str
    reply_seq: int
    session: str


class Place(msgspec.Struct, frozen=True):
    """A message that was stored."""

    id: str
    seq: int
    """Where it stands in its conversation; it only grows."""


class Turn(msgspec.Struct, frozen=True):
    """One attempt to answer a message."""

    id: str
    reply_seq: int
    """Where the reply will stand."""


class Later(msgspec.Struct, frozen=True):
    """A message that will be answered: follow the conversation, or read it again."""

    status: str
    """Always `accepted`."""
    execution_id: str
    """The turn's id; empty while a person answers, who does so in their own time."""
    session_id: str
    message: Place
    turn: Turn | None
    """Null while a person answers."""


class Cited(msgspec.Struct, frozen=True):
    """A source of an answer; the text refers to it as `[n]`."""

    n: int
    title: str
    source: str
    quote: str


class Answered(msgspec.Struct, frozen=True):
    """A whole reply."""

    response: str
    """In Markdown."""
    session_id: str
    """Send it with the next message."""
    message_count: int
    usage: dict[str, int] | None
    """Tokens, where the agent's backend tells them."""
    state: str
    """`done`, or why it is not all of it: `stopped`, `failed`, `interrupted`; `held` while a person
    answers, in their own time."""
    citations: list[Cited]


class Retried(msgspec.Struct, frozen=True):
    """A question that is asked again."""

    turn_id: str


def accepted(said: Said) -> Accepted:
    """Keep of a message what answering takes."""
    return Accepted(
        said.link_id,
        said.agent_id,
        said.conversation_id,
        said.message.id,
        said.message.seq,
        said.turn_id,
        said.reply_seq,
        said.visit.session,
    )


async def repeated(
    tools: Tools, token: str, secret: str | None, message_id: str | None, refused: Refused
) -> Accepted:
    """Return what became of a message that was sent before, at a door whose time has come.

    Raises:
        Refused: `refused`, for whatever was not said by this visitor while it was open.
    """
    door = await look(tools, token, secret)
    if not refused.refusal.why.is_over or message_id is None or door.conversation_id is None:
        raise refused
    found = await tools.db.read(turns.said_before, door.conversation_id, message_id)
    if found is None:
        raise refused
    message, reply_seq = found
    return Accepted(
        door.link_id,
        door.agent_id,
        door.conversation_id,
        message.id,
        message.seq,
        message.turn_id or "",
        reply_seq,
        secret or "",
    )


async def once(
    request: Asked,
    tools: Tools,
    token: str,
    verb: Callable[[Tools], Awaitable[Outcome]],
    *,
    known: str | None,
    keep: Callable[[Outcome], Sent],
    kind: type[Sent],
) -> tuple[Sent, bool]:
    """Do `verb` once for an Idempotency-Key; return what is kept of it, and whether it is old.

    `known` is a secret of this caller, so that keys of different visitors never meet. Without one
    the key itself must be such a secret: who repeats it is given the session it began.

    Raises:
        Refused: the door is closed by now; what was answered before is not told again.
    """
    key = asking.once_key(request)
    if key is None:
        return keep(await verb(tools)), False
    if known is None and len(key) < _LONG_ENOUGH:
        message = f"must have at least {_LONG_ENOUGH} characters, such as a UUID, without a session"
        raise Invalid(f"Idempotency-Key {message}", errors=[FieldError("Idempotency-Key", message)])
    door = await look(tools, token, known)
    if (refused := door.shut()) is not None:
        raise refused
    scope = f"{door.link_id}:{_hashed(known or '')[:40]}"
    asked = await asking.asked_once(request, scope, _hashed(key))
    outcome, answer = await asking.once(
        tools, asked, verb, lambda outcome: msgspec.json.encode(keep(outcome))
    )
    return msgspec.json.decode(answer, type=kind), outcome is None


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
