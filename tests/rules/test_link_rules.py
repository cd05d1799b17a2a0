"""When a link lets somebody in, how long it was made for, and how its end may change."""

import pytest
from msgspec.structs import replace

from parlour.kit.clock import DAY, HOUR, SECOND
from parlour.kit.errors import Invalid
from parlour.kit.tokens import FOREVER, LinkToken
from parlour.links.rules import (
    LONGEST,
    Admit,
    Kind,
    Refuse,
    Standing,
    Why,
    admit,
    ending,
    kind_meant,
    shortened,
)

NOW = 1_795_000_000_123
TOKEN = LinkToken(Kind.PERMANENT, "lnk_AAAAAAAAAAA", FOREVER)
OPEN = Standing(
    kind=Kind.PERMANENT,
    token_expires=FOREVER,
    expires_at=None,
    enabled=True,
    revoked=False,
    agent_published=True,
    agent_live=True,
    agent_deleted=False,
)


def test_an_open_door_lets_in() -> None:
    assert admit(TOKEN, OPEN, NOW) == Admit()


@pytest.mark.parametrize(
    ("shut", "why"),
    [
        ({"revoked": True}, Why.NOT_FOUND),
        ({"agent_deleted": True}, Why.NOT_FOUND),
        ({"kind": Kind.TEMPORARY}, Why.NOT_FOUND),
        ({"token_expires": 5}, Why.NOT_FOUND),
        ({"enabled": False}, Why.DISABLED),
        ({"expires_at": NOW}, Why.EXPIRED),
        ({"expires_at": NOW - 1}, Why.EXPIRED),
        ({"agent_published": False}, Why.NOT_PUBLISHED),
        ({"agent_live": False}, Why.OFFLINE),
        # The first reason is told, and what is gone tells nothing else.
        ({"revoked": True, "enabled": False, "expires_at": 1}, Why.NOT_FOUND),
        ({"enabled": False, "expires_at": 1}, Why.DISABLED),
        ({"expires_at": 1, "agent_live": False}, Why.EXPIRED),
        ({"agent_published": False, "agent_live": False}, Why.NOT_PUBLISHED),
    ],
)
def test_a_shut_door_says_why(shut: dict[str, object], why: Why) -> None:
    verdict = admit(TOKEN, replace(OPEN, **shut), NOW)
    assert isinstance(verdict, Refuse)
    assert verdict.why is why


def test_a_token_without_a_row_finds_nothing() -> None:
    assert admit(TOKEN, None, NOW) == Refuse(Why.NOT_FOUND)


def test_an_ended_link_says_since_when() -> None:
    assert admit(TOKEN, replace(OPEN, expires_at=NOW - 7), NOW) == Refuse(Why.EXPIRED, NOW - 7)


def test_the_last_millisecond_still_lets_in() -> None:
    assert admit(TOKEN, replace(OPEN, expires_at=NOW + 1), NOW) == Admit()


@pytest.mark.parametrize(
    ("hours", "ends"),
    [
        (1.0, NOW + HOUR),
        (24.0, NOW + DAY),
        (0.5, NOW + HOUR // 2),
        (8784.0, NOW + LONGEST),
        (1 / 3600, NOW + SECOND),
    ],
)
def test_hours_make_an_end(hours: float, ends: int) -> None:
    made = ending(Kind.TEMPORARY, hours, None, NOW)
    assert made is not None
    assert made % SECOND == 0
    assert NOW < made <= max(ends, NOW + SECOND)
    assert ends - made < SECOND


@pytest.mark.parametrize(
    ("kind", "hours", "expires_at"),
    [
        (Kind.PERMANENT, 1.0, None),
        (Kind.PERMANENT, None, NOW + DAY),
        (Kind.TEMPORARY, None, None),
        (Kind.TEMPORARY, 1.0, NOW + DAY),
        (Kind.TEMPORARY, 0.0, None),
        (Kind.TEMPORARY, -1.0, None),
        (Kind.TEMPORARY, 1e-9, None),
        (Kind.TEMPORARY, float("nan"), None),
        (Kind.TEMPORARY, float("inf"), None),
        (Kind.TEMPORARY, 1e308, None),
        (Kind.TEMPORARY, 8785.0, None),
        (Kind.TEMPORARY, None, NOW),
        (Kind.TEMPORARY, None, 0),
        (Kind.TEMPORARY, None, NOW + LONGEST + 1),
        (Kind.TEMPORARY, None, 253_402_300_799_000),
    ],
)
def test_ends_that_do_not_fit_are_refused(
    kind: Kind, hours: float | None, expires_at: int | None
) -> None:
    """EXP-05: past, 1970, NaN, 1e308, the year 9999."""
    with pytest.raises(Invalid) as refused:
        ending(kind, hours, expires_at, NOW)
    assert refused.value.errors[0].field in {"hours", "expires_at"}


def test_a_permanent_link_has_no_end() -> None:
    assert ending(Kind.PERMANENT, None, None, NOW) is None


@pytest.mark.parametrize(
    ("said", "hours", "expires_at", "meant"),
    [
        (None, None, None, Kind.PERMANENT),
        (None, 2.0, None, Kind.TEMPORARY),
        (None, None, NOW, Kind.TEMPORARY),
        (Kind.PERMANENT, 2.0, None, Kind.PERMANENT),
        (Kind.TEMPORARY, None, None, Kind.TEMPORARY),
    ],
)
def test_an_end_implies_a_temporary_link(
    said: Kind | None, hours: float | None, expires_at: int | None, meant: Kind
) -> None:
    assert kind_meant(said, hours, expires_at) is meant


def test_an_end_can_come_earlier_never_later() -> None:
    seconds = (NOW + DAY) // SECOND
    assert shortened(seconds, NOW + HOUR) == NOW + HOUR
    assert shortened(seconds, None) == seconds * SECOND
    with pytest.raises(Invalid):
        shortened(seconds, NOW + 2 * DAY)


def test_a_permanent_link_is_not_given_an_end() -> None:
    assert shortened(FOREVER, None) is None
    with pytest.raises(Invalid) as refused:
        shortened(FOREVER, NOW + HOUR)
    assert refused.value.errors[0].field == "expires_at"
