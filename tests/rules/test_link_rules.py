"""When a link lets somebody in, how long it was made for, and how its end may change."""

import pytest
from msgspec.structs import replace

from parlour.kit.clock import DAY, HOUR, MINUTE, SECOND
from parlour.kit.errors import Invalid
from parlour.kit.tokens import FOREVER, LinkToken
from parlour.links import uses
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
    agent_private=False,
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
        ({"agent_private": True}, Why.PRIVATE),
        ({"agent_private": True, "agent_live": False}, Why.OFFLINE),
        ({"is_used_up": True}, Why.USED_UP),
        ({"is_used_up": True, "agent_private": True}, Why.PRIVATE),
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
        (Kind.PRIVATE, 1.0, NOW + DAY),
        (Kind.PRIVATE, -1.0, None),
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
    assert shortened(Kind.TEMPORARY, seconds, NOW + HOUR, NOW) == NOW + HOUR
    assert shortened(Kind.TEMPORARY, seconds, None, NOW) == seconds * SECOND
    with pytest.raises(Invalid):
        shortened(Kind.TEMPORARY, seconds, NOW + 2 * DAY, NOW)


def test_a_permanent_link_is_not_given_an_end() -> None:
    assert shortened(Kind.PERMANENT, FOREVER, None, NOW) is None
    with pytest.raises(Invalid) as refused:
        shortened(Kind.PERMANENT, FOREVER, NOW + HOUR, NOW)
    assert refused.value.errors[0].field == "expires_at"


def test_a_private_link_may_have_an_end_and_is_given_one_later() -> None:
    assert ending(Kind.PRIVATE, None, None, NOW) is None
    assert ending(Kind.PRIVATE, 1.0, None, NOW) == (NOW + HOUR) // SECOND * SECOND
    assert shortened(Kind.PRIVATE, FOREVER, NOW + HOUR, NOW) == NOW + HOUR
    assert shortened(Kind.PRIVATE, FOREVER, None, NOW) is None
    assert shortened(Kind.PRIVATE, FOREVER, NOW - DAY, NOW) == NOW - DAY  # it ends now
    with pytest.raises(Invalid):
        shortened(Kind.PRIVATE, FOREVER, NOW + 367 * DAY, NOW)  # EXP-05: such as the year 9999
    seconds = (NOW + DAY) // SECOND
    with pytest.raises(Invalid):
        shortened(Kind.PRIVATE, seconds, NOW + 2 * DAY, NOW)


def test_sharing_by_invitation_leaves_private_links_open() -> None:
    private = replace(OPEN, kind=Kind.PRIVATE, agent_private=True)
    assert admit(LinkToken(Kind.PRIVATE, TOKEN.link_id, FOREVER), private, NOW) == Admit()


IDLE, LONGEST_USE = 10 * MINUTE, HOUR


@pytest.mark.parametrize(
    ("began", "last", "expected"),
    [
        # One second before, at, and after each of its two ends.
        (NOW, NOW, True),
        (NOW - IDLE + SECOND, NOW - IDLE + SECOND, True),
        (NOW - IDLE, NOW - IDLE, False),
        (NOW - IDLE - SECOND, NOW - IDLE - SECOND, False),
        (NOW - LONGEST_USE + SECOND, NOW, True),
        (NOW - LONGEST_USE, NOW, False),
        (NOW - LONGEST_USE - SECOND, NOW, False),
    ],
)
def test_how_long_a_use_lasts(began: int, last: int, *, expected: bool) -> None:
    assert uses.lasts(uses.Use(began, last), uses.Terms(IDLE, LONGEST_USE), NOW) is expected
