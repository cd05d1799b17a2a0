"""The names of topics and live logs, and one server-sent event as bytes."""

from typing import Any

import orjson


def topic(conversation_id: str) -> str:
    """Name the topic on which a conversation's changes are announced."""
    return f"conversation:{conversation_id}"


def all_of(workspace_id: str) -> str:
    """Name the topic of all conversations of a workspace; the notes are their ids."""
    return f"conversations:{workspace_id}"


STOPS = "turns.stop"
"""The topic on which runners hear that a turn shall stop; the note is the turn's id."""


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
