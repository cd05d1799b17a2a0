"""Speaking with the helper process: requests have a time limit, a stuck helper is replaced."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncGenerator
from types import TracebackType
from typing import Final, Self

import msgspec

from parlour.agents.library.helper import LENGTH, Answer, Build, Not, Read, ReadBytes, Request, Take
from parlour.kit.errors import Unavailable

_READ_SECONDS: Final = 30.0
_BUILD_SECONDS: Final = 600.0
_PASSED_ON: Final = ("PATH", "HOME", "LANG", "LC_ALL", "PYTHONPATH", "TMPDIR", "VIRTUAL_ENV")
"""The helper gets none of the server's secrets."""


class Helper:
    """A process of our own for reading and building; started when it is first needed."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self._stop()

    async def read(self, request: Read | ReadBytes) -> Answer:
        """Have a file read; one that takes too long, or takes the helper down, cannot be read."""
        try:
            async with asyncio.timeout(_READ_SECONDS):
                await self._send(request)
                return await self._answer()
        except TimeoutError:
            await self._stop()
            return Not(f"reading it takes longer than {_READ_SECONDS:.0f} seconds")
        except (asyncio.IncompleteReadError, ConnectionError):
            await self._stop()
            return Not("it cannot be read without breaking the reader")

    async def take(self, request: Take) -> None:
        """Hand over a document for the index."""
        try:
            await self._send(request)
        except ConnectionError as error:
            raise Unavailable("the index could not be built") from error

    async def build(self) -> AsyncGenerator[Answer, None]:
        """Have the index built; yields its parts as they are ready."""
        try:
            async with asyncio.timeout(_BUILD_SECONDS):
                await self._send(Build())
                while True:
                    yield await self._answer()
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError) as error:
            await self._stop()
            raise Unavailable("the index could not be built") from error

    async def _send(self, request: Request) -> None:
        process = await self._started()
        assert process.stdin is not None  # noqa: S101 - a pipe was asked for
        raw = msgspec.msgpack.encode(request)
        process.stdin.write(LENGTH.pack(len(raw)) + raw)
        await process.stdin.drain()

    async def _answer(self) -> Answer:
        assert self._process is not None  # noqa: S101 - something was sent to it
        assert self._process.stdout is not None  # noqa: S101 - a pipe was asked for
        head = await self._process.stdout.readexactly(LENGTH.size)
        raw = await self._process.stdout.readexactly(LENGTH.unpack(head)[0])
        answer: Answer = msgspec.msgpack.decode(raw, type=Answer)
        return answer

    async def _started(self) -> asyncio.subprocess.Process:
        if self._process is None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "parlour.agents.library.helper",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
                start_new_session=True,
            )
        return self._process

    async def _stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
