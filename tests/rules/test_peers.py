"""Where a request comes from, and whose word is taken for it (RLB-01, RLB-02, RLB-03)."""

import ipaddress
from typing import Any, cast

import pytest

from parlour.web.peers import UNKNOWN, peer

PROXIES = tuple(ipaddress.ip_network(each) for each in ("10.0.0.0/8", "fd00::/8"))


def _from(client: str | None, *forwarded: str) -> str:
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    headers += [(b"x-real-ip", b"9.9.9.9"), (b"forwarded", b"for=9.9.9.9")]
    scope: Any = {"headers": headers, "client": None if client is None else (client, 1234)}
    return peer(cast("Any", scope), PROXIES)


@pytest.mark.parametrize(
    ("client", "forwarded", "place"),
    [
        ("203.0.113.7", [], "203.0.113.7"),
        ("203.0.113.7", ["198.51.100.1"], "203.0.113.7"),
        ("10.1.1.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.1.1.1", ["1.2.3.4, 198.51.100.1"], "198.51.100.1"),
        ("10.1.1.1", ["1.2.3.4, 198.51.100.1, 10.2.2.2"], "198.51.100.1"),
        ("10.1.1.1", ["1.2.3.4", "198.51.100.1"], "198.51.100.1"),
        ("10.1.1.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("10.1.1.1", ["[2001:db8::1]:4711"], "2001:db8::/64"),
        ("10.1.1.1", ["2001:db8::1%eth0"], "2001:db8::/64"),
        ("10.1.1.1", ["198.51.100.1, nonsense"], "10.1.1.1"),
        ("10.1.1.1", ["nonsense"], "10.1.1.1"),
        ("10.1.1.1", [""], "10.1.1.1"),
        ("10.1.1.1", ["10.3.3.3"], "10.3.3.3"),
        ("::ffff:203.0.113.7", [], "203.0.113.7"),
        ("2001:db8:0:1::5", [], "2001:db8:0:1::/64"),
        ("2001:db8:0:1:ffff::9", [], "2001:db8:0:1::/64"),
        (None, ["198.51.100.1"], UNKNOWN),
    ],
)
def test_the_place_of_a_request(client: str | None, forwarded: list[str], place: str) -> None:
    assert _from(client, *forwarded) == place
