"""Live logs and hints: how what happens now reaches those who watch, in one process or in many."""

from parlour.kit.bus.base import Bus
from parlour.kit.bus.log import LiveLog
from parlour.kit.bus.memory import MemoryBus
from parlour.kit.bus.opening import open_bus
from parlour.kit.bus.topics import MISSED, Subscription

__all__ = [
    "MISSED",
    "Bus",
    "LiveLog",
    "MemoryBus",
    "Subscription",
    "open_bus",
]
