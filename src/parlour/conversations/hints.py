"""Hints: the topics on which processes hear that a conversation has changed."""

import sqlalchemy as sa

from parlour.kit.db import after_commit
from parlour.tools import Tools

STOPS = "turns.stop"
"""The topic on which runners hear that a turn shall stop; the note is the turn's id."""


def topic(conversation_id: str) -> str:
    """Name the topic on which a conversation's changes are announced."""
    return f"conversation:{conversation_id}"


def all_of(workspace_id: str) -> str:
    """Name the topic of all conversations of a workspace; the notes are their ids."""
    return f"conversations:{workspace_id}"


def announce(conn: sa.Connection, tools: Tools, conversation_id: str, workspace_id: str) -> None:
    """Tell those who watch a conversation, or all of a workspace, to read again, once committed."""

    def tell() -> None:
        tools.bus.publish(topic(conversation_id), "changed")
        tools.bus.publish(all_of(workspace_id), conversation_id)

    after_commit(conn, tell)


def stop(conn: sa.Connection, tools: Tools, turn_id: str) -> None:
    """Have whoever runs a turn stop it, once committed."""
    after_commit(conn, lambda: tools.bus.publish(STOPS, turn_id))
