"""What goes with a conversation, or with a visitor: told before it does, and after it did."""

from dataclasses import dataclass, field

import sqlalchemy as sa

from parlour import memory, visitors
from parlour.conversations import erasing, listing
from parlour.forgetting.receipts import Receipt
from parlour.notes import store as notes
from parlour.rights import Who
from parlour.sharing import store as shares
from parlour.transcripts import finding, visitor
from parlour.verification import identities


@dataclass(frozen=True, slots=True)
class Going:
    """What goes, in numbers; nothing in it says who somebody was."""

    visitor_id: str
    agent_id: str
    link_id: str
    conversations: tuple[str, ...]
    messages: int
    shares: int
    """Addresses by which somebody reads one of the conversations, or did."""
    is_known: bool = False
    """Whether a name or an address of the visitor was proved."""
    sessions: int = 0
    """Browsers and programs in which the visitor goes on."""
    notes: int = 0
    """What they left at shut doors under the address that they proved."""
    memories: int = 0
    """Whether the agent remembers anything of them: 1, else 0. It goes with any conversation."""
    receipt: Receipt | None = field(default=None, compare=False)
    """That it went; None while it is still there."""


def of_conversation(conn: sa.Connection, who: Who, conversation_id: str) -> Going:
    """Say what goes with one conversation; NotFound when somebody may not see it."""
    talk = finding.find(conn, who, conversation_id)
    ids = (talk.id,)
    return Going(
        talk.visitor_id,
        talk.agent_id,
        talk.link_id,
        ids,
        erasing.count_messages(conn, ids),
        shares.count_of(conn, ids),
        memories=memory.count(conn, talk.agent_id, [talk.visitor_id]),
    )


def of_visitor(conn: sa.Connection, who: Who, visitor_id: str) -> Going:
    """Say what goes with a visitor and all their conversations; NotFound when out of scope."""
    found = visitor.find(conn, who, visitor_id)
    ids = tuple(listing.of_visitor(conn, found.id))
    email = address_of(conn, found.id)
    return Going(
        found.id,
        found.agent_id,
        found.link_id,
        ids,
        erasing.count_messages(conn, ids),
        shares.count_of(conn, ids),
        found.id in identities.of(conn, [found.id]),
        visitors.count_sessions(conn, found.id),
        len(notes.left_by(conn, who.workspace_id, email)) if email else 0,
        memory.count(conn, found.agent_id, [found.id]),
    )


def address_of(conn: sa.Connection, visitor_id: str) -> str | None:
    """Return the address that a visitor proved, if any."""
    known = identities.of(conn, [visitor_id]).get(visitor_id)
    return None if known is None else known.identity.email
