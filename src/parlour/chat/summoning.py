"""Summons for a person, whoever does: the questions that wait for the agent wait for them, too."""

import sqlalchemy as sa

from parlour.budgets import spending
from parlour.conversations import handoffs
from parlour.conversations import turns as rows
from parlour.conversations.handoffs import Summons
from parlour.conversations.holds import Held
from parlour.tools import Tools


def summon(conn: sa.Connection, tools: Tools, held: Held, summons: Summons) -> None:
    """Ask for a person in a conversation whose row is held; the caller tells the visitor."""
    spending.give_back(conn, rows.stop_waiting(conn, held.id, tools.clock.now()), tools.clock.now())
    handoffs.ask(conn, tools, held, summons)
