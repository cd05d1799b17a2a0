"""Visitors for programs: who one is, and forgetting one, or one conversation."""

from typing import Final

import msgspec
from litestar import delete, get

from parlour import forgetting
from parlour.forgetting import Going
from parlour.kit.clock import rfc3339
from parlour.rights import Permission, Who
from parlour.tools import Tools
from parlour.transcripts import visitor
from parlour.transcripts.visitor import Profile
from parlour.web.api import moments, receipts
from parlour.web.api.receipts import ReceiptShown
from parlour.web.gates import key

_ONE: Final = "/api/visitors/{visitor_id:str}"
_SEE: Final = {"gate": key(Permission.CONVERSATIONS_SEE)}
_FORGET: Final = {"gate": key(Permission.CONVERSATIONS_FORGET)}


class VisitorShown(msgspec.Struct, frozen=True):
    """A visitor, and which conversations they have had."""

    id: str
    name: str
    """What to call them; a number stands for a name that nobody knows."""
    email: str | None
    """Null where nobody proved one, or it is hidden."""
    proof: str | None
    """How they were proved to be who they are: `code`, `token`, or null: nothing was proved."""
    proved_at: str | None
    subject: str | None
    """What your own program calls them, where it vouched for them; null where it is hidden."""
    agent_name: str
    link_id: str
    created_at: str
    conversations: list[str]
    """Their ids, in the order in which they began."""
    masked: bool
    """Whether personal details are hidden from this key."""


class Forgotten(msgspec.Struct, frozen=True):
    """What was erased, in numbers. Only ids that lead nowhere any more are left of it."""

    message: str
    visitor_id: str
    conversations: list[str]
    messages: int
    shares: int
    sessions: int
    notes: int
    memories: int
    """1 where the agent remembered something of the visitor, which goes as well; else 0."""
    receipt: ReceiptShown | None
    """What was erased, as it can be shown again by its reference."""


def shown(found: Profile) -> VisitorShown:
    """Show a visitor."""
    known = found.known
    return VisitorShown(
        id=found.visitor.id,
        name=found.name,
        email=None if known is None else known.email,
        proof=None if known is None else known.proof.value,
        proved_at=None if known is None else moments.written(known.proved_at),
        subject=None if known is None else known.subject,
        agent_name=found.agent_name,
        link_id=found.visitor.link_id,
        created_at=rfc3339(found.visitor.created_at),
        conversations=found.conversations,
        masked=found.is_masked,
    )


def forgotten(gone: Going, message: str) -> Forgotten:
    """Show what was erased."""
    return Forgotten(
        message,
        gone.visitor_id,
        list(gone.conversations),
        gone.messages,
        gone.shares,
        gone.sessions,
        gone.notes,
        gone.memories,
        None if gone.receipt is None else receipts.shown(gone.receipt),
    )


@get(_ONE, opt=_SEE)
async def read_visitor(tools: Tools, who: Who, visitor_id: str) -> VisitorShown:
    """Read who a visitor is, as far as this key may see it, and which conversations they had."""
    return shown(await tools.db.read(visitor.profile, who, visitor_id))


@delete(_ONE, opt=_FORGET, status_code=200)
async def forget_visitor(tools: Tools, who: Who, visitor_id: str) -> Forgotten:
    """Erase a visitor everywhere: who they are, all conversations, shares of them, and sessions.

    A reply under way ends, open pages and streams end within two seconds. It cannot be undone.
    Whoever comes by their link again is somebody new.
    """
    gone = await forgetting.forget_visitor(tools, who, visitor_id)
    return forgotten(gone, "the visitor has been forgotten")


@delete("/api/conversations/{conversation_id:str}", opt=_FORGET, status_code=200)
async def forget_conversation(tools: Tools, who: Who, conversation_id: str) -> Forgotten:
    """Erase one conversation everywhere, with its shares; its visitor stays. For good."""
    gone = await forgetting.forget_conversation(tools, who, conversation_id)
    return forgotten(gone, "the conversation has been forgotten")


HANDLERS = [read_visitor, forget_visitor, forget_conversation]
