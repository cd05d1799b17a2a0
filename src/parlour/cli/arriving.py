"""What the doctor learns by coming in as visitors do: address, proxies, streams, cookies."""

import asyncio
import contextlib
import ipaddress
import socket
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import msgspec

from parlour.cli.findings import Finding
from parlour.config import Settings
from parlour.kit import instance, probe
from parlour.kit.clock import SECOND, SystemClock
from parlour.kit.errors import Problem
from parlour.kit.http import Blocked, Deadlines, GuardedClient, RequestFailed, Response
from parlour.kit.http.lines import EventReader
from parlour.kit.tokens import Keyring

_PATIENCE: Final = 3
_MOST_HOSTS: Final = 10
_LIVELY: Final = probe.APART / SECOND / 2
"""Seconds that must lie between two events which were sent apart."""


async def address(settings: Settings) -> AsyncIterator[Finding]:
    """Look at the address that visitors use, and at what stands between them and the server."""
    url = settings.public_url.rstrip("/")
    if not url:
        told = "PARLOUR_PUBLIC_URL is not set: links show this machine's own address"
        yield Finding("address", "odd", told)
        return
    parts = urlsplit(url)
    here = await asyncio.to_thread(_is_here, parts.hostname or "")
    if parts.scheme == "http" and not (here and _is_loopback(parts.hostname or "")):
        told = f"{url} is not https: what is said can be read on the way, and in pages of other "
        yield Finding("address", "odd", f"{told}sites the chat opens in a tab of its own only")
    keys = _keys(settings)
    if keys is None:
        return
    try:
        arrived = await _arrived(url, keys)
    except (Blocked, RequestFailed, TimeoutError) as error:
        yield Finding("address", "odd", f"{url} does not answer just now ({error})")
        return
    if arrived is None:
        yield Finding("address", "bad", f"something else answers at {url}, or another instance")
        return
    yield Finding("address", "good", f"{url} answers, and is this instance")
    for finding in (*_place(arrived.seen, here=here), *_stream(arrived), *_cookie(arrived)):
        yield finding


async def hosts(settings: Settings, homes: Sequence[str]) -> AsyncIterator[Finding]:
    """Look at the hosts of workspaces: that their names lead here, and that we are met there."""
    what, keys = "workspaces' hosts", _keys(settings)
    if not settings.base_domain or keys is None:
        return
    for url in homes[:_MOST_HOSTS]:
        try:
            arrived = await _arrived(url, keys)
        except (Blocked, RequestFailed, TimeoutError) as error:
            told = f"{url} does not answer just now ({error}): *.{settings.base_domain} must lead "
            yield Finding(what, "bad", f"{told}here, by name, certificate and proxy")
            return
        if arrived is None:
            told = f"something else answers at {url}, or a proxy does not pass the host on"
            yield Finding(what, "bad", told)
            return
    yield Finding(what, "good", f"all answer below {settings.base_domain}, {len(homes)} in all")


@dataclass(frozen=True, slots=True)
class _Arrived:
    """What came back, and how."""

    seen: probe.Seen
    apart: float
    """Seconds between the two events."""
    cookie: str
    """The Set-Cookie header as it came; empty when none did."""


def _place(seen: probe.Seen, *, here: bool) -> Iterator[Finding]:
    what = "visitors' address"
    if seen.believed and seen.forwarded:
        yield Finding(what, "good", f"told by a trusted proxy, {seen.peer}: {seen.place} just now")
    elif seen.believed:
        told = f"{seen.peer} is trusted and tells no address: let it send X-Forwarded-For"
        yield Finding(what, "odd", told)
    elif seen.forwarded:
        told = f"a proxy at {seen.peer} tells it and is not believed, so all visitors count as one"
        yield Finding(what, "odd", f"{told}: PARLOUR_TRUSTED_PROXIES={seen.peer}")
    elif here or not _is_private(seen.peer):
        yield Finding(what, "good", f"their own connection's: {seen.place} just now")
    else:
        told = f"all come from {seen.peer}: if that is a proxy, let it send X-Forwarded-For"
        yield Finding(what, "odd", told)


def _stream(arrived: _Arrived) -> Iterator[Finding]:
    if arrived.apart >= _LIVELY:
        yield Finding("streams", "good", "arrive as they are sent")
        return
    told = "are held back on the way: turn off the buffering (and compressing) of a proxy for them"
    yield Finding("streams", "bad", told)


def _cookie(arrived: _Arrived) -> Iterator[Finding]:
    given = {part.strip().lower() for part in arrived.cookie.split(";")}
    wanted = {f"{probe.COOKIE}=arrived", "httponly", "samesite=lax", f"path={probe.PATH}"}
    if arrived.seen.secure:
        wanted.add("secure")
    lost = sorted(wanted - given)
    if not arrived.cookie:
        yield Finding("cookies", "bad", "are taken away on the way: no visitor is known again")
    elif lost:
        yield Finding("cookies", "odd", f"are changed on the way: {', '.join(lost)} is missing")
    else:
        yield Finding("cookies", "good", "arrive as they are sent")


def _keys(settings: Settings) -> Keyring | None:
    with contextlib.suppress(Problem, OSError):
        return instance.present_keys(settings.data_dir, settings.secret_key)
    return None


class _Anywhere:
    """The limits of a call to ourselves: the guarded client would refuse it."""

    def __init__(self) -> None:
        self.allow_networks = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))
        self.host, self.port = "", -1


async def _arrived(url: str, keys: Keyring) -> _Arrived | None:
    """Come in by the address; None when somebody else answers."""
    client = GuardedClient(_Anywhere())
    deadlines = Deadlines(
        connect=_PATIENCE, first_byte=_PATIENCE, idle=_PATIENCE, total=3 * _PATIENCE
    )
    word = probe.word(keys, SystemClock().now())
    try:
        async with client.stream("GET", url + probe.PATH + word, deadlines=deadlines) as response:
            if response.status != 200:
                return None
            return await _read(response, keys, word)
    finally:
        await client.close()


async def _read(response: Response, keys: Keyring, word: str) -> _Arrived | None:
    reader, seen, at = EventReader(), None, []
    async for chunk in response.chunks():
        for event in reader.feed(chunk):
            at.append(time.monotonic())
            if seen is None:
                try:
                    seen = msgspec.json.decode(event, type=probe.Seen)
                except msgspec.MsgspecError:
                    return None
    if seen is None or not probe.is_ours(keys, word, seen.proof):
        return None
    apart = at[1] - at[0] if len(at) > 1 else 0.0
    return _Arrived(seen, apart, response.headers.get("Set-Cookie", ""))


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_here(host: str) -> bool:
    """Whether a name leads to this machine: only one of our own addresses can be bound to."""
    try:
        found = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    for family, kind, protocol, _, place in found:
        with socket.socket(family, kind, protocol) as probe:
            try:
                probe.bind(place)
            except OSError:
                continue
            return True
    return False
