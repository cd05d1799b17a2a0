"""Which addresses may be called at all: one strict URL parser, one table of networks."""

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import idna

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

GENERIC: Final = "This address does not resolve, or calling it from here is not allowed."
"""The same words for every address that is closed, so that they tell nothing of the network."""

_LONGEST: Final = 2_000
_SHAPE: Final = re.compile(
    r"(?P<scheme>[Hh][Tt][Tt][Pp][Ss]?)://"
    r"(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|[^\x00-\x20\x7f/?#@\\:\[\]%]{1,255})"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<rest>(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*)?"
    r"(?:\?(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?)\Z",
)
_NAME: Final = re.compile(r"(?!.*\.\.)[a-z0-9_]([a-z0-9_.-]{0,250}[a-z0-9_])?\Z", re.ASCII)
_NUMBER: Final = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)\Z", re.ASCII)

_OPEN_LOW_PORTS: Final = frozenset({80, 443})
_CLOSED_HIGH_PORTS: Final = frozenset(
    (
        *(1080, 1433, 1521, 1719, 1720, 1723, 2049, 2181, 2375, 2376, 2379, 2380, 3306, 3389),
        *(3659, 4045, 4190, 4369, 5060, 5061, 5432, 5672, 5984, 5985, 5986, 6379, 6380, 6443),
        *(6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 9042, 9092, 9200, 9300, 10080, 10250),
        *(11211, 15672, 26379, 27017, 27018, 27019, 28017, *range(6000, 6010)),
    )
)
"""Well-known services that are no web servers: databases, caches, queues, clusters, mail."""


def _networks(*ranges: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(each) for each in ranges)


_NEVER: Final = _networks(
    "0.0.0.0/8",  # this machine, by another name
    "169.254.0.0/16",  # link-local: where clouds answer with credentials
    "100.100.100.200/32",  # metadata of one cloud
    "168.63.129.16/32",  # metadata of another, in a public range
    "192.0.0.192/32",  # and of a third
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/128",
    "fe80::/10",
    "fd00:ec2::/32",  # metadata over IPv6
    "fd20:ce::/32",
    "fec0::/10",
    "ff00::/8",
    "2002::/16",  # 6to4 and Teredo carry another address inside
    "2001::/32",
    "64:ff9b:1::/48",
)
"""Closed even when the owner opens a network around them."""

_PRIVATE: Final = _networks(
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "2001::/23",
    "2001:db8::/32",
    "3fff::/20",
)
"""Closed unless the owner opens them. Of IPv6, only what is inside _UNICAST can be public."""

_UNICAST: Final = ipaddress.ip_network("2000::/3")
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


class Blocked(Exception):
    """An address may not be called. The message may be shown to whoever typed it."""

    def __init__(self, message: str = GENERIC, *, unresolved: bool = False) -> None:
        """Say why; `unresolved` tells the code, never the person, that the name has no address."""
        super().__init__(message)
        self.unresolved = unresolved


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart and put together again in the one form that has one meaning."""

    scheme: str
    host: str
    """A lower-case ASCII name, or an IP address in its shortest form, without brackets."""
    port: int
    rest: str
    """Path and query; never empty."""
    ip: Address | None
    """The address, when the host is one already."""

    @property
    def origin(self) -> str:
        """Scheme, host and port: what a log may say of an address that may hold secrets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        standard = 443 if self.scheme == "https" else 80
        return f"{self.scheme}://{host}" + ("" if self.port == standard else f":{self.port}")

    @property
    def url(self) -> str:
        """The whole address."""
        return self.origin + self.rest


@lru_cache(1_024)
def parse(url: str) -> Target:
    """Read an http(s) URL; Blocked says what to write instead when it could be read in two ways."""
    if len(url) > _LONGEST:
        raise Blocked(f"An address may have at most {_LONGEST} characters.")
    if not (found := _SHAPE.match(url)):
        raise Blocked(_what_is_wrong(url))
    scheme = found["scheme"].lower()
    host, ip = _host(found["host"])
    port = int(found["port"]) if found["port"] else 443 if scheme == "https" else 80
    if not _port_open(port):
        raise Blocked("This port is not one that web servers use.")
    rest = found["rest"]
    return Target(scheme, host, port, rest if rest.startswith("/") else "/" + rest, ip)


def _what_is_wrong(url: str) -> str:
    if not re.match(r"https?://", url, re.IGNORECASE):
        return "Write an address that begins with http:// or https://."
    if "@" in url.split("://", 1)[1].split("/", 1)[0]:
        return "Leave the user name and password out of the address."
    if "#" in url:
        return "Leave out the part that begins with #."
    return (
        "Write a plain address such as https://models.example.org/v1, without special characters."
    )


def _host(written: str) -> tuple[str, Address | None]:
    if written.startswith("["):
        try:
            six = ipaddress.IPv6Address(written[1:-1])
        except ValueError:
            raise Blocked("The IPv6 address in the brackets is not one.") from None
        return str(six), six
    name = written.lower() if written.isascii() else _ascii_name(written)
    name = name.removesuffix(".")
    if not _NAME.match(name) or any(len(label) > 63 for label in name.split(".")):
        raise Blocked("The host of this address is not a valid name.")
    if _NUMBER.match(name.rsplit(".", 1)[-1]):  # whoever reads it so would take it for IPv4
        try:
            four = ipaddress.IPv4Address(name)
        except ValueError:
            raise Blocked("Write an IPv4 address as four plain numbers.") from None
        return str(four), four
    return name, None


def _ascii_name(written: str) -> str:
    """Turn an international name into its ASCII form, but only when there is nothing to map.

    Full-width letters, circled digits and ideographic dots become other characters on the way to
    DNS; a name that needs this means something else than it shows.
    """
    try:
        if re.search("[\u3002\uff0e\uff61]", written):
            raise Blocked("The host of this address is not a valid name.")
        return idna.encode(written.lower()).decode("ascii")
    except UnicodeError:  # idna's errors are UnicodeErrors
        raise Blocked("The host of this address is not a valid name.") from None


def _port_open(port: int) -> bool:
    if port < 1024:
        return port in _OPEN_LOW_PORTS
    return port <= 65535 and port not in _CLOSED_HIGH_PORTS


def permitted(ip: Address, allowed: tuple[Network, ...]) -> bool:
    """Tell whether this address may be called: public, or private and opened by the owner."""
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.scope_id is not None:
            return False
        if ip.ipv4_mapped is not None:
            return permitted(ip.ipv4_mapped, allowed)
        if ip in _NAT64:
            return permitted(ipaddress.IPv4Address(ip.packed[-4:]), allowed)
    if any(ip in network for network in _NEVER):
        return False
    if any(ip in network for network in allowed):
        return True
    if isinstance(ip, ipaddress.IPv6Address) and ip not in _UNICAST:
        return False
    return ip.is_global and not any(ip in network for network in _PRIVATE)
