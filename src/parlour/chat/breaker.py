"""Sparing a backend that is down: after several failures in a row it is left alone for a while."""

from dataclasses import dataclass

FAILURES = 5
"""Failures in a row after which a backend is left alone."""

REST = 15.0
"""Seconds for which it is left alone; then one turn tries, and decides."""

COUNTED = frozenset({"unreachable", "timeout"})
"""What counts: the backend did not answer. One that answers badly is up."""


@dataclass(slots=True)
class _Record:
    failures: int = 0
    rests_until: float = 0.0


class Breaker:
    """Remembers, in this process, which agents' backends fail to answer."""

    def __init__(self) -> None:
        """Begin without suspicion."""
        self._records: dict[str, _Record] = {}

    def lets_through(self, agent_id: str, now: float) -> bool:
        """Whether a turn may ask this agent's backend at `now`, in the loop's seconds.

        After a rest one caller is let through, and the others wait for what comes of it.
        """
        record = self._records.get(agent_id)
        if record is None or record.failures < FAILURES:
            return True
        if now < record.rests_until:
            return False
        record.rests_until = now + REST
        return True

    def tell(self, agent_id: str, problem: str | None, now: float) -> None:
        """Tell how a turn ended: the problem's code, None when the backend answered."""
        if problem not in COUNTED:
            self._records.pop(agent_id, None)
            return
        record = self._records.setdefault(agent_id, _Record())
        record.failures += 1
        if record.failures >= FAILURES:
            record.rests_until = now + REST
