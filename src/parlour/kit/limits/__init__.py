"""Limits on how often something may happen: exact, in moving windows, in one process or in many."""

from parlour.kit.limits.base import Limit, Limits, Pace
from parlour.kit.limits.memory import MemoryLimits, Windows

__all__ = ["Limit", "Limits", "MemoryLimits", "Pace", "Windows", "open_limits"]


def open_limits(redis_url: str) -> Limits:
    """Return limits that all processes share over Redis, or this one's own; not started."""
    if not redis_url:
        return MemoryLimits()
    from parlour.kit.limits.redis import RedisLimits  # noqa: PLC0415 - one process starts sooner

    return RedisLimits(redis_url)
