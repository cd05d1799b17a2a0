"""The registry of metrics, how a room adds its own, and those of the ground floor."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY: Final = CollectorRegistry()
"""Every metric of this process; its help texts are what the docs page prints."""

SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


def counter(name: str, says: str, *labels: str) -> Counter:
    """Make a counter `parlour_…_total` whose help text is `says`."""
    return Counter(f"parlour_{name}", says, labels, registry=REGISTRY)


def gauge(name: str, says: str, *labels: str) -> Gauge:
    """Make a gauge `parlour_…`; a name that measures ends in its unit, such as `_seconds`."""
    return Gauge(f"parlour_{name}", says, labels, registry=REGISTRY)


def histogram(
    name: str, says: str, *labels: str, buckets: tuple[float, ...] = SECONDS
) -> Histogram:
    """Make a histogram `parlour_…` with the unit at the end of its name."""
    return Histogram(f"parlour_{name}", says, labels, registry=REGISTRY, buckets=buckets)


HTTP_SECONDS: Final = histogram(
    "http_request_seconds",
    "Time from a request's head to its last byte; for a stream, how long it was open.",
    "method",
    "route",
    "status",
)
LOOP_LAG_SECONDS: Final = gauge(
    "loop_lag_seconds", "How late the event loop was when it was last asked."
)
LOOP_BLOCKED: Final = counter(
    "loop_blocked", "Times the event loop answered nobody for more than a second."
)
JOBS_RUN: Final = counter(
    "jobs_run", "Jobs that this process ran, by how that ended.", "name", "outcome"
)
STORE_SECONDS: Final = histogram(
    "store_seconds", "From a transaction's being wanted to its having been committed."
)
MAILS: Final = counter("mails", "Mails that were to be sent, by how that went.", "outcome")
JOB_SECONDS: Final = histogram("job_seconds", "How long a job ran.", "name")
