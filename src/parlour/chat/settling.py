"""Charging a turn that has ended: what its backend reports, or what we count ourselves."""

import sqlalchemy as sa

from parlour.budgets import model, spending
from parlour.chat import prompt
from parlour.chat.writing import Writing
from parlour.conversations import reading, store
from parlour.conversations import turns as rows
from parlour.conversations.model import OPEN, Turn, TurnState
from parlour.kit.clock import Moment
from parlour.tools import Tools


def settle(
    conn: sa.Connection, tools: Tools, turn: Turn, state: TurnState, writing: Writing | None
) -> None:
    """Charge a turn that ends now, once, to what it was reserved in; nothing if it asked nobody.

    `writing` is None where this process has nothing of the reply but what is stored.
    """
    if writing is None:
        asked = turn.epoch > 1 or state is TurnState.INTERRUPTED
    else:
        asked = bool(writing.heard) or state is not TurnState.FAILED
    _charge(conn, tools, turn, writing, asked=asked)


def settle_ended(conn: sa.Connection, tools: Tools, turn_id: str, writing: Writing | None) -> None:
    """Charge a turn that a person ended who took the pen, as soon as its runner hears of it."""
    turn = rows.find(conn, turn_id)
    if turn is not None and turn.state.value not in OPEN:
        _charge(conn, tools, turn, writing, asked=True)


def _charge(
    conn: sa.Connection, tools: Tools, turn: Turn, writing: Writing | None, *, asked: bool
) -> None:
    held = spending.release(conn, turn.id)
    if not held:
        return
    now, cost = tools.clock.now(), 0
    if asked:
        usage = None if writing is None else writing.usage
        reported = None if usage is None else usage.input_tokens + usage.output_tokens
        written = "" if writing is None else writing.text
        cost = model.cost(_own(conn, tools, turn, written), reported)
    over = spending.settle(conn, held, cost, now)
    if over:
        spending.tell(conn, over, store.workspace_of(conn, turn.conversation_id), now)


def reconcile(conn: sa.Connection, now: Moment) -> None:
    """Give back what turns reserved that are over or gone without anybody having settled them."""
    old = spending.stale(conn, now)
    if old:
        open_ = rows.open_among(conn, old)
        spending.give_back(conn, [each for each in old if each not in open_], now)


def _own(conn: sa.Connection, tools: Tools, turn: Turn, reply: str) -> int:
    """Count what the agent was shown and what it wrote; what was saved of it, where that is all."""
    shown = reading.read(conn, turn.conversation_id, upto=turn.reply_seq, newest=prompt.LOOKED_AT)
    saved = next((each.text for each in shown if each.seq == turn.reply_seq), "")
    asked = prompt.assemble(shown, turn.question_seq, tools.settings.prompt_chars)
    return model.estimate([*(each.text for each in asked), reply or saved])
