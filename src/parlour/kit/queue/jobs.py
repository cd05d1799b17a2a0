"""What a job is, how its handler is registered, and when one that failed is tried again."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from parlour.kit.errors import Problem

LEASE_LOST = "lost"
"""`error.args[0]` of the CancelledError in a handler whose job another process has taken over."""

DRAINING = "draining"
"""`error.args[0]` of the CancelledError in a handler that was not through when the drain ended."""

LONGEST_WAIT = 3600.0


class GivenUp(Problem):
    """Raised by a handler (or for it) when trying again makes no sense: a dead letter at once."""

    title = "The job was given up"
    default_code = "given_up"


@dataclass(frozen=True, slots=True)
class Job:
    """One run of a job, as its handler sees it."""

    id: str
    name: str
    payload: dict[str, Any]
    attempt: int
    """1 for the first try; grows with every failure."""
    epoch: int
    """How often the job was begun, failures and killed processes included: later beats earlier."""


Handler = Callable[[Job], Awaitable[None]]
Burial = Callable[[Connection, Job], None]
"""What else a job's end as a dead letter changes, in the same transaction."""


@dataclass(frozen=True, slots=True)
class Handling:
    """A handler and how often it is tried."""

    handler: Handler
    attempts: int
    backoff: float
    buried: Burial | None = None

    def wait(self, attempt: int, error: BaseException) -> float:
        """Return the seconds to wait after failure number `attempt`: doubling, with jitter."""
        wait = min(self.backoff * 2.0 ** min(attempt - 1, 30), LONGEST_WAIT)
        wait *= random.uniform(0.75, 1.25)  # noqa: S311 - spreads load, guards nothing
        if isinstance(error, Problem) and error.retry_after is not None:
            return max(wait, float(error.retry_after))
        return wait


def told(error: BaseException) -> str:
    """Describe a failure without what it may quote: messages of strangers can hold secrets."""
    if isinstance(error, Problem):
        return f"{error.code}: {error.detail}"[:500]
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    code = trace.tb_frame.f_code
    place = "/".join(code.co_filename.rsplit("/", 2)[-2:])
    return f"{type(error).__name__} in {place}:{trace.tb_lineno} {code.co_qualname}"[:500]
