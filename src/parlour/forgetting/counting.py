"""Counting what is there of a conversation, or of a visitor, by kind: for the receipt."""

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from parlour.attachments.store import attachments
from parlour.conversations.handoffs import handoffs
from parlour.conversations.internal import internal_notes
from parlour.conversations.turns import turns
from parlour.forgetting.plan import Going
from parlour.insights.tables import said
from parlour.notes.store import notes
from parlour.sharing.store import readers, shares
from parlour.verification.codes import codes

_OF_TALKS: Final[dict[str, sa.Table]] = {
    "files": attachments,
    "answers": turns,
    "internal_notes": internal_notes,
    "handoffs": handoffs,
    "search_entries": said,
}
"""Tables in which rows belong to a conversation."""


def counted(
    conn: sa.Connection, going: Going, *, left: Sequence[str] = (), address: Sequence[str] = ()
) -> dict[str, int]:
    """Count all that goes, before it does.

    `left`: the notes that a visitor left under their address; `address`: its hashes.
    """
    ids = going.conversations
    theirs = sa.or_(notes.c.conversation_id.in_(ids), notes.c.id.in_(left))
    guests = sa.select(sa.func.count()).select_from(readers).join(shares)
    found = {
        "conversations": len(ids),
        "messages": going.messages,
        **{kind: _of_talks(conn, table, ids) for kind, table in _OF_TALKS.items()},
        "shares": going.shares,
        "guests": _number(conn, guests.where(shares.c.conversation_id.in_(ids))),
        "notes": _number(conn, _count(notes).where(theirs)),
        "memories": going.memories,
        "sessions": going.sessions,
        "proofs_of_identity": int(going.is_known),
    }
    sent = _count(codes).where(codes.c.address_hash.in_(address))
    return found | {"codes": _number(conn, sent) if address else 0}


def _of_talks(conn: sa.Connection, table: sa.Table, ids: Sequence[str]) -> int:
    return _number(conn, _count(table).where(table.c.conversation_id.in_(ids)))


def _count(table: sa.Table) -> sa.Select[int]:
    return sa.select(sa.func.count()).select_from(table)


def _number(conn: sa.Connection, wanted: sa.Select[int]) -> int:
    return int(conn.execute(wanted).scalar_one())
