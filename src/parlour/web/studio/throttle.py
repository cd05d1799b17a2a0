"""Slowing down whoever tries passwords and codes: counted by address and place, for a minute."""

from typing import Final

from parlour.kit.errors import Problem
from parlour.kit.limits import PerMinute
from parlour.tools import Tools
from parlour.web.gates import Asked
from parlour.web.peers import peer

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
        self._addresses = PerMinute(TRIES_FOR_ADDRESS)
        self._places = PerMinute(TRIES_FROM_PLACE)

    def count(self, request: Asked, what: str, address: str = "") -> None:
        """Count a try before it is looked at; TooManyTries says how many seconds to wait."""
        place = peer(request.scope, self._tools.settings.trusted_proxies)
        counted = [(self._places, self._key(what, place))]
        if address:
            mail = address.strip().lower()[:300]
            counted.append((self._addresses, self._key(what, place, mail)))
        waits = [
            (wait, limit.most) for limit, key in counted if (wait := limit.hit(key)) is not None
        ]
        if waits:
            longest, most = max(waits)
            detail = f"too many tries from here; try again in {longest} s"
            raise TooManyTries(detail, retry_after=longest, per_minute=most)

    def _key(self, *parts: str) -> str:
        return self._tools.keys.hashed("a try at " + "\0".join(parts))
