"""Seeing what goes on: one log line per event, metrics, and a watch over the event loop."""

from parlour.kit.observe.logs import access, configure
from parlour.kit.observe.loop import watching_loop
from parlour.kit.observe.metrics import REGISTRY, counter, gauge, histogram

__all__ = [
    "REGISTRY",
    "access",
    "configure",
    "counter",
    "gauge",
    "histogram",
    "watching_loop",
]
