"""Slowing down whoever tries tokens: wrong ones are counted by the place they come from.

Only wrong tokens are counted and only wrong tokens are refused, so that nobody can lock out the
visitors behind the same address. Counts live in memory, for a minute, under a keyed hash.
"""

from parlour.entrance import Refused
from parlour.kit.errors import Problem, TooMany
from parlour.kit.limits import Limit, Windows
from parlour.links.rules import Why
from parlour.sharing import NoSuchShare
from parlour.tools import Tools
from parlour.web.gates import Asked
from parlour.web.peers import place_of


class Strangers:
    """Counts wrong tokens."""

    def __init__(self, tools: Tools) -> None:
        """Count nobody yet."""
        self._tools = tools
        self._windows = Windows()

    def judged(self, request: Asked, problem: Problem) -> Problem:
        """Return the problem to answer with: `TooMany` after too many wrong tokens."""
        if not _is_wrong(problem):
            return problem
        most = self._tools.settings.wrong_tokens_per_minute
        place = place_of(request.scope, self._tools, "wrong token")
        pace = self._windows.hit([Limit(place, most)])
        if pace.passed:
            return problem
        told = "too many addresses that do not exist; wait a little"
        return TooMany(told, retry_after=pace.seconds, per_minute=most)


def _is_wrong(problem: Problem) -> bool:
    """Whether a token opened nothing because it is none of ours."""
    if isinstance(problem, Refused):
        return problem.refusal.why is Why.NOT_FOUND
    return isinstance(problem, NoSuchShare)
