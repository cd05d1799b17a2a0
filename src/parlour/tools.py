"""What a process holds: settings, clock, keys, database, queue, bus, limits, client, mail."""

from copy import copy

from parlour.config import Settings
from parlour.kit.bus import Bus
from parlour.kit.clock import Clock
from parlour.kit.db import Database
from parlour.kit.homes import Homes
from parlour.kit.http import GuardedClient
from parlour.kit.limits import Limits
from parlour.kit.mail import Mailer
from parlour.kit.queue import Queue
from parlour.kit.tallies import Tallies
from parlour.kit.tokens import Keyring


class Tools:
    """Handed to every verb; made once, in `main`.

    A plain class, because the web framework looks into the fields of data classes that handlers
    take, and these are not data.
    """

    __slots__ = (
        "bus",
        "clock",
        "db",
        "homes",
        "http",
        "keys",
        "limits",
        "mail",
        "opened",
        "queue",
        "settings",
        "within",
    )

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
        mail: Mailer,
        limits: Limits,
        opened: Tallies[tuple[str, str, str]] | None = None,
        homes: Homes | None = None,
    ) -> None:
        """Take the tools."""
        self.settings = settings
        self.clock = clock
        self.keys = keys
        self.db = db
        self.queue = queue
        self.bus = bus
        self.http = http
        self.mail = mail
        self.limits = limits
        self.opened = opened or Tallies()
        """How often pages were opened: by workspace, agent and link."""
        self.homes = homes or Homes()
        self.within: str | None = None
        """The only workspace there is for who came to its own host; None: there are all of them."""

    def inside(self, workspace_id: str) -> "Tools":
        """Return the same tools, with which nothing of other workspaces is found."""
        made = copy(self)
        made.within = workspace_id
        return made

    def has(self, workspace_id: str) -> bool:
        """Whether what belongs to a workspace is there at all."""
        return self.within is None or self.within == workspace_id
