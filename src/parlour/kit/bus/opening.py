"""Opening the bus that the settings name."""

from parlour.kit.bus.base import Bus
from parlour.kit.bus.memory import MemoryBus
from parlour.kit.bus.redis import RedisBus


def open_bus(redis_url: str) -> Bus:
    """Return the bus over Redis, or this process's own when `redis_url` is empty; not started."""
    return RedisBus(redis_url) if redis_url else MemoryBus()
