"""Slowing down whoever tries passwords and codes: counted by address and place, for a minute."""

from typing import Final

from parlour.kit.errors import Problem
from parlour.kit.limits import Limit, Windows
from parlour.tools import Tools
from parlour.web.gates import Asked
from parlour.web.peers import place_of

TRIES_FOR_ADDRESS: Final = 10
"""Tries a minute for one address from one place: an owner elsewhere is not locked out by them."""
TRIES_FROM_PLACE: Final = 60
"""Tries a minute from one place for whatever addresses; an office may share one."""


class TooManyTries(Problem):
    """Too many tries from one place; trying again after a while is always possible."""

    status = 429
    title = "Too many tries"
    default_code = "too_many"


class Throttle:
    """Counts tries in this process."""

    def __init__(self, tools: Tools) -> None:
        """Count by places that a trusted proxy may name."""
        self._tools = tools
        self._windows = Windows()

    def count(
        self, request: Asked, what: str, address: str = "", *, is_known: bool = False
    ) -> None:
        """Count a try before it is looked at; TooManyTries says how many seconds to wait.

        `is_known`: the browser has been this one's before. Its tries are counted by themselves, or
        anybody who shares a place with others could keep them out.
        """
        of = f"tries at {what} for {address.strip().lower()[:300]}"
        if is_known:
            limits = [Limit(self._tools.keys.hashed(of), TRIES_FOR_ADDRESS)]
        else:
            from_here = place_of(request.scope, self._tools, f"tries at {what}")
            limits = [Limit(from_here, TRIES_FROM_PLACE)]
            if address:
                here = place_of(request.scope, self._tools, of)
                limits.append(Limit(here, TRIES_FOR_ADDRESS))
        pace = self._windows.hit(limits)
        if not pace.passed:
            detail = f"too many tries from here; try again in {pace.seconds} s"
            raise TooManyTries(detail, retry_after=pace.seconds, per_minute=pace.limit.most)
