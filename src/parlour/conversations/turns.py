"""The rows of turns, and the rule that a conversation answers one question at a time."""

from typing import Any

import sqlalchemy as sa

from parlour.conversations.model import OPEN, Turn, TurnState
from parlour.conversations.store import conversations
from parlour.kit.clock import Moment
from parlour.kit.db import Json, metadata

turns = sa.Table(
    "turns",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), nullable=False),
    sa.Column("agent_id", sa.ForeignKey("agents.id"), nullable=False),
    sa.Column("agent_version", sa.Integer, nullable=False),
    sa.Column("question_seq", sa.Integer, nullable=False),
    sa.Column("reply_seq", sa.Integer, nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("stop_at", sa.BigInteger),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("started_at", sa.BigInteger),
    sa.Column("first_text_at", sa.BigInteger),
    sa.Column("ended_at", sa.BigInteger),
    sa.Column("input_tokens", sa.Integer),
    sa.Column("output_tokens", sa.Integer),
    sa.Column("actions", Json),
    sa.Index("turns_conversation", "conversation_id", "reply_seq", unique=True),
)

_TURN = [
    turns.c.id,
    turns.c.conversation_id,
    turns.c.agent_id,
    turns.c.agent_version,
    turns.c.question_seq,
    turns.c.reply_seq,
    turns.c.state,
    turns.c.epoch,
    turns.c.stop_at,
]


def add(conn: sa.Connection, turn: Turn, now: Moment, active: str | None) -> bool:
    """Store a new turn; make it the active one when none is, and say whether it is.

    The conversation's row must be held by this transaction, and `active` be read under that hold.
    """
    conn.execute(
        sa.insert(turns),
        {
            "id": turn.id,
            "conversation_id": turn.conversation_id,
            "agent_id": turn.agent_id,
            "agent_version": turn.agent_version,
            "question_seq": turn.question_seq,
            "reply_seq": turn.reply_seq,
            "state": turn.state.value,
            "epoch": turn.epoch,
            "created_at": now,
        },
    )
    if active is None:
        _activate(conn, turn.conversation_id, turn.id)
    return active is None


def find(conn: sa.Connection, turn_id: str) -> Turn | None:
    """Find a turn; None when it has been erased."""
    row = conn.execute(sa.select(*_TURN).where(turns.c.id == turn_id)).first()
    return None if row is None else _turn(row)


def latest(conn: sa.Connection, conversation_id: str) -> Turn | None:
    """Find a conversation's last turn; None when nothing was asked yet."""
    row = conn.execute(
        sa.select(*_TURN)
        .where(turns.c.conversation_id == conversation_id)
        .order_by(turns.c.reply_seq.desc())
        .limit(1)
    ).first()
    return None if row is None else _turn(row)


def usage(conn: sa.Connection, turn_id: str) -> dict[str, int] | None:
    """Return the tokens a turn used; None when its backend did not tell."""
    row = conn.execute(
        sa.select(turns.c.input_tokens, turns.c.output_tokens).where(turns.c.id == turn_id)
    ).first()
    if row is None or row.input_tokens is None:
        return None
    return {"input_tokens": row.input_tokens, "output_tokens": row.output_tokens}


def start(conn: sa.Connection, turn_id: str, now: Moment) -> Turn | None:
    """Begin, or begin again, to run a turn: the epoch moves on and fences whoever ran it before.

    None when the turn has ended or was erased.
    """
    row = conn.execute(
        sa.update(turns)
        .where(turns.c.id == turn_id, turns.c.state.in_(OPEN))
        .values(
            state=TurnState.RUNNING.value,
            epoch=turns.c.epoch + 1,
            started_at=sa.func.coalesce(turns.c.started_at, now),
        )
        .returning(*_TURN)
    ).first()
    return None if row is None else _turn(row)


def end(conn: sa.Connection, turn: Turn, state: TurnState, now: Moment, **values: Any) -> bool:
    """End a turn that this epoch still owns; False when somebody else ended it or took it over."""
    ended = conn.execute(
        sa.update(turns)
        .where(turns.c.id == turn.id, turns.c.epoch == turn.epoch, turns.c.state.in_(OPEN))
        .values(state=state.value, ended_at=now, **values)
    )
    return bool(ended.rowcount)


def ask_to_stop(conn: sa.Connection, turn_id: str, now: Moment) -> bool:
    """Mark that a turn shall stop; False when it has ended already."""
    asked = conn.execute(
        sa.update(turns)
        .where(turns.c.id == turn_id, turns.c.state.in_(OPEN))
        .values(stop_at=sa.func.coalesce(turns.c.stop_at, now))
    )
    return bool(asked.rowcount)


def next_in_line(conn: sa.Connection, conversation_id: str) -> str | None:
    """Make the oldest waiting turn the active one and return its id; None when none waits.

    The conversation's row must be held by this transaction.
    """
    waiting = conn.execute(
        sa.select(turns.c.id)
        .where(turns.c.conversation_id == conversation_id, turns.c.state == TurnState.QUEUED.value)
        .order_by(turns.c.reply_seq)
        .limit(1)
    ).scalar()
    _activate(conn, conversation_id, waiting)
    return waiting


def _activate(conn: sa.Connection, conversation_id: str, turn_id: str | None) -> None:
    conn.execute(
        sa.update(conversations)
        .where(conversations.c.id == conversation_id)
        .values(active_turn=turn_id)
    )


def _turn(row: sa.Row[Any]) -> Turn:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it has an underscore
    return Turn(**{**values, "state": TurnState(values["state"])})
