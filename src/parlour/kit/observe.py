"""What the process says of itself: structured logs, metrics, and the loop's own pulse."""

import logging
import sys

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram

REGISTRY = CollectorRegistry()
REQUESTS = Counter(
    "parlour_requests", "Requests answered.", ["method", "route", "status"], registry=REGISTRY
)
SECONDS = Histogram(
    "parlour_request_seconds",
    "Seconds until a request's response was sent; streams count to their end.",
    ["route"],
    registry=REGISTRY,
)

log = structlog.get_logger("parlour.access")


def configure(level: str) -> None:
    """Write one line per event to standard error: JSON, or readable text on a terminal."""
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    pretty = sys.stderr.isatty()
    renderer = structlog.dev.ConsoleRenderer() if pretty else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )


def access(method: str, route: str, status: int, seconds: float) -> None:
    """Note an answered request by its route's template, never by its address."""
    REQUESTS.labels(method, route, str(status)).inc()
    SECONDS.labels(route).observe(seconds)
    log.info("request", method=method, route=route, status=status, ms=round(seconds * 1000, 1))
