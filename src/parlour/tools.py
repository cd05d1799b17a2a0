"""What a process holds: settings, clock, keys, database, queue, bus, outgoing client."""

from parlour.config import Settings
from parlour.kit.bus import Bus
from parlour.kit.clock import Clock
from parlour.kit.db import Database
from parlour.kit.http import GuardedClient
from parlour.kit.queue import Queue
from parlour.kit.tokens import Keyring


class Tools:
    """Handed to every verb; made once, in `main`.

    A plain class, because the web framework looks into the fields of data classes that handlers
    take, and these are not data.
    """

    __slots__ = ("bus", "clock", "db", "http", "keys", "queue", "settings")

    def __init__(
        self,
        *,
        settings: Settings,
        clock: Clock,
        keys: Keyring,
        db: Database,
        queue: Queue,
        bus: Bus,
        http: GuardedClient,
    ) -> None:
        """Take the tools."""
        self.settings = settings
        self.clock = clock
        self.keys = keys
        self.db = db
        self.queue = queue
        self.bus = bus
        self.http = http
