"""What a turn is charged to, as the terms of its agent and its link say, and refusals there."""

from typing import Final

import sqlalchemy as sa

from parlour.agents import instead
from parlour.agents.instead import Answerer
from parlour.budgets import model, spending
from parlour.budgets.model import Account, Period, Spent
from parlour.entrance.doors import Door
from parlour.kit.clock import SECOND, Moment
from parlour.links.rules import Refuse, Why
from parlour.tools import Tools

SOON: Final = 5
"""Seconds after which turns under way may have given back what they reserved."""


class Purse:
    """What this visitor's next turn may cost, and what was left when it was reserved."""

    def __init__(self, tools: Tools, door: Door, visitor_id: str, session: str, place: str) -> None:
        """Reserve nothing yet; `place` is where the visitor comes from, as a keyed hash."""
        self.tools = tools
        self._door = door
        self._visitor_id = visitor_id
        self._session = session
        self._place = place
        self.allowance: tuple[int, int, int] | None = None
        """The visitor's daily limit, what is left of it, and in how many seconds it is whole."""

    def reserve(self, conn: sa.Connection, turn_id: str, now: Moment) -> Answerer | None:
        """Reserve for a turn in every account; return who answers instead, where a budget is spent.

        Raises:
            Refused: one of them has nothing left, and nobody answers instead.
        """
        accounts = self._accounts(now)
        if not accounts:
            return None
        settings, terms = self.tools.settings, self._door.sharing
        tokens = terms.turn_tokens or settings.turn_tokens
        left = spending.reserve(conn, turn_id, accounts, tokens, now)
        if isinstance(left, Spent):
            return self._instead(conn, left, now)
        if not accounts[0].is_budget:
            until = accounts[0].period.ends(now) or now
            self.allowance = accounts[0].limit, left[0], (until - now) // SECOND
        return None

    def _accounts(self, now: Moment) -> list[Account]:
        door, terms = self._door, self._door.sharing
        return model.accounts(
            model.daily(self._whom(now), terms.daily_token_limit, door.daily_tokens),
            model.budget("link", door.link_id, door.budget_tokens, door.budget_period),
            model.budget("agent", door.agent_id, terms.budget_tokens, terms.budget_period),
        )

    def _whom(self, now: Moment) -> str:
        """Say whom a daily limit counts; what is missing falls to the narrower, never to nobody."""
        by, keys = self._door.sharing.daily_limit_by, self.tools.keys
        if by == "ip" and self._place:
            day = Period.DAY.key(now)
            return f"ip{keys.hashed(f'{day} {self._door.agent_id} {self._place}')[:40]}"
        if by == "session":
            return f"one{keys.hashed(f'tokens of {self._session}')[:40]}"
        # Who has proved an address is one visitor in all their sessions; others have one session.
        return self._visitor_id

    def _instead(self, conn: sa.Connection, spent: Spent, now: Moment) -> Answerer | None:
        door = self._door
        if spent.is_waiting:
            raise door.refusing(Refuse(Why.TOO_MANY, wait=SOON))
        if spent.account.is_budget:
            found = instead.find(conn, door.workspace_id, door.sharing.when_spent)
            if found is not None:
                return found
        until = spent.until
        wait = None if until is None else max(1, -((now - until) // SECOND))
        raise door.refusing(Refuse(Why.BUDGET_SPENT, until=until, wait=wait))
