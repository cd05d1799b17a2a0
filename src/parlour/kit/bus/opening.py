"""Opening the bus that the settings name."""

from parlour.kit.bus.base import Bus
from parlour.kit.bus.memory import MemoryBus


def open_bus(redis_url: str) -> Bus:
    """Return the bus over Redis, or this process's own when `redis_url` is empty; not started."""
    if not redis_url:
        return MemoryBus()
    from parlour.kit.bus.redis import RedisBus  # noqa: PLC0415 - a command on SQLite starts sooner

    return RedisBus(redis_url)
