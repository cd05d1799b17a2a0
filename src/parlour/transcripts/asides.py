"""Internal notes as somebody of the staff may see them; nobody else sees that there are any."""

from dataclasses import replace
from zlib import crc32

import sqlalchemy as sa

from parlour.conversations import answers, internal
from parlour.conversations.internal import InternalNote
from parlour.privacy import hiding
from parlour.rights import Permission, Who


def internal_notes(conn: sa.Connection, who: Who, conversation_id: str) -> list[InternalNote]:
    """Read the internal notes of a conversation, which somebody found by `finding`.

    Whoever does not see personal details gets them masked. Guests and visitors get none.
    """
    if not who.may(Permission.CONVERSATIONS_SEE):
        return []
    found = internal.read(conn, conversation_id)
    if who.sees_personal:
        return found
    hide = hiding(conn, who)
    return [replace(each, text=hide(each.text)) for each in found]


def mark(conn: sa.Connection, conversation_id: str) -> str:
    """Return what changes whenever something beside the messages does: notes, ratings."""
    notes, rated = internal.mark(conn, conversation_id), answers.mark(conn, conversation_id)
    return f"{notes}r{crc32(rated.encode())}" if rated else notes
