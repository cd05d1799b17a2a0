"""The connection to Redis that sends: batches of what waits, and questions in between."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import structlog
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError, ResponseError

from parlour.kit.bus.lanes import PING, Command, Lane

log = structlog.get_logger("parlour.bus")


class Feed(Protocol):
    """Where the sender gets what is to be sent."""

    def renew(self) -> None:
        """Take note that a connection was made: the server may know nothing any more."""

    def collect(self) -> tuple[list[Command], Callable[[], None]]:
        """Return the commands to send now, and what to call once all were answered well."""


class Sender(Lane):
    """Sends what a feed has, in batches, and asks questions in between."""

    def __init__(self, connect: Callable[[], AbstractConnection], feed: Feed, every: float) -> None:
        """`every`: seconds between two batches that nobody called urgent."""
        super().__init__(connect, "sender")
        self._feed = feed
        self._every = every
        self._ready = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._last = 0.0
        self._questions: list[tuple[Command, asyncio.Future[Any]]] = []

    def now(self) -> None:
        """Send at once."""
        self._ready.set()

    def soon(self) -> None:
        """Send with the next batch; at once when the last one is long ago."""
        if self._timer is None and not self._ready.is_set():
            loop = asyncio.get_running_loop()
            due = self._last + self._every
            if due <= loop.time():
                self._ready.set()
            else:
                self._timer = loop.call_at(due, self._ready.set)

    async def ask(self, *command: bytes | str | int) -> Any:
        """Send one command and return its answer; ConnectionError when there is no connection."""
        if not self.up:
            raise ConnectionError("there is no connection")
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._questions.append((command, answer))
        self.now()
        return await answer

    async def flush(self, within: float) -> None:
        """Have everything sent that waits, if that works within so many seconds."""
        if self.up:
            try:
                async with asyncio.timeout(within):
                    await self.ask("PING")
            except (TimeoutError, ConnectionError, RedisError):
                log.info("bus.not_flushed")

    async def _serve(self, connection: AbstractConnection) -> None:
        _refuse(await _exchange(connection, [("PING",)]))
        self._feed.renew()
        self._rose()
        self._ready.set()
        while True:
            try:
                async with asyncio.timeout(PING):
                    await self._ready.wait()
            except TimeoutError:
                _refuse(await _exchange(connection, [("PING",)]))
                continue
            self._rest()
            await self._send(connection)

    def _rest(self) -> None:
        self._ready.clear()
        self._last = asyncio.get_running_loop().time()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _send(self, connection: AbstractConnection) -> None:
        commands, sent = self._feed.collect()
        questions = list(self._questions)
        asked = [command for command, _ in questions]
        answers = await _exchange(connection, commands + asked)
        # Not before the answers: what goes wrong on the way is told to who asked, in _fell.
        self._questions = self._questions[len(questions) :]
        for (_, future), answer in zip(questions, answers[len(commands) :], strict=True):
            if not future.done():
                future.set_result(answer)
        _refuse(answers[: len(commands)])
        sent()

    def _fell(self) -> None:
        questions, self._questions = self._questions, []
        for _, answer in questions:
            if not answer.done():
                answer.set_exception(ConnectionError("the connection broke"))


async def _exchange(connection: AbstractConnection, commands: Sequence[Command]) -> list[Any]:
    if not commands:
        return []
    packed = connection.pack_commands(commands)
    await connection.send_packed_command(packed, check_health=False)
    answers: list[Any] = []
    for _ in commands:
        try:
            answers.append(await connection.read_response())
        except ResponseError as error:
            answers.append(error)
    return answers


def _refuse(answers: Iterable[Any]) -> None:
    for answer in answers:
        if isinstance(answer, ResponseError):
            raise answer
