"""What is too old to be kept: counted before it goes, and found a piece at a time when it does."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Final

import sqlalchemy as sa

from parlour.agents.store import agents
from parlour.conversations.store import conversations
from parlour.kit.clock import DAY, Moment
from parlour.memory.store import memories
from parlour.notes.store import notes
from parlour.visitors import sessions, visitors

_C: Final = conversations.c
_V: Final = visitors.c


@dataclass(frozen=True, slots=True)
class Due:
    """What is too old, in numbers."""

    conversations: int = 0
    messages: int = 0
    visitors: int = 0
    """Who has no other conversation, and has not come since."""
    notes: int = 0
    memories: int = 0

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing of it."""
        return not any(astuple(self))

    @property
    def told(self) -> str:
        """Say it in words."""
        kinds = (
            *((self.conversations, "conversation"), (self.messages, "message")),
            *((self.visitors, "visitor"), (self.notes, "note")),
        )
        told = [f"{n:,} {word}{'' if n == 1 else 's'}" for n, word in kinds if n]
        if self.memories:
            told.append(f"{self.memories:,} {'memory' if self.memories == 1 else 'memories'}")
        return ", ".join(told) or "nothing"


def is_quiet(before: Moment, now: Moment) -> sa.ColumnElement[bool]:
    """Whether a conversation is older than a moment, and nobody answers in it just now."""
    return sa.and_(
        _C.last_message_at < before,
        _C.active_turn.is_(None),
        sa.or_(_C.hold_until.is_(None), _C.hold_until < now),
    )


def has_gone(before: Moment | sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Whether a visitor has no conversation, and has not come since a moment."""
    talks = sa.select(_C.id).where(_C.visitor_id == _V.id)
    came = sa.select(sessions.c.hash).where(
        sessions.c.visitor_id == _V.id, sessions.c.seen_at >= before
    )
    return sa.and_(_V.created_at < before, ~talks.exists(), ~came.exists())


def count(conn: sa.Connection, agent_ids: Sequence[str], before: Moment, now: Moment) -> Due:
    """Count what of these agents is older than a moment, and would go."""
    if not before:
        return Due()
    quiet = sa.and_(_C.agent_id.in_(agent_ids), is_quiet(before, now))
    # All that was said, failed attempts and the house's own words included, has a place of its own.
    many = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(_C.last_seq), 0))
    talks, messages = conn.execute(many.where(quiet)).one()
    later = sa.select(_C.id).where(_C.visitor_id == _V.id, ~quiet)
    came = sa.select(sessions.c.hash).where(
        sessions.c.visitor_id == _V.id, sessions.c.seen_at >= before
    )
    gone = sa.select(sa.func.count()).select_from(visitors)
    gone = gone.where(_V.agent_id.in_(agent_ids), _V.created_at < before)
    return Due(
        int(talks),
        int(messages),
        _number(conn, gone.where(~later.exists(), ~came.exists())),
        _number(conn, _count(notes).where(old_notes(agent_ids, before))),
        _number(conn, _count(memories).where(old_memories(agent_ids, before))),
    )


def old_notes(agent_ids: Sequence[str], before: Moment) -> sa.ColumnElement[bool]:
    """Which notes are too old."""
    return sa.and_(notes.c.agent_id.in_(agent_ids), notes.c.left_at < before)


def old_memories(agent_ids: Sequence[str], before: Moment) -> sa.ColumnElement[bool]:
    """Which memories nothing was added to since."""
    added = sa.func.coalesce(memories.c.updated_at, memories.c.upto_at)
    return sa.and_(memories.c.agent_id.in_(agent_ids), added < before)


def agents_with_days(conn: sa.Connection) -> list[tuple[str, str, int]]:
    """Return workspace, id and days of every agent that does not keep for ever, deleted or not."""
    columns = agents.c
    wanted = sa.select(columns.workspace_id, columns.id, columns.kept_days)
    found = conn.execute(wanted.where(columns.kept_days > 0).order_by(columns.id))
    return [(row.workspace_id, row.id, row.kept_days) for row in found]


def quiet_ones(
    conn: sa.Connection, agent_id: str, before: Moment, now: Moment, most: int
) -> list[tuple[str, int]]:
    """Find the oldest conversations of an agent that are to go: ids, and how many messages."""
    wanted = sa.select(_C.id, _C.message_count).where(
        _C.agent_id == agent_id, is_quiet(before, now)
    )
    found = conn.execute(wanted.order_by(_C.last_message_at, _C.id).limit(most))
    return [(row.id, row.message_count) for row in found]


def gone_visitors(
    conn: sa.Connection, now: Moment, most: int, among: Sequence[str] = ()
) -> list[tuple[str, str, str]]:
    """Find visitors of whom nothing is left to keep: workspace, agent and id."""
    spans = sa.cast(agents.c.kept_days, sa.BigInteger) * sa.literal(DAY, sa.BigInteger)
    before = sa.literal(now, sa.BigInteger) - spans
    wanted = (
        sa.select(_V.workspace_id, _V.agent_id, _V.id)
        .join(agents, agents.c.id == _V.agent_id)
        .where(agents.c.kept_days > 0, has_gone(before))
    )
    if among:
        wanted = wanted.where(_V.id.in_(among))
    return [(row.workspace_id, row.agent_id, row.id) for row in conn.execute(wanted.limit(most))]


def _count(table: sa.Table) -> sa.Select[int]:
    return sa.select(sa.func.count()).select_from(table)


def _number(conn: sa.Connection, wanted: sa.Select[int]) -> int:
    return int(conn.execute(wanted).scalar_one())
