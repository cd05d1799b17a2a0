"""The connection to Redis that listens, for everybody in this process who follows or subscribed."""

import asyncio
from collections.abc import Callable

from redis.asyncio.connection import AbstractConnection

from parlour.kit.bus.lanes import PING, Command, Lane


class Listener(Lane):
    """Keeps this process subscribed to the channels it wants."""

    def __init__(
        self,
        connect: Callable[[], AbstractConnection],
        heard: Callable[[str, bytes], None],
        joined: Callable[[str], None],
        always: str,
    ) -> None:
        """`heard` gets every message, `joined` every channel from which nothing is missed now."""
        super().__init__(connect, "listener")
        self._heard = heard
        self._joined = joined
        self._wanted: dict[str, None] = {always: None}
        self._changes: dict[str, bool] = {}
        self._changed = asyncio.Event()

    def want(self, channel: str) -> None:
        """Subscribe; `joined` is told as soon as it is so, and again after every break."""
        self._wanted[channel] = None
        self._change(channel, wanted=True)

    def leave(self, channel: str) -> None:
        """Unsubscribe."""
        self._wanted.pop(channel, None)
        self._change(channel, wanted=False)

    def _change(self, channel: str, *, wanted: bool) -> None:
        self._changes[channel] = wanted
        self._changed.set()

    async def _serve(self, connection: AbstractConnection) -> None:
        self._changes = dict.fromkeys(self._wanted, True)
        self._changed.set()
        writing = asyncio.create_task(self._write(connection))
        reading = asyncio.create_task(self._read(connection))
        try:
            await asyncio.wait({writing, reading}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            writing.cancel()
            reading.cancel()
            ends = await asyncio.gather(writing, reading, return_exceptions=True)
        for end in ends:
            if isinstance(end, Exception):
                raise end

    async def _write(self, connection: AbstractConnection) -> None:
        asked: set[str] = set()
        while True:
            try:
                async with asyncio.timeout(PING):
                    await self._changed.wait()
            except TimeoutError:
                await connection.send_command("PING", check_health=False)
                continue
            self._changed.clear()
            changes, self._changes = self._changes, {}
            more = [each for each, wanted in changes.items() if wanted and each not in asked]
            less = [each for each, wanted in changes.items() if not wanted and each in asked]
            asked.update(more)
            asked.difference_update(less)
            commands: list[Command] = [("SUBSCRIBE", *more)] if more else []
            commands += [("UNSUBSCRIBE", *less)] if less else []
            if commands:
                packed = connection.pack_commands(commands)
                await connection.send_packed_command(packed, check_health=False)

    async def _read(self, connection: AbstractConnection) -> None:
        while True:
            # Silence for longer than three pings means that nobody is there.
            answer = await connection.read_response(timeout=3 * PING)
            if answer is None:
                raise TimeoutError
            if not isinstance(answer, list):
                continue
            kind, channel, data = answer[0], answer[1].decode(), answer[2:]
            if kind == b"message":
                self._heard(channel, data[0])
            elif kind == b"subscribe":
                if not self.up:
                    self._rose()
                self._joined(channel)

    def _fell(self) -> None:
        self._changes.clear()
