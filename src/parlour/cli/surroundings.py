"""What the doctor looks at around an instance: Redis, the visitors' address, the provider."""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.exceptions import RedisError

from parlour.cli.findings import Finding
from parlour.config import Settings
from parlour.kit.clock import SystemClock
from parlour.kit.http import Blocked, Deadlines, GuardedClient, RequestFailed
from parlour.staff.openid.provider import Provider
from parlour.staff.openid.refusals import ProviderAway

_PATIENCE: Final = 3


async def redis(settings: Settings) -> AsyncIterator[Finding]:
    """Look at Redis, which several processes need."""
    if not settings.redis_url:
        yield Finding("Redis", "good", "not used: one process serves")
        return
    client = Redis.from_url(
        settings.redis_url, socket_connect_timeout=_PATIENCE, socket_timeout=_PATIENCE
    )
    try:
        await client.ping()
    except (RedisError, OSError, ValueError) as error:
        yield Finding("Redis", "bad", f"cannot be reached ({type(error).__name__})")
    else:
        yield Finding("Redis", "good", "reached")
    finally:
        await client.aclose()


async def address(settings: Settings) -> AsyncIterator[Finding]:
    """Look at the address that visitors use."""
    url = settings.public_url
    if not url:
        told = "PARLOUR_PUBLIC_URL is not set: links show this machine's own address"
        yield Finding("address", "odd", told)
        return
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
        yield Finding("address", "bad", f"{url} is not like https://chat.example.org")
        return
    here = await asyncio.to_thread(_is_here, parts.hostname)
    if parts.scheme == "http" and not (here and _loopback(parts.hostname)):
        yield Finding("address", "odd", f"{url} is not https: what is said can be read on the way")
    if not here:
        yield Finding("address", "good", f"{url}; it leads elsewhere, so it was not called")
        return
    yield await _called(url.rstrip("/"))


async def provider(settings: Settings) -> AsyncIterator[Finding]:
    """Look at the OpenID provider by which people sign in, if there is one."""
    if not settings.oidc_issuer:
        return
    client = GuardedClient(settings)
    try:
        await Provider(settings, client, SystemClock()).offer()
    except ProviderAway as error:
        yield Finding("provider", "bad", f"{settings.oidc_issuer}: {error.reason}")
    else:
        yield Finding("provider", "good", f"{settings.oidc_issuer} answers")
    finally:
        await client.close()


def _loopback(host: str) -> bool:
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


class _Anywhere:
    """The limits of a call to ourselves: the guarded client would refuse it."""

    def __init__(self) -> None:
        self.allow_networks = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))
        self.host, self.port = "", -1


async def _called(url: str) -> Finding:
    client = GuardedClient(_Anywhere())
    deadlines = Deadlines(connect=_PATIENCE, first_byte=_PATIENCE, idle=_PATIENCE, total=_PATIENCE)
    try:
        async with client.stream("GET", f"{url}/healthz", deadlines=deadlines) as response:
            said = await response.excerpt()
    except (Blocked, RequestFailed) as error:
        return Finding("address", "odd", f"{url} does not answer just now ({error})")
    finally:
        await client.close()
    if response.status == 200 and b"alive" in said:
        return Finding("address", "good", f"{url} answers")
    return Finding("address", "bad", f"something else answers at {url}")
