"""A connection to Redis that mends itself, and what all of them share.

Each connection belongs to one task for its whole life, and is thrown away when that task fails or
ends. A caller that is cancelled only drops a future, so no answer can reach the wrong question.
"""

import asyncio
import random
from abc import ABC, abstractmethod
from collections.abc import Callable

import structlog
from redis.asyncio.connection import AbstractConnection, ConnectionPool
from redis.exceptions import RedisError

log = structlog.get_logger("parlour.bus")

Command = tuple[bytes | str | int, ...]

_DEADLINE = 3.0
"""Seconds for connecting, and for any one answer."""

PING = 5.0
"""Seconds of silence after which the other end is asked whether it is there."""

_LONGEST_PAUSE = 2.0


def connector(url: str) -> Callable[[], AbstractConnection]:
    """Return what makes connections for a Redis URL; an unusable URL is a ValueError."""
    pool = ConnectionPool.from_url(
        url, socket_timeout=_DEADLINE, socket_connect_timeout=_DEADLINE, client_name="parlour"
    )
    pool.connection_kwargs["protocol"] = 2  # answers and messages are told apart by connection
    return pool.make_connection


class Lane(ABC):
    """A connection that is made again, with growing pauses, as often as it breaks."""

    def __init__(self, connect: Callable[[], AbstractConnection], name: str) -> None:
        """Begin disconnected."""
        self.up = False
        self._connect = connect
        self._name = name
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to connect."""
        self._task = asyncio.create_task(self._run(), name=f"bus-{self._name}")

    async def stop(self) -> None:
        """Disconnect for good."""
        # Again until it ends: the library swallows a cancellation that meets its connecting.
        while self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=0.1)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        pause = 0.05
        while True:
            began = loop.time()
            try:
                await self._live()
            except (RedisError, OSError, TimeoutError) as error:
                self._complain(type(error).__name__)
            except Exception:
                log.exception("bus.lane_failed", lane=self._name)
            finally:
                self.up = False
                self._fell()
            if loop.time() - began > 2 * PING:
                pause = 0.05
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - spreads load
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _complain(self, reason: str) -> None:
        if self.up:
            log.warning("bus.lost", lane=self._name, reason=reason)

    async def _live(self) -> None:
        connection = self._connect()
        try:
            await connection.connect()  # type: ignore[no-untyped-call]  # theirs
            await self._serve(connection)
        finally:
            await connection.disconnect(nowait=True)

    def _rose(self) -> None:
        self.up = True
        log.info("bus.connected", lane=self._name)

    @abstractmethod
    async def _serve(self, connection: AbstractConnection) -> None:
        """Use a fresh connection until it breaks; call `_rose` when it works."""

    @abstractmethod
    def _fell(self) -> None:
        """Take note that the connection is gone."""
