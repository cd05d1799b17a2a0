"""The rows of handoffs: a person was asked for, who has been told of it, and what became of it."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from parlour import events
from parlour.conversations import holds
from parlour.conversations.holds import Held
from parlour.kit.clock import MINUTE, Moment
from parlour.kit.db import metadata
from parlour.kit.tokens import new_id
from parlour.rights import Who
from parlour.tools import Tools

TELL: Final = "handoffs.tell"
"""The job that has the team told; who does it stands elsewhere."""


class By(StrEnum):
    """Who asked for a person."""

    AGENT = "agent"
    VISITOR = "visitor"
    HOUSE = "house"
    """A guest has left for whom another person shall go on."""


class Outcome(StrEnum):
    """What became of it."""

    ANSWERED = "answered"
    RETURNED = "returned"
    """Somebody of the team gave it to the agent again."""
    EXPIRED = "expired"
    """Nobody came."""
    CLOSED = "closed"
    """The visitor did not wait."""


class Why(StrEnum):
    """Of what the team is told."""

    ASKED = "asked"
    ESCALATED = "escalated"
    """Nobody has seen it yet."""
    LEFT = "left"
    """The visitor has left an address, to be written to."""


handoffs = sa.Table(
    "handoffs",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id"), nullable=False),
    sa.Column(
        "conversation_id", sa.ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False
    ),
    sa.Column("agent_id", sa.ForeignKey("agents.id"), nullable=False),
    sa.Column("asked_by", sa.String(10), nullable=False),
    sa.Column("asked_at", sa.BigInteger, nullable=False),
    sa.Column("until", sa.BigInteger, nullable=False),
    sa.Column("escalated_at", sa.BigInteger),
    sa.Column("seen_at", sa.BigInteger),
    sa.Column("seen_by", sa.String(200)),
    sa.Column("ended_at", sa.BigInteger),
    sa.Column("outcome", sa.String(10)),
    sa.Column("ended_by", sa.String(200)),
    sa.Index("handoffs_conversation", "conversation_id", "asked_at"),
    sa.Index("handoffs_workspace", "workspace_id", "asked_at", "id"),
)

tellings = sa.Table(
    "handoff_tellings",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("handoff_id", sa.ForeignKey("handoffs.id", ondelete="CASCADE"), nullable=False),
    sa.Column("why", sa.String(10), nullable=False),
    sa.Column("way", sa.String(10), nullable=False),
    sa.Column("to_id", sa.String(40), nullable=False),
    sa.Column("to_name", sa.String(200), nullable=False),
    sa.Column("made_at", sa.BigInteger, nullable=False),
    sa.Column("done_at", sa.BigInteger),
    sa.Column("trouble", sa.String(200)),
    sa.Index("handoff_tellings_handoff", "handoff_id", "made_at"),
)

_H: Final = handoffs.c
_FORM: Final = re.compile(r"hof_[0-9A-Za-z]{22}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Handoff:
    """A person was asked for."""

    id: str
    workspace_id: str
    conversation_id: str
    agent_id: str
    asked_by: str
    asked_at: Moment
    until: Moment
    """Until when somebody may come; `holds.EVER` for one who does not go back to the agent."""
    escalated_at: Moment | None
    """When more were told, because nobody had seen it."""
    seen_at: Moment | None
    seen_by: str | None
    """Who said that they see to it, as they were called then."""
    ended_at: Moment | None
    outcome: str | None
    ended_by: str | None

    @property
    def ends(self) -> bool:
        """Whether it goes back to the agent when nobody comes."""
        return self.until < holds.EVER


@dataclass(frozen=True, slots=True)
class Telling:
    """Somebody of the team, or a program of theirs, who is told of a handoff."""

    id: str
    handoff_id: str
    why: str
    way: str
    """`mail` or `webhook`."""
    to_id: str
    to_name: str
    done_at: Moment | None = None
    """When it was on its way; None while it is tried, and where there is trouble."""
    trouble: str | None = None


_HANDOFF: Final = [_H[name] for name in Handoff.__slots__]
_TELLING: Final = [tellings.c[name] for name in Telling.__slots__]


@dataclass(frozen=True, slots=True)
class Summons:
    """How a person is asked for."""

    who: Who
    by: By
    until: Moment
    told: dict[str, Any]
    """What else the event tells."""


def ask(conn: sa.Connection, tools: Tools, held: Held, summons: Summons) -> str:
    """Ask for a person, in a conversation whose row is held; return the id of the handoff."""
    now, handoff_id = tools.clock.now(), new_id("hof")
    holds.end(conn, held.id, asked=(now, summons.until))
    values = {
        "id": handoff_id,
        "workspace_id": held.workspace_id,
        "conversation_id": held.id,
        "agent_id": held.agent_id,
        "asked_by": summons.by.value,
        "asked_at": now,
        "until": summons.until,
    }
    conn.execute(sa.insert(handoffs), values)
    told = {"handoff": handoff_id, "by": summons.by.value, **summons.told}
    events.record(conn, events.Kind.HANDOFF_REQUESTED, summons.who, now, **held.about, data=told)
    tell(conn, tools, handoff_id, Why.ASKED)
    wait = round(tools.settings.handoff_escalate_minutes * MINUTE)
    tell(conn, tools, handoff_id, Why.ESCALATED, at=now + wait)
    if summons.until < holds.EVER:
        payload = {"conversation": held.id}
        tools.queue.enqueue(conn, holds.LAPSE, payload, run_at=summons.until)
    return handoff_id


def tell(
    conn: sa.Connection, tools: Tools, handoff_id: str, why: Why, *, at: Moment | None = None
) -> None:
    """Have the team told, at a moment or at once."""
    tools.queue.enqueue(conn, TELL, {"handoff": handoff_id, "why": why.value}, run_at=at)


def end(
    conn: sa.Connection, conversation_id: str, now: Moment, outcome: Outcome, by: str = ""
) -> str | None:
    """Say what became of the handoff of a conversation; its id, None where none was open."""
    ended = sa.update(handoffs).where(_H.conversation_id == conversation_id, _H.ended_at.is_(None))
    values = {"ended_at": now, "outcome": outcome.value, "ended_by": by[:200]}
    return conn.execute(ended.values(**values).returning(_H.id)).scalar()


def see(conn: sa.Connection, handoff_id: str, by: str, now: Moment, until: Moment) -> bool:
    """Note who sees to it, and until when they may come; False when somebody does already."""
    seen = sa.update(handoffs).where(
        _H.id == handoff_id, _H.seen_at.is_(None), _H.ended_at.is_(None)
    )
    return bool(conn.execute(seen.values(seen_at=now, seen_by=by[:200], until=until)).rowcount)


def escalate(conn: sa.Connection, handoff_id: str, now: Moment) -> bool:
    """Note that more are told; False when somebody sees to it, or it is over."""
    raised = sa.update(handoffs).where(
        _H.id == handoff_id,
        _H.seen_at.is_(None),
        _H.ended_at.is_(None),
        _H.escalated_at.is_(None),
    )
    return bool(conn.execute(raised.values(escalated_at=now)).rowcount)


def find(conn: sa.Connection, handoff_id: str) -> Handoff | None:
    """Find a handoff by its id; None when it was erased with its conversation."""
    if not _FORM.match(handoff_id):
        return None
    row = conn.execute(sa.select(*_HANDOFF).where(_H.id == handoff_id)).first()
    return None if row is None else Handoff(*row)


def latest(conn: sa.Connection, conversation_id: str) -> Handoff | None:
    """Return the last handoff of a conversation; None when nobody was ever asked for."""
    found = sa.select(*_HANDOFF).where(_H.conversation_id == conversation_id)
    row = conn.execute(found.order_by(_H.asked_at.desc(), _H.id.desc()).limit(1)).first()
    return None if row is None else Handoff(*row)


def page(
    conn: sa.Connection,
    who: Who,
    *,
    limit: int,
    is_open: bool | None = None,
    before: tuple[Moment, str] | None = None,
) -> list[Handoff]:
    """List the handoffs that somebody may see, the latest first: at most `limit`."""
    found = sa.select(*_HANDOFF).where(_H.workspace_id == who.workspace_id)
    if who.agent_id is not None:
        found = found.where(_H.agent_id == who.agent_id)
    if who.elsewhere:
        found = found.where(_H.agent_id.not_in(who.elsewhere))
    if is_open is not None:
        found = found.where(_H.ended_at.is_(None) if is_open else _H.ended_at.is_not(None))
    if before is not None:
        found = found.where(sa.tuple_(_H.asked_at, _H.id) < sa.tuple_(*map(sa.literal, before)))
    found = found.order_by(_H.asked_at.desc(), _H.id.desc()).limit(limit)
    return [Handoff(*row) for row in conn.execute(found)]


def add_telling(conn: sa.Connection, telling: Telling, now: Moment) -> None:
    """Note whom a handoff is being told to."""
    values = {name: getattr(telling, name) for name in Telling.__slots__}
    values |= {"to_name": telling.to_name[:200], "made_at": now}
    conn.execute(sa.insert(tellings), values)


def telling(conn: sa.Connection, telling_id: str) -> Telling | None:
    """Find one telling by its id; None when it was erased."""
    row = conn.execute(sa.select(*_TELLING).where(tellings.c.id == telling_id)).first()
    return None if row is None else Telling(*row)


def told(
    conn: sa.Connection, telling_id: str, now: Moment | None, trouble: str | None = None
) -> None:
    """Note how a telling went."""
    values = {"done_at": now, "trouble": None if trouble is None else trouble[:200]}
    conn.execute(sa.update(tellings).where(tellings.c.id == telling_id).values(**values))


def tellings_of(conn: sa.Connection, handoff_id: str) -> list[Telling]:
    """List whom a handoff was told to, and how that went, in the order of telling."""
    found = sa.select(*_TELLING).where(tellings.c.handoff_id == handoff_id)
    return [
        Telling(*row)
        for row in conn.execute(found.order_by(tellings.c.made_at, tellings.c.to_name))
    ]
