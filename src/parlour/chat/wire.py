"""The names of live logs, and one server-sent event as bytes."""

from typing import Any, Final

import orjson

TYPING: Final = "typing:"
"""What a hint on a conversation's topic begins with that somebody types there."""


def typing(kind: str, id_: str, name: str) -> str:
    """Write a hint that somebody types: `visitor`, or of what kind, with id and name."""
    return f"{TYPING}{kind}:{id_}:{name}"


def read_typing(note: str) -> tuple[str, str, str]:
    """Read who types: of what kind, their id, and their name."""
    kind, _, rest = note.removeprefix(TYPING).partition(":")
    id_, _, name = rest.partition(":")
    return kind, id_, name


def log_key(turn_id: str, epoch: int) -> str:
    """Name the live log of one attempt at a reply."""
    return f"{turn_id}:{epoch}"


def event(name: str, data: Any, cursor: str = "") -> bytes:
    """Encode a server-sent event; `cursor` is what the viewer resumes from."""
    head = f"id: {cursor}\nevent: {name}\ndata: " if cursor else f"event: {name}\ndata: "
    return b"%s%s\n\n" % (head.encode(), orjson.dumps(data))


def delta(turn_id: str, seq: int, epoch: int, offset: int, text: str) -> bytes:
    """Encode the next piece of a reply, which begins after `offset` characters of it."""
    return b'id: %d.%d.%d\nevent: delta\ndata: {"turn":"%s","offset":%d,"text":%s}\n\n' % (
        seq,
        epoch,
        offset + len(text),
        turn_id.encode(),
        offset,
        orjson.dumps(text),
    )
