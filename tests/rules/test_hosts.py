"""Which workspace's host a request came to: names of ours, and what a trusted proxy says."""

from typing import Any
from unittest.mock import AsyncMock, MagicMock

import pytest

from parlour.config import Settings, load
from parlour.kit.errors import Invalid, NotFound
from parlour.kit.homes import Homes
from parlour.links import address
from parlour.tools import Tools
from parlour.web.hosts import ORIGIN, TOOLS, Hosts
from parlour.workspaces import Workspace

ACME = Workspace("wsp_acme", "acme", 0)


def tools_of(**given: str) -> Tools:
    settings = load({f"PARLOUR_{name.upper()}": value for name, value in given.items()})
    db = MagicMock()

    async def read(_: Any, name: str) -> Workspace:
        if name != ACME.slug:
            raise NotFound("there is none")
        return ACME

    db.read = AsyncMock(side_effect=read)
    parts: dict[str, Any] = dict.fromkeys(
        ("clock", "keys", "queue", "bus", "http", "mail", "limits"), MagicMock()
    )
    return Tools(settings=settings, db=db, homes=Homes(), **parts)


BELOW = {"base_domain": "chat.example", "public_url": "https://chat.example"}
PROXIED = BELOW | {"trusted_proxies": "127.0.0.0/8"}


async def place(given: dict[str, str], *headers: tuple[str, str]) -> str:
    """Where a request goes: `acme`, `nowhere`, or `house`."""
    sent = [(name.encode(), value.encode()) for name, value in headers]
    scope: Any = {"path": "/chat/x", "headers": sent, "client": ("127.0.0.1", 4711)}
    tools = tools_of(**given)
    found: Any = await Hosts(tools).placed(scope)
    if TOOLS not in found:
        return "house" if found["path"] == "/chat/x" else "nowhere"
    assert found[TOOLS].within == ACME.id
    assert (found[TOOLS].has(ACME.id), found[TOOLS].has("wsp_beta")) == (True, False)
    assert found[ORIGIN].decode() == address.home(tools, ACME.id)
    assert tools.within is None
    return "acme"


HOST, FORWARDED = "host", "x-forwarded-host"


@pytest.mark.parametrize(
    ("host", "goes"),
    [
        ("acme.chat.example", "acme"),
        ("ACME.Chat.Example", "acme"),
        ("acme.chat.example:8443", "acme"),
        ("acme.chat.example.", "acme"),
        ("beta.chat.example", "nowhere"),
        ("x.acme.chat.example", "nowhere"),
        (".chat.example", "nowhere"),
        ("acme.chat.example.evil.test", "house"),
        ("acmechat.example", "house"),
        ("chat.example", "house"),
        ("127.0.0.1:8080", "house"),
        ("[::1]:8080", "house"),
        ("", "house"),
        ("~previews.chat.example", "nowhere"),
        ("\xff.chat.example", "nowhere"),
    ],
)
async def test_the_name_in_a_host_header(host: str, goes: str) -> None:
    assert await place(BELOW, (HOST, host)) == goes


async def test_a_forwarded_host_counts_from_a_trusted_proxy_alone() -> None:
    inner, outer = (HOST, "10.0.0.5:8080"), (FORWARDED, "acme.chat.example")
    assert await place(BELOW, inner, outer) == "house"
    assert await place(PROXIED, inner, outer) == "acme"
    assert await place(PROXIED, inner, (FORWARDED, "evil.test, acme.chat.example")) == "acme"
    # What a proxy passes on beside a host of ours may be a stranger's word.
    for own, goes in (("beta.chat.example", "nowhere"), ("chat.example", "house")):
        assert await place(PROXIED, (HOST, own), outer) == goes


async def test_where_a_workspace_is_met() -> None:
    tools = tools_of(**BELOW | {"public_url": "http://app.chat.example:8443"})
    assert address.home(tools, ACME.id) == "http://app.chat.example:8443", "not met yet"
    tools.homes.learn(ACME.id, ACME.slug)
    assert address.home(tools, ACME.id) == "http://acme.chat.example:8443"
    plain = tools_of(public_url="https://chat.example")
    plain.homes.learn(ACME.id, ACME.slug)
    assert address.home(plain, ACME.id) == "https://chat.example"


@pytest.mark.parametrize(
    "name", ["Chat.example", "chat.example:80", "https://chat.example", "-a.example", "a..b", "a b"]
)
def test_what_is_no_base_domain(name: str) -> None:
    with pytest.raises(Invalid):
        load({"PARLOUR_BASE_DOMAIN": name, "PARLOUR_PUBLIC_URL": "https://chat.example"})


def test_a_base_domain_needs_an_address() -> None:
    with pytest.raises(Invalid) as caught:
        load({"PARLOUR_BASE_DOMAIN": "chat.example"})
    assert [each.field for each in caught.value.errors] == ["PARLOUR_PUBLIC_URL"]
    assert Settings().base_domain == ""
