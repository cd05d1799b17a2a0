"""Where aiohttp is tied down: pinned addresses, no redirects, proxies or cookies, bounded heads."""

import asyncio
import math
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from parlour.kit.http.address import Target
from parlour.kit.http.client import Deadlines, RequestFailed
from parlour.kit.http.pace import Pace

Addresses = Callable[[str, int], Awaitable[list[str]]]
MayConnect = Callable[[str, int], bool]


class CheckedResolver(AbstractResolver):
    """Gives the connector checked addresses and nothing else; it connects to what it was given."""

    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Look up and check, in any family; Blocked passes through to the caller."""
        del family
        return [
            ResolveResult(
                hostname=host,
                host=each,
                port=port,
                family=socket.AF_INET6 if ":" in each else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for each in await self._addresses(host, port)
        ]

    async def close(self) -> None:
        """Hold nothing."""


def open_session(addresses: Addresses, may_connect: MayConnect) -> aiohttp.ClientSession:
    """Make the session all calls share; a name's checked addresses are remembered for 20 s."""

    def open_socket(info: Any) -> socket.socket:
        # Whatever path led here, an address that is closed gets no socket.
        family, kind, protocol, _, address = info
        if not may_connect(address[0], address[1]):
            raise PermissionError("this address is closed")
        return socket.socket(family=family, type=kind, proto=protocol)

    connector = aiohttp.TCPConnector(
        resolver=CheckedResolver(addresses),
        socket_factory=open_socket,
        ttl_dns_cache=20,
        limit=0,  # replies are counted where they are made
        keepalive_timeout=30,
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
        max_line_size=8_190,
        max_field_size=8_190,
        max_headers=128,
        skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        headers={"User-Agent": "Parlour", "Accept-Encoding": "identity"},
    )


async def begin(
    session: aiohttp.ClientSession,
    method: str,
    target: Target,
    *,
    headers: Mapping[str, str],
    body: bytes | None,
    deadlines: Deadlines,
) -> aiohttp.ClientResponse:
    """Send a request and wait for the head of its response."""
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=deadlines.connect, sock_read=None)
    with translated(target.origin, began=False):
        async with asyncio.timeout(min(deadlines.first_byte, deadlines.total)):
            return await session.request(
                method,
                URL(target.url, encoded=True),
                headers=headers,
                data=body,
                timeout=timeout,
                allow_redirects=False,
            )


class Patience:
    """Ends a response that is silent, takes too long or is too large.

    One timer that looks when something was last heard: aiohttp's own sets two for every chunk.
    """

    __slots__ = (
        *("_content", "_ends", "_heard", "_idle", "_inner", "_loop"),
        *("_most", "_now", "_origin", "_timer"),
    )

    def __init__(
        self, inner: aiohttp.ClientResponse, origin: str, deadlines: Deadlines, began: float
    ) -> None:
        """Wait from now on: the head of the response to a call that `began` then is here."""
        self._loop = asyncio.get_running_loop()
        self._now = self._loop.time
        self._inner = inner
        self._content = inner.content
        self._origin = origin
        self._most = math.inf
        self._idle = deadlines.idle
        self._heard = self._loop.time()
        self._ends = began + deadlines.total
        self._timer = self._loop.call_at(self._due(), self._look)

    def allow(self, most: int) -> None:
        """Let the body have at most so many bytes."""
        self._most = min(self._most, most)

    def heard(self) -> None:
        """Take note that something came. RequestFailed: it is more than allowed."""
        self._heard = self._now()
        if self._content.total_bytes > self._most:
            raise RequestFailed("bad_answer", f"{self._origin} sent more than allowed", began=True)

    def end(self) -> None:
        """Wait no longer."""
        self._timer.cancel()

    def _due(self) -> float:
        return min(self._heard + self._idle, self._ends)

    def _look(self) -> None:
        due = self._due()
        if self._loop.time() < due:
            self._timer = self._loop.call_at(due, self._look)
            return
        self._inner.content.set_exception(TimeoutError())
        self._inner.close()


class Pump:
    """Hands a body to `take` as it arrives, without waking a task for each piece.

    Among many, it does not look at what comes for a moment after each piece (`Pace`).
    It stands where aiohttp keeps the future of a task that reads; nothing public tells of what
    has come. What came within one turn of the event loop is handed over in one piece, in the next:
    aiohttp's parser must not be in the midst of its work.
    """

    __slots__ = ("_content", "_heard", "_is_due", "_loop", "_over", "_pace", "_take")

    def __init__(
        self,
        content: aiohttp.StreamReader,
        patience: Patience,
        pace: Pace,
        take: Callable[[bytes], bool],
    ) -> None:
        """Get ready; `take` says whether it wants more, and what it raises comes out of `run`."""
        self._pace = pace
        self._content: Any = content
        self._heard = patience.heard
        self._take = take
        self._loop = asyncio.get_running_loop()
        self._over: asyncio.Future[None] = self._loop.create_future()
        self._is_due = False

    async def run(self) -> None:
        """Hand over until the body's end, or until no more is wanted."""
        if self._content.at_eof():
            return
        self._pace.running += 1
        try:
            self._drain()
            await self._over
        finally:
            self._pace.running -= 1
            self._wait(None)
            self._over.cancel()
            self._wake()

    def done(self) -> bool:
        """Say, as a future would, whether there is nobody to tell."""
        return self._is_due

    def set_result(self, _: None) -> None:
        """Be told that something came, or the end."""
        self._is_due = True
        self._loop.call_soon(self._drain)

    def set_exception(self, _: BaseException) -> None:
        """Be told that the body broke off."""
        if not self._is_due:
            self.set_result(None)

    def _drain(self) -> None:
        self._is_due = False
        content, over = self._content, self._over
        if over.done():
            return
        try:
            had = content.total_bytes
            data = content._read_nowait(-1)  # noqa: SLF001
            is_wanted = True
            if data:
                self._heard()
                is_wanted = self._take(data)
            # What came before a body broke off has been handed over, too.
            if (broke := content.exception()) is not None:
                raise broke
            if not is_wanted or content.at_eof():
                over.set_result(None)
            elif content.total_bytes != had:  # reading made room, and more was let in
                self.set_result(None)
            else:
                self._wait(self)
                if data and self._pace.rest(self._wake) and (line := self._line()) is not None:
                    line.pause_reading()
        except Exception as error:  # noqa: BLE001 - whatever it is, it comes out of `run`
            over.set_exception(error)

    def _wake(self) -> None:
        if (line := self._line()) is not None:
            line.resume_reading()

    def _line(self) -> asyncio.Transport | None:
        """Return the connection, while there is one."""
        line: asyncio.Transport | None = self._content._protocol.transport  # noqa: SLF001
        return None if line is None or line.is_closing() else line

    def _wait(self, waiter: "Pump | None") -> None:
        self._content._waiter = waiter  # noqa: SLF001


@contextmanager
def translated(origin: str, *, began: bool) -> Iterator[None]:
    """Turn aiohttp's many errors into RequestFailed."""
    try:
        yield
    except TimeoutError as error:
        raise RequestFailed("timeout", f"{origin} took too long", began=began) from error
    except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError) as error:
        raise RequestFailed(
            "unreachable", f"{origin} has no certificate that can be trusted"
        ) from error
    except (aiohttp.ClientResponseError, aiohttp.InvalidURL) as error:
        raise RequestFailed(
            "bad_answer", f"{origin} does not speak HTTP well", began=began
        ) from error
    except (aiohttp.ClientError, OSError) as error:
        why = "broke the connection" if began else "cannot be reached"
        raise RequestFailed("unreachable", f"{origin} {why}", began=began) from error
