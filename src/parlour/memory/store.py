"""The rows of memories, one for each visitor of an agent who proved who they are."""

from dataclasses import dataclass
from functools import cache
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from parlour.agents.contract import Remembered
from parlour.agents.sharing import sharing_of
from parlour.agents.store import agents
from parlour.conversations.model import State
from parlour.conversations.store import Learnt, conversations, messages
from parlour.kit.clock import Moment
from parlour.kit.db import Prepared, metadata
from parlour.kit.tokens import new_id
from parlour.links.store import links
from parlour.verification.identities import identities

memories = sa.Table(
    "memories",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id"), nullable=False),
    sa.Column("agent_id", sa.ForeignKey("agents.id"), nullable=False),
    sa.Column("proof", sa.String(10), nullable=False),
    sa.Column("subject", sa.String(254), nullable=False),
    sa.Column("summary", sa.Text, nullable=False),
    sa.Column("notes", sa.Text, nullable=False),
    sa.Column("replies", sa.Integer, nullable=False),
    sa.Column("from_at", sa.BigInteger, nullable=False),
    sa.Column("upto_at", sa.BigInteger, nullable=False),
    sa.Column("updated_at", sa.BigInteger),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("wiped", sa.Integer, nullable=False),
    sa.Index("memories_whose", "agent_id", "proof", "subject", unique=True),
)
"""Whose a memory is says how that was proved, as with identities: whoever an owner's program calls
by an address is not taken for the one who has it. Nothing from before `from_at` is ever taken in;
up to `upto_at` it has been. `epoch` fences whoever writes a summary, `wiped` whoever notes
something: both go up when a memory is deleted."""

_M = memories.c
_I = identities.c
_C = conversations.c
_SPEAKERS: Final = ("visitor", "agent", "operator", "guest")


class Person(NamedTuple):
    """Whose memory: somebody who was proved to be who they are, with one agent."""

    agent_id: str
    proof: str
    subject: str


@dataclass(frozen=True, slots=True)
class Recalled:
    """What a turn is told of its conversation, and of its visitor."""

    learnt: Learnt
    person: Person | None = None
    """Whose replies are counted; None where nothing is remembered of anybody."""
    memory: Remembered | None = None
    wiped: int = 0
    began_at: Moment = 0
    """When the conversation began."""
    sharing: dict[str, Any] | None = None
    """The agent's terms, as they are kept."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered of somebody."""

    id: str
    workspace_id: str
    agent_id: str
    proof: str
    subject: str
    summary: str
    notes: str
    replies: int
    from_at: Moment
    upto_at: Moment
    updated_at: Moment | None
    epoch: int

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it."""
        return not (self.summary or self.notes)


_OF_PERSON: Final = sa.and_(
    _M.agent_id == sa.bindparam("agent_id"),
    _M.proof == sa.bindparam("proof"),
    _M.subject == sa.bindparam("subject"),
)
_COLUMNS: Final[list[Any]] = [_M[name] for name in Memory.__slots__]

_RECALL: Final = Prepared(
    sa.select(
        _C.variables,
        _C.language,
        _C.agent_id,
        _C.created_at,
        _I.proof,
        _I.subject,
        agents.c.sharing,
        _M.summary,
        _M.notes,
        _M.wiped,
    )
    .select_from(conversations)
    .outerjoin(identities, _I.visitor_id == _C.visitor_id)
    .join(agents, agents.c.id == _C.agent_id)
    .outerjoin(
        memories,
        sa.and_(_M.agent_id == _C.agent_id, _M.proof == _I.proof, _M.subject == _I.subject),
    )
    .where(_C.id == sa.bindparam("conversation"))
)
"""One statement for everybody: whoever has proved nothing costs not one more."""


def recall(conn: sa.Connection, conversation_id: str, agent_id: str) -> Recalled:
    """Return what the agent that answers in a conversation may know of it, and of its visitor.

    An agent that answers in another one's place knows nothing of the visitor.
    """
    row = _RECALL.first(conn, conversation=conversation_id)
    if row is None:
        return Recalled(Learnt({}, "en"))
    learnt = Learnt(dict(row.variables), row.language)
    if row.proof is None or row.agent_id != agent_id or not sharing_of(row.sharing).memory:
        return Recalled(learnt, sharing=row.sharing)
    memory = Remembered(row.summary, row.notes) if row.summary or row.notes else None
    person = Person(agent_id, row.proof, row.subject)
    return Recalled(learnt, person, memory, row.wiped or 0, row.created_at, row.sharing)


@cache
def _count(dialect: str) -> Prepared:
    upsert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    names = ("id", "workspace_id", *Person._fields, "from_at", "upto_at")
    given: dict[str, Any] = {name: sa.bindparam(name) for name in names}
    fresh = upsert(memories).values(
        **given,
        summary="",
        notes="",
        replies=1,
        epoch=0,
        wiped=0,
    )
    return Prepared(
        fresh.on_conflict_do_update(
            index_elements=list(Person._fields), set_={"replies": _M.replies + 1}
        ).returning(_M.id, _M.replies, _M.wiped)
    )


class Counted(NamedTuple):
    """A reply was counted."""

    memory_id: str
    replies: int
    wiped: int


def count(conn: sa.Connection, person: Person, workspace_id: str, began_at: Moment) -> Counted:
    """Count a reply for somebody; the first one makes the memory.

    `began_at`: when the conversation began, from which on it takes in what was said.
    """
    row = _count(conn.dialect.name).one(
        conn,
        id=new_id("mem"),
        workspace_id=workspace_id,
        from_at=began_at,
        upto_at=began_at - 1,
        **person._asdict(),
    )
    return Counted(row.id, row.replies, row.wiped)


def note(conn: sa.Connection, memory_id: str, notes: str, now: Moment) -> None:
    """Keep what the agent noted for itself, in place of what it had noted."""
    noted = sa.update(memories).where(_M.id == memory_id)
    conn.execute(noted.values(notes=notes, updated_at=now))


def find(conn: sa.Connection, person: Person) -> Memory | None:
    """Return what is remembered of somebody; None where nothing was ever counted."""
    row = conn.execute(sa.select(*_COLUMNS).where(_OF_PERSON), person._asdict()).first()
    return None if row is None else Memory(*row)


def begin(conn: sa.Connection, memory_id: str) -> Memory | None:
    """Begin to bring a memory up to date: whoever began before writes nothing any more."""
    begun = sa.update(memories).where(_M.id == memory_id).values(epoch=_M.epoch + 1)
    row = conn.execute(begun.returning(*_COLUMNS)).first()
    return None if row is None else Memory(*row)


def keep(conn: sa.Connection, begun: Memory, now: Moment, **values: Any) -> bool:
    """Keep what a memory has become; False when it was deleted, or begun by another, meanwhile."""
    mine = sa.and_(_M.id == begun.id, _M.epoch == begun.epoch)
    kept = sa.update(memories).where(mine).values(updated_at=now, **values)
    return conn.execute(kept).rowcount == 1


def wipe(conn: sa.Connection, person: Person, *, from_at: Moment | None = None) -> bool:
    """Empty a memory; False when there was nothing in it. Whoever writes it just now does not.

    `from_at`: nothing from before is ever taken in again; None: what is still there may be.
    """
    held = find(conn, person)
    if held is None:
        return False
    start = held.from_at if from_at is None else from_at
    conn.execute(
        sa.update(memories)
        .where(_M.id == held.id)
        .values(
            summary="",
            notes="",
            replies=0,
            from_at=start,
            upto_at=start - 1,
            updated_at=None,
            epoch=_M.epoch + 1,
            wiped=_M.wiped + 1,
        )
    )
    return not held.is_empty


def erase(conn: sa.Connection, person: Person) -> None:
    """Delete a memory with its row."""
    conn.execute(sa.delete(memories).where(_OF_PERSON), person._asdict())


def erase_of_agent(conn: sa.Connection, agent_id: str) -> None:
    """Delete all that one agent remembers."""
    conn.execute(sa.delete(memories).where(_M.agent_id == agent_id))


class Line(NamedTuple):
    """Something that was said in a conversation of somebody's."""

    author_kind: str
    text: str


def said(
    conn: sa.Connection, memory: Memory, after: Moment, until: Moment, *, newest: int
) -> list[Line]:
    """Read what was said in all conversations of somebody with an agent, oldest first."""
    each = messages.c
    wanted = (
        sa.select(each.author_kind, each.text)
        .select_from(identities)
        .join(conversations, _C.visitor_id == _I.visitor_id)
        .join(messages, each.conversation_id == _C.id)
        .where(
            _I.proof == memory.proof,
            _I.subject == memory.subject,
            _C.agent_id == memory.agent_id,
            each.created_at > after,
            each.created_at <= until,
            each.author_kind.in_(_SPEAKERS),
            each.state != State.WRITING.value,
            each.superseded.is_(False),
            each.text != "",
        )
        .order_by(each.created_at.desc(), each.conversation_id, each.seq.desc())
        .limit(newest)
    )
    return [Line(*row) for row in reversed(conn.execute(wanted).all())]


def others(conn: sa.Connection, person: Person, visitor_id: str) -> bool:
    """Whether somebody is known to the same agent by another link, too."""
    same = (
        sa.select(_I.visitor_id)
        .join(links, links.c.id == _I.link_id)
        .where(
            _I.proof == person.proof,
            _I.subject == person.subject,
            _I.visitor_id != visitor_id,
            links.c.agent_id == person.agent_id,
        )
    )
    return conn.execute(same.limit(1)).first() is not None
