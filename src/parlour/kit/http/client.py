"""The guarded client: checks an address when it is saved and each time before it calls it."""

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import orjson

from parlour.kit.http.address import Blocked, Network, Target, parse, permitted
from parlour.kit.http.pace import Pace

if TYPE_CHECKING:  # aiohttp takes 0.2 s to import; who never calls out never pays
    import aiohttp

    from parlour.kit.http.wire import Patience

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Turns a host name into the text of all its addresses; OSError when it has none."""

_RESOLVE_SECONDS: Final = 5.0
_REFUSAL_SECONDS: Final = 0.1
"""A refusal at save time takes at least this long, so that its time tells nothing."""
_MAX_BYTES: Final = 32 * 1024 * 1024


class Limits(Protocol):
    """The settings this client obeys."""

    @property
    def allow_networks(self) -> tuple[Network, ...]: ...
    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """How long a call may take, in seconds."""

    connect: float = 10.0
    first_byte: float = 60.0
    """Until the response's head has arrived, connecting included."""
    idle: float = 60.0
    """Between two arrivals of bytes."""
    total: float = 600.0


class RequestFailed(Exception):
    """The call came to nothing; the message names the origin and no path, query or secret.

    `code` is `unreachable` (no connection, or it broke), `timeout` or `bad_answer` (too large,
    compressed, not HTTP). `began` tells whether a response had begun to arrive.
    """

    def __init__(self, code: str, message: str, *, began: bool = False) -> None:
        """Say what went wrong."""
        super().__init__(message)
        self.code = code
        self.began = began


class Response:
    """What came back: a status, headers, and a body that is read as it arrives."""

    def __init__(
        self, inner: "aiohttp.ClientResponse", origin: str, patience: "Patience", pace: Pace
    ) -> None:
        self._inner = inner
        self._pace = pace
        self._origin = origin
        self._patience = patience

    @property
    def status(self) -> int:
        """The HTTP status; a redirect is an answer like any other and is never followed."""
        return self._inner.status

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers; names are found in any case."""
        return self._inner.headers

    async def chunks(self) -> AsyncGenerator[bytes]:
        """Yield the body as it arrives; RequestFailed when it breaks, stalls or grows too large."""
        from parlour.kit.http.wire import translated  # noqa: PLC0415 - see TYPE_CHECKING above

        self._refuse_compressed()
        content, heard = self._inner.content, self._patience.heard
        with translated(self._origin, began=True):
            while data := await content.readany():
                heard()
                yield data

    async def pour(self, take: Callable[[bytes], bool]) -> None:
        """Hand the body to `take` as it arrives, until its end or until `take` wants no more.

        What `chunks` does for whoever can wait in between; this wakes no task for a piece. What
        `take` raises comes out of here; RequestFailed as in `chunks`.
        """
        from parlour.kit.http.wire import Pump, translated  # noqa: PLC0415 - see TYPE_CHECKING

        self._refuse_compressed()
        with translated(self._origin, began=True):
            await Pump(self._inner.content, self._patience, self._pace, take).run()

    async def read(self, max_bytes: int = _MAX_BYTES) -> bytes:
        """Read the whole body; RequestFailed when it has more than `max_bytes`."""
        self._patience.allow(max_bytes)
        return b"".join([chunk async for chunk in self.chunks()])

    async def excerpt(self, max_bytes: int = 2_000) -> bytes:
        """Read the beginning of a body that tells of an error, and never fail at it."""
        got = b""
        with contextlib.suppress(RequestFailed, TimeoutError):
            async with asyncio.timeout(5):
                async with contextlib.aclosing(self.chunks()) as chunks:
                    async for chunk in chunks:
                        got += chunk
                        if len(got) >= max_bytes:
                            break
        return got[:max_bytes]

    async def settle(self, seconds: float = 0.05) -> None:
        """Wait a moment for the body's end, so that the connection can be used again."""
        if self._inner.content.at_eof():
            return
        with contextlib.suppress(RequestFailed, TimeoutError):
            async with asyncio.timeout(seconds):
                async for _ in self.chunks():
                    pass

    def _refuse_compressed(self) -> None:
        # Asked for identity, a server that compresses anyway is wrong, or has a bomb for us.
        if self._inner.headers.get("Content-Encoding", "identity").lower() not in ("identity", ""):
            self._inner.close()
            raise RequestFailed(
                "bad_answer", f"{self._origin} answered compressed, unasked", began=True
            )


class GuardedClient:
    """Calls addresses that people typed, and only those that may be called.

    Every address behind a name is checked, and the connection goes to a checked one: no second
    look-up, no redirect, no proxy from the environment. Connections are kept and used again per
    origin. Needs no event loop until it is first used.
    """

    def __init__(self, settings: Limits, *, resolve: Resolve | None = None) -> None:
        """Obey these settings; `resolve` replaces the system's name look-up in tests."""
        self._settings = settings
        self._resolve = resolve or system_resolve
        self._session: aiohttp.ClientSession | None = None
        self.pace = Pace()
        """How often the bodies of all its responses are read."""

    async def close(self) -> None:
        """Close every connection; the client can be used again afterwards."""
        self.pace.close()
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def check(self, url: str) -> Target:
        """Tell whether this address may be called, before it is saved; Blocked when not.

        It is checked again at each call, since what a name stands for can change.
        """
        began = asyncio.get_running_loop().time()
        try:
            target = parse(url)
            await self.addresses(target.host, target.port)
        except Blocked:
            passed = asyncio.get_running_loop().time() - began
            await asyncio.sleep(max(0.0, _REFUSAL_SECONDS - passed))
            raise
        return target

    async def addresses(self, host: str, port: int) -> list[str]:
        """Look up a host and return its addresses; Blocked when any of them is closed."""
        try:
            async with asyncio.timeout(_RESOLVE_SECONDS):
                found = await self._resolve(host, port)
        except (OSError, UnicodeError, TimeoutError):
            raise Blocked(unresolved=True) from None
        if not found:
            raise Blocked(unresolved=True)
        if not all(self.may_connect(each, port) for each in found):
            raise Blocked
        return found

    def may_connect(self, address: str, port: int) -> bool:
        """Tell whether a socket may be connected to this address; the last look before it is."""
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return False
        ours = port == self._settings.port and (ip.is_loopback or address == self._settings.host)
        return not ours and permitted(ip, self._settings.allow_networks)

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        deadlines: Deadlines | None = None,
        max_bytes: int = _MAX_BYTES,
    ) -> AsyncIterator[Response]:
        """Call an address and hand over the response as soon as its head is here.

        Leaving the block ends the call. Blocked when the address may not be called, RequestFailed
        when the call comes to nothing.
        """
        target = parse(url)
        if target.ip is not None and not self.may_connect(target.host, target.port):
            raise Blocked
        from parlour.kit.http import wire  # noqa: PLC0415 - see TYPE_CHECKING above

        if self._session is None:
            self._session = wire.open_session(self.addresses, self.may_connect)
        deadlines, began = deadlines or Deadlines(), asyncio.get_running_loop().time()
        inner = await wire.begin(
            self._session, method, target, headers=headers or {}, body=body, deadlines=deadlines
        )
        patience = wire.Patience(inner, target.origin, deadlines, began)
        patience.allow(max_bytes)
        try:
            yield Response(inner, target.origin, patience, self.pace)
        finally:
            patience.end()
            inner.release()

    async def post_json(
        self,
        url: str,
        document: Any,
        *,
        headers: Mapping[str, str] | None = None,
        deadlines: Deadlines | None = None,
        max_bytes: int = _MAX_BYTES,
    ) -> tuple[int, bytes]:
        """Post a JSON document; return the status and the whole body. Errors as `stream`."""
        sent = {"Content-Type": "application/json", "Accept": "application/json"}
        async with self.stream(
            "POST",
            url,
            headers=sent | dict(headers or {}),
            body=orjson.dumps(document),
            deadlines=deadlines,
            max_bytes=max_bytes,
        ) as response:
            return response.status, await response.read()


async def system_resolve(host: str, port: int) -> list[str]:
    """Ask the system for all addresses of a host; OSError when it has none."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(each[4][0]) for each in found]
