"""Internal notes: what the team writes to itself beside a conversation; no visitor reads them."""

from dataclasses import dataclass

import sqlalchemy as sa

from parlour.conversations.store import conversations
from parlour.kit.clock import Moment
from parlour.kit.db import metadata

internal_notes = sa.Table(
    "internal_notes",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column(
        "conversation_id", sa.ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False
    ),
    sa.Column("place", sa.Integer, nullable=False),
    sa.Column("by_kind", sa.String(20), nullable=False),
    sa.Column("by_id", sa.String(40), nullable=False),
    sa.Column("by_name", sa.String(200), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("client_id", sa.String(100)),
    sa.Column("written_at", sa.BigInteger, nullable=False),
    sa.Index("internal_notes_conversation", "conversation_id", "written_at", "id"),
    sa.Index("internal_notes_client", "conversation_id", "client_id", unique=True),
)
"""They are no messages: nothing that reads what was said can come upon them."""

_N = internal_notes.c


@dataclass(frozen=True, slots=True)
class InternalNote:
    """What somebody of the team wrote to the others."""

    id: str
    place: int
    """The place of the last message that was there when it was written."""
    by_kind: str
    by_id: str
    by_name: str
    text: str
    written_at: Moment


_NOTE = [_N[name] for name in InternalNote.__slots__]


def add(
    conn: sa.Connection, conversation_id: str, note: InternalNote, client_id: str | None
) -> None:
    """Keep a note."""
    values = {name: getattr(note, name) for name in InternalNote.__slots__}
    values |= {"conversation_id": conversation_id, "client_id": client_id}
    conn.execute(sa.insert(internal_notes).values(values))


def by_client_id(conn: sa.Connection, conversation_id: str, client_id: str) -> InternalNote | None:
    """Find the note that was written under an id of the writer's own; None when there is none."""
    given = (_N.conversation_id == conversation_id, _N.client_id == client_id)
    row = conn.execute(sa.select(*_NOTE).where(*given)).first()
    return None if row is None else InternalNote(*row)


def find(conn: sa.Connection, conversation_id: str, note_id: str) -> InternalNote | None:
    """Find a note of a conversation; None when it is absent or another conversation's."""
    given = (_N.conversation_id == conversation_id, _N.id == note_id)
    row = conn.execute(sa.select(*_NOTE).where(*given)).first()
    return None if row is None else InternalNote(*row)


def read(conn: sa.Connection, conversation_id: str) -> list[InternalNote]:
    """Read the notes of a conversation in the order in which they were written."""
    found = sa.select(*_NOTE).where(_N.conversation_id == conversation_id)
    return [InternalNote(*row) for row in conn.execute(found.order_by(_N.written_at, _N.id))]


def delete(conn: sa.Connection, note_id: str) -> None:
    """Delete a note for good."""
    conn.execute(sa.delete(internal_notes).where(_N.id == note_id))


def mark(conn: sa.Connection, conversation_id: str) -> str:
    """Return what changes whenever the notes do, or whether the team has done with it."""
    columns = conversations.c
    row = conn.execute(
        sa.select(
            sa.func.count(_N.id), sa.func.max(_N.written_at), sa.func.max(columns.completed_at)
        )
        .select_from(conversations.outerjoin(internal_notes, _N.conversation_id == columns.id))
        .where(columns.id == conversation_id)
    ).one()
    return "-".join(str(each or 0) for each in row)
