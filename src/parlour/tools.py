"""What a process holds: settings, clock, keys, database, queue, bus, outgoing client."""

from dataclasses import dataclass

from parlour.config import Settings
from parlour.kit.bus import Bus
from parlour.kit.clock import Clock
from parlour.kit.db import Database
from parlour.kit.http import GuardedClient
from parlour.kit.queue import Queue
from parlour.kit.tokens import Keyring


@dataclass(frozen=True, slots=True)
class Tools:
    """Handed to every verb; made once, in `main`."""

    settings: Settings
    clock: Clock
    keys: Keyring
    db: Database
    queue: Queue
    bus: Bus
    http: GuardedClient
