"""The rows of turns, and the rule that a conversation answers one question at a time."""

from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa

from parlour.conversations.model import OPEN, Attempt, State, Turn, TurnState
from parlour.conversations.store import conversations, messages
from parlour.kit.clock import Moment
from parlour.kit.db import Json, Prepared, Row, Updating, inserting, metadata

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
    turns.c.created_at,
]


_TURN_ID = turns.c.id == sa.bindparam("turn")
_OPEN = turns.c.state.in_([sa.literal(state) for state in OPEN])
_ADD = inserting(
    turns,
    "id conversation_id agent_id agent_version question_seq reply_seq state epoch created_at"
    " started_at",
)


def add(conn: sa.Connection, turn: Turn, now: Moment, active: str | None) -> None:
    """Store a new turn; make it the active one when none is.

    The conversation's row must be held by this transaction, and `active` be read under that hold.
    """
    _ADD.run(
        conn,
        id=turn.id,
        conversation_id=turn.conversation_id,
        agent_id=turn.agent_id,
        agent_version=turn.agent_version,
        question_seq=turn.question_seq,
        reply_seq=turn.reply_seq,
        state=turn.state.value,
        epoch=turn.epoch,
        created_at=now,
        started_at=now if turn.state is TurnState.RUNNING else None,
    )
    if active is None:
        _activate(conn, turn.conversation_id, turn.id)


_FIND = Prepared(sa.select(*_TURN).where(_TURN_ID))


def find(conn: sa.Connection, turn_id: str) -> Turn | None:
    """Find a turn; None when it has been erased."""
    row = _FIND.first(conn, turn=turn_id)
    return None if row is None else _turn(row)


_STANDING = sa.select(turns.c.id, turns.c.epoch).where(
    turns.c.id.in_(sa.bindparam("ids", expanding=True)), turns.c.stop_at.is_(None)
)


def still_ours(conn: sa.Connection, held: Iterable[Turn]) -> set[str]:
    """Return the ids of those turns that nobody stopped, erased, or began to run elsewhere."""
    epochs = {turn.id: turn.epoch for turn in held}
    found = conn.execute(_STANDING, {"ids": list(epochs)})
    return {row.id for row in found if epochs[row.id] == row.epoch}


def latest(conn: sa.Connection, conversation_id: str) -> Turn | None:
    """Find a conversation's last turn; None when nothing was asked yet."""
    row = conn.execute(
        sa.select(*_TURN)
        .where(turns.c.conversation_id == conversation_id)
        .order_by(turns.c.reply_seq.desc())
        .limit(1)
    ).first()
    return None if row is None else _turn(row)


def attempts(conn: sa.Connection, conversation_id: str, after: int = 0) -> dict[str, Attempt]:
    """Tell how the attempts to answer went whose replies stand behind a place, by their ids."""
    columns = turns.c
    found = conn.execute(
        sa.select(
            columns.id,
            columns.agent_id,
            columns.agent_version,
            columns.state,
            columns.epoch.label("runs"),
            columns.created_at.label("asked_at"),
            columns.started_at,
            columns.first_text_at,
            columns.ended_at,
            columns.input_tokens,
            columns.output_tokens,
        ).where(columns.conversation_id == conversation_id, columns.reply_seq > after)
    )
    return {row.id: _attempt(row) for row in found}


def _attempt(row: Row) -> Attempt:
    return Attempt(
        row.id,
        row.agent_id,
        row.agent_version,
        TurnState(row.state),
        row.runs,
        row.asked_at,
        row.started_at,
        row.first_text_at,
        row.ended_at,
        row.input_tokens,
        row.output_tokens,
    )


def ids_of(conn: sa.Connection, conversation_ids: Collection[str]) -> list[str]:
    """Return the ids of all turns of these conversations."""
    wanted = sa.select(turns.c.id).where(turns.c.conversation_id.in_(conversation_ids))
    return list(conn.execute(wanted).scalars())


def usage(conn: sa.Connection, turn_id: str) -> dict[str, int] | None:
    """Return the tokens a turn used; None when its backend did not tell."""
    row = conn.execute(
        sa.select(turns.c.input_tokens, turns.c.output_tokens).where(turns.c.id == turn_id)
    ).first()
    if row is None or row.input_tokens is None:
        return None
    return {"input_tokens": row.input_tokens, "output_tokens": row.output_tokens}


_START = Prepared(
    sa.update(turns)
    .where(_TURN_ID, _OPEN)
    .values(
        state=TurnState.RUNNING.value,
        epoch=turns.c.epoch + 1,
        started_at=sa.func.coalesce(turns.c.started_at, sa.bindparam("now", type_=sa.BigInteger)),
    )
    .returning(*_TURN)
)


def start(conn: sa.Connection, turn_id: str, now: Moment) -> Turn | None:
    """Begin, or begin again, to run a turn: the epoch moves on and fences whoever ran it before.

    None when the turn has ended or was erased.
    """
    row = _START.first(conn, turn=turn_id, now=now)
    return None if row is None else _turn(row)


_END = Updating(turns, _TURN_ID, turns.c.epoch == sa.bindparam("attempt"), _OPEN)


def end(conn: sa.Connection, turn: Turn, state: TurnState, now: Moment, **values: Any) -> bool:
    """End a turn that this epoch still owns; False when somebody else ended it or took it over."""
    ended = {"state": state.value, "ended_at": now, **values}
    return _END.run(conn, ended, turn=turn.id, attempt=turn.epoch) == 1


def ask_to_stop(conn: sa.Connection, turn_id: str, now: Moment) -> bool:
    """Mark that a turn shall stop; False when it has ended already."""
    asked = conn.execute(
        sa.update(turns)
        .where(turns.c.id == turn_id, turns.c.state.in_(OPEN))
        .values(stop_at=sa.func.coalesce(turns.c.stop_at, now))
    )
    return bool(asked.rowcount)


def active(conn: sa.Connection, conversation_id: str) -> str | None:
    """Return the turn that a conversation is answering, if any."""
    wanted = sa.select(conversations.c.active_turn).where(conversations.c.id == conversation_id)
    return conn.execute(wanted).scalar()


_WAITING = Prepared(
    sa.select(turns.c.id)
    .where(
        turns.c.conversation_id == sa.bindparam("conversation"),
        turns.c.state == TurnState.QUEUED.value,
    )
    .order_by(turns.c.reply_seq)
    .limit(1)
)


def waiting(conn: sa.Connection, conversation_id: str) -> int:
    """Count the turns of a conversation that have not begun."""
    counted = sa.select(sa.func.count()).where(
        turns.c.conversation_id == conversation_id, turns.c.state == TurnState.QUEUED.value
    )
    return int(conn.execute(counted).scalar_one())


def stop_waiting(conn: sa.Connection, conversation_id: str, now: Moment) -> list[str]:
    """End the turns that wait behind the active one, with their empty replies; return their ids.

    The conversation's row must be held by this transaction.
    """
    active = sa.select(conversations.c.active_turn).where(conversations.c.id == conversation_id)
    ended = conn.execute(
        sa.update(turns)
        .where(
            turns.c.conversation_id == conversation_id,
            turns.c.state == TurnState.QUEUED.value,
            turns.c.id.is_distinct_from(active.scalar_subquery()),
        )
        .values(state=TurnState.STOPPED.value, ended_at=now)
        .returning(turns.c.id, turns.c.reply_seq)
    ).all()
    places = [row.reply_seq for row in ended]
    if places:
        conn.execute(
            sa.update(messages)
            .where(messages.c.conversation_id == conversation_id, messages.c.seq.in_(places))
            .values(state=State.STOPPED.value)
        )
    return [row.id for row in ended]


def open_among(conn: sa.Connection, turn_ids: list[str]) -> set[str]:
    """Return those of these turns that have not ended."""
    wanted = sa.select(turns.c.id).where(turns.c.id.in_(turn_ids), turns.c.state.in_(OPEN))
    return set(conn.execute(wanted).scalars())


def stop_all(conn: sa.Connection, conversation_id: str, now: Moment) -> list[str]:
    """End every turn of a conversation that has not ended, each reply with what there is of it.

    The conversation's row must be held by this transaction. Whoever runs one of them finds that it
    is not theirs any more. Returns the ids of those that nobody had begun to run.
    """
    ended = conn.execute(
        sa.update(turns)
        .where(turns.c.conversation_id == conversation_id, turns.c.state.in_(OPEN))
        .values(state=TurnState.STOPPED.value, stop_at=now, ended_at=now)
        .returning(turns.c.id, turns.c.epoch, turns.c.reply_seq)
    ).all()
    places = [row.reply_seq for row in ended]
    if places:
        conn.execute(
            sa.update(messages)
            .where(
                messages.c.conversation_id == conversation_id,
                messages.c.seq.in_(places),
                messages.c.state == State.WRITING.value,
            )
            .values(state=State.STOPPED.value)
        )
        _activate(conn, conversation_id, None)
    return [row.id for row in ended if row.epoch == 0]


def next_in_line(conn: sa.Connection, conversation_id: str) -> str | None:
    """Make the oldest waiting turn the active one and return its id; None when none waits.

    The conversation's row must be held by this transaction.
    """
    row = _WAITING.first(conn, conversation=conversation_id)
    waiting = None if row is None else row.id
    _activate(conn, conversation_id, waiting)
    return waiting


_ACTIVATE = Prepared(
    sa.update(conversations)
    .where(conversations.c.id == sa.bindparam("conversation"))
    .values(active_turn=sa.bindparam("turn"))
)


def _activate(conn: sa.Connection, conversation_id: str, turn_id: str | None) -> None:
    _ACTIVATE.run(conn, conversation=conversation_id, turn=turn_id)


def _turn(row: Row) -> Turn:
    return Turn(
        row.id,
        row.conversation_id,
        row.agent_id,
        row.agent_version,
        row.question_seq,
        row.reply_seq,
        TurnState(row.state),
        row.epoch,
        row.stop_at,
        row.created_at,
    )
