"""The bus of several processes: live logs in Redis Streams, hints by PUBLISH, all best effort."""

import asyncio
from collections.abc import Callable
from functools import partial

import structlog
from redis.exceptions import RedisError

from parlour.kit.bus.lanes import connector
from parlour.kit.bus.listener import Listener
from parlour.kit.bus.log import LiveLog
from parlour.kit.bus.memory import KEEP_ENDED, Shelf
from parlour.kit.bus.mirror import Mirror
from parlour.kit.bus.outgoing import Outbox
from parlour.kit.bus.sender import Sender
from parlour.kit.bus.topics import MISSED, Subscription, Topics
from parlour.kit.tokens import new_id

log = structlog.get_logger("parlour.bus")

FLUSH_EVERY = 0.05
"""Seconds for which a reply's entries are gathered before they go to other processes together."""

_TOPIC = "parlour:topic:"
_LOG = "parlour:log:"
_ALL = "parlour:all"
"""The channel on which a process says that hints of its own got lost: everybody reads again."""

_SWEEP = 15.0
_PATIENCE = 2.0
"""Seconds for which a follower waits for a copy of a log before it goes by the database."""

_AGAIN = 0.5


class RedisBus:
    """Live logs and topics over Redis; without it, everything local goes on.

    Followers and subscribers in the writer's own process are served from memory, without a round
    trip. For the others, every batch of entries is added to a stream, for those who come later,
    and published, for those who are there: one connection listens for all of them.
    """

    def __init__(
        self, url: str, keep: float = KEEP_ENDED, flush_every: float = FLUSH_EVERY
    ) -> None:
        """Begin disconnected; `keep` is for how many seconds ended logs can be read."""
        connect = connector(url)
        self._keep = keep
        self._origin = new_id("bus")
        self._shelf = Shelf(keep)
        self._topics = Topics(self._want_topic, self._leave_topic)
        self._mirrors: dict[str, Mirror] = {}
        self._loading: set[asyncio.Task[None]] = set()
        self._outbox = Outbox(self._origin, _TOPIC, _LOG, _ALL, keep)
        self._sender = Sender(connect, self._outbox, flush_every)
        self._listener = Listener(connect, self._heard, self._joined, _ALL)
        self._sweeper: asyncio.Task[None] | None = None

    @property
    def healthy(self) -> bool:
        """Whether other processes are reached just now."""
        return self._sender.up and self._listener.up

    async def start(self) -> None:
        """Begin to connect."""
        self._sender.start()
        self._listener.start()
        self._sweeper = asyncio.create_task(self._sweep(), name="bus-sweep")

    async def close(self) -> None:
        """Send what is waiting, if that goes quickly, and let go of the connections."""
        await self._sender.flush(1.0)
        if self._sweeper is not None:
            self._sweeper.cancel()
        for task in self._loading:
            task.cancel()
        await self._sender.stop()
        await self._listener.stop()
        for mirror in list(self._mirrors.values()):
            self._drop(mirror)
        self._shelf.clear()

    # Topics

    def publish(self, topic: str, note: str) -> None:
        """Give a hint to all who subscribed: here at once, elsewhere in a moment."""
        self.publish_here(topic, note)
        self._outbox.add_note(topic, note)
        self._sender.now()

    def publish_here(self, topic: str, note: str) -> None:
        """Give a hint to those of this process alone."""
        self._topics.give(topic, note)

    def subscribe(self, topic: str, wake: Callable[[], None]) -> Subscription:
        """Call `wake` when there is something to `take`.

        The first thing is MISSED, once hints of other processes arrive: what was read before that
        may have changed unheard.
        """
        return self._topics.join(topic, wake)

    def _want_topic(self, topic: str) -> None:
        self._listener.want(_TOPIC + topic)

    def _leave_topic(self, topic: str) -> None:
        self._listener.leave(_TOPIC + topic)

    def _joined(self, channel: str) -> None:
        if channel.startswith(_TOPIC):
            self._topics.give(channel.removeprefix(_TOPIC), MISSED)
        elif channel.startswith(_LOG):
            mirror = self._mirrors.get(channel.removeprefix(_LOG))
            if mirror is not None:
                self._load(mirror)

    def _heard(self, channel: str, data: bytes) -> None:
        if channel.startswith(_LOG):
            mirror = self._mirrors.get(channel.removeprefix(_LOG))
            if mirror is not None and not mirror.take(data):
                self._load(mirror)
            return
        origin, _, note = data.decode().partition(" ")
        if origin == self._origin:
            return
        if channel == _ALL:
            self._topics.give_all(MISSED)
        else:
            self._topics.give(channel.removeprefix(_TOPIC), note)

    # Logs

    def begin_log(self, key: str) -> LiveLog:
        """Begin a log; one that had the key before is ended."""
        mirror = self._mirrors.get(key)
        if mirror is not None:
            self._drop(mirror)
        begun = self._shelf.begin(key)
        self._outbox.add_log(begun, self._sender.soon)
        self._sender.now()
        return begun

    async def open_log(self, key: str) -> LiveLog | None:
        """Return the log of a key: our own, or a copy that grows as the other process writes."""
        found = self._shelf.find(key)
        if found is not None or not self.healthy:
            return found
        mirror = self._mirrors.get(key)
        if mirror is None:
            mirror = self._mirrors[key] = Mirror(key, self._let_go)
            self._listener.want(_LOG + key)
        try:
            # Shielded: others may be waiting for the same answer.
            known = await asyncio.wait_for(asyncio.shield(mirror.known), _PATIENCE)
        except TimeoutError:
            return None
        return mirror.log if known else None

    def _load(self, mirror: Mirror) -> None:
        if not mirror.loading:
            mirror.loading = True
            task = asyncio.create_task(self._fill(mirror))
            self._loading.add(task)
            task.add_done_callback(self._loading.discard)

    async def _fill(self, mirror: Mirror) -> None:
        """Read what the stream holds: at first, after a break, and when a batch got lost."""
        pause = _AGAIN
        try:
            while not await self._read_stream(mirror) and mirror.known.result():
                await asyncio.sleep(pause)
                pause = min(pause * 2, 2.0)
        finally:
            mirror.loading = False
            if not mirror.known.done() or not mirror.known.result():
                self._drop(mirror)

    async def _read_stream(self, mirror: Mirror) -> bool:
        """Tell whether nothing is missing now, or nobody wants to know any more."""
        if self._mirrors.get(mirror.log.key) is not mirror:
            return True
        read = False
        try:
            found = await self._sender.ask("XRANGE", _LOG + mirror.log.key, "-", "+")
            if isinstance(found, RedisError):
                raise found
            for _, (_, data) in found:
                mirror.take(data)
            read = mirror.complete
        except (OSError, RedisError) as error:
            log.info("bus.log_unread", reason=type(error).__name__)
        mirror.settle()
        return read

    def _let_go(self, mirror: Mirror) -> None:
        """The log has come to its end: nothing more is heard of it, and a while later it goes."""
        self._listener.leave(_LOG + mirror.log.key)
        asyncio.get_running_loop().call_later(self._keep, partial(self._drop, mirror))

    def _drop(self, mirror: Mirror) -> None:
        if self._mirrors.get(mirror.log.key) is mirror:
            del self._mirrors[mirror.log.key]
            self._listener.leave(_LOG + mirror.log.key)
            mirror.settle()

    async def _sweep(self) -> None:
        """Forget copies that nobody has watched since the last time."""
        while True:
            await asyncio.sleep(_SWEEP)
            for mirror in list(self._mirrors.values()):
                if mirror.idle():
                    self._drop(mirror)
