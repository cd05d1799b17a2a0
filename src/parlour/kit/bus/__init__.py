"""The bus: live logs that are followed while they grow, and hints on topics; truth is elsewhere."""

from parlour.kit.bus.base import OVERFLOW, Bus, Subscription, Wake
from parlour.kit.bus.log import LiveLog
from parlour.kit.bus.memory import MemoryBus


__all__ = ["OVERFLOW", "Bus", "LiveLog", "MemoryBus", "Subscription", "Wake"]
