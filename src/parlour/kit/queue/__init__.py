"""Background jobs as rows: enqueued with the change itself, leased, fenced, retried, never lost."""

from parlour.kit.queue.jobs import DRAINING, LEASE_LOST, GivenUp, Handler, Job
from parlour.kit.queue.rows import Counts, counts, died, drop, forget_dead
from parlour.kit.queue.worker import Queue

__all__ = [
    "DRAINING",
    "LEASE_LOST",
    "Counts",
    "GivenUp",
    "Handler",
    "Job",
    "Queue",
    "counts",
    "died",
    "drop",
    "forget_dead",
]
