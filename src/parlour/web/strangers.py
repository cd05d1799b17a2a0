"""Slowing down whoever tries link tokens: wrong ones are counted by the place they come from.

Only wrong tokens are counted and only wrong tokens are refused, so that nobody can lock out the
visitors behind the same address. Counts live in memory, for a minute, under a keyed hash.
"""

from typing import Protocol

from parlour.config import Network
from parlour.entrance import Refused
from parlour.kit.errors import Problem, TooMany
from parlour.kit.tokens import Keyring
from parlour.links.rules import Why
from parlour.web.gates import Asked
from parlour.web.peers import peer


class Limiter(Protocol):
    """Counts, and says when it is too much."""

    @property
    def most(self) -> int:
        """How many a minute takes."""
        ...

    def hit(self, place: str) -> int | None:
        """Count one; return the seconds to wait when it was one too many."""
        ...


class Strangers:
    """Counts wrong tokens."""

    def __init__(self, keys: Keyring, trusted: tuple[Network, ...], limiter: Limiter) -> None:
        """Count with `limiter`, by places that a trusted proxy may name."""
        self._keys = keys
        self._trusted = trusted
        self._limiter = limiter

    def judged(self, request: Asked, problem: Problem) -> Problem:
        """Return the problem to answer with: `TooMany` after too many wrong tokens."""
        if not isinstance(problem, Refused) or problem.refusal.why is not Why.NOT_FOUND:
            return problem
        place = self._keys.hashed("wrong token from " + peer(request.scope, self._trusted))
        wait = self._limiter.hit(place)
        if wait is None:
            return problem
        told = "too many addresses that do not exist; wait a little"
        return TooMany(told, retry_after=wait, per_minute=self._limiter.most)
