"""Seeing what goes on: one log line per event, metrics, traces, a watch over the event loop."""

from parlour.kit.observe.logs import access, configure
from parlour.kit.observe.loop import watching_loop
from parlour.kit.observe.metrics import (
    MAILS,
    REGISTRY,
    STORE_SECONDS,
    counter,
    gauge,
    histogram,
)

__all__ = [
    "MAILS",
    "REGISTRY",
    "STORE_SECONDS",
    "access",
    "configure",
    "counter",
    "gauge",
    "histogram",
    "watching_loop",
]
