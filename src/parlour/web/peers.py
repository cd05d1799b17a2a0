"""Who is at the other end of a request: the connection's own address, or a trusted proxy's word."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from litestar.types import Scope

from parlour.config import Network
from parlour.tools import Tools

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

UNKNOWN = "unknown"
"""The place of a peer without an address."""


@dataclass(frozen=True, slots=True)
class OtherEnd:
    """The other end of a connection: a visitor's, or a proxy's."""

    address: str
    is_trusted: bool
    """Whether it is a proxy whose word is believed."""
    forwards: bool
    """Whether it says for whom it asks."""


def other_end(scope: Scope, trusted: Sequence[Network]) -> OtherEnd:
    """Return who is connected, whoever that asks for."""
    client = scope.get("client")
    address = _read(client[0]) if client else None
    if address is None:
        return OtherEnd(UNKNOWN, is_trusted=False, forwards=bool(_forwarded(scope)))
    return OtherEnd(str(address), _is_trusted(address, trusted), bool(_forwarded(scope)))


def peer(scope: Scope, trusted: Sequence[Network], prefix: int = 64) -> str:
    """Return the place a request comes from, to count by: an IPv4 address, or an IPv6 network.

    `X-Forwarded-For` is believed only from a trusted proxy, and of it only the rightmost address
    that is not a trusted proxy itself: everything to its left was written by strangers.
    """
    client = scope.get("client")
    address = _read(client[0]) if client else None
    if address is None:
        return UNKNOWN
    if _is_trusted(address, trusted):
        for hop in reversed(_forwarded(scope)):
            claimed = _read(hop)
            if claimed is None:
                break
            address = claimed
            if not _is_trusted(claimed, trusted):
                break
    return _place(address, prefix)


def seen_from(scope: Scope, tools: Tools) -> str:
    """Return the place a request comes from, for the record of what the staff does."""
    settings = tools.settings
    return peer(scope, settings.trusted_proxies, settings.ipv6_prefix)


def place_of(scope: Scope, tools: Tools, what: str) -> str:
    """Return the place a request comes from as a key to count `what` by, which tells nobody."""
    settings = tools.settings
    return tools.keys.hashed(
        f"{what} from {peer(scope, settings.trusted_proxies, settings.ipv6_prefix)}"
    )


def _forwarded(scope: Scope) -> list[str]:
    given = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return b",".join(given).decode("latin-1").split(",") if given else []


def _read(text: str) -> Address | None:
    """Read an address as proxies write it: with a port, in brackets, with a zone."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _is_trusted(address: Address, trusted: Sequence[Network]) -> bool:
    return any(address in network for network in trusted)


def _place(address: Address, prefix: int) -> str:
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    # Whoever has one address of a network, a /64 mostly, has all of them.
    return str(ipaddress.ip_network((address, prefix), strict=False))
