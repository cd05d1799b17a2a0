"""A link in words: its state as visitors meet it, and its policy as one sentence."""

from datetime import UTC, datetime
from typing import Any

import pytest

from parlour.kit.clock import DAY, HOUR, MINUTE, SECOND, moment_of
from parlour.kit.hours import Schedule
from parlour.links.rules import Kind
from parlour.links.telling import Policy, plain, sentence, state, who

NOW = 1_795_000_000_000
"""Wednesday 18 November 2026, 11:06:40 UTC."""
P, T, V = Kind.PERMANENT, Kind.TEMPORARY, Kind.PRIVATE


@pytest.mark.parametrize(
    ("policy", "code", "words", "tone"),
    [
        ({"kind": P}, "live", "Live", "live"),
        ({"kind": P, "enabled": False}, "off", "Switched off", "off"),
        ({"kind": P, "live": False}, "offline", "Agent offline", "off"),
        ({"kind": P, "published": False}, "not_published", "Not published", "wait"),
        # One second before, at, and after its end.
        ({"kind": T, "expires_at": NOW + SECOND}, "live", "Ends in 1 min", "wait"),
        ({"kind": T, "expires_at": NOW}, "ended", "Ended", "off"),
        ({"kind": T, "expires_at": NOW - SECOND}, "ended", "Ended", "off"),
        # How long is left, in one unit.
        ({"kind": T, "expires_at": NOW + 25 * MINUTE}, "live", "Ends in 25 min", "wait"),
        ({"kind": T, "expires_at": NOW + 3 * HOUR}, "live", "Ends in 3 h", "wait"),
        ({"kind": T, "expires_at": NOW + 3 * HOUR - SECOND}, "live", "Ends in 3 h", "wait"),
        ({"kind": T, "expires_at": NOW + HOUR - SECOND}, "live", "Ends in 1 h", "wait"),
        ({"kind": T, "expires_at": NOW + 3 * DAY - SECOND}, "live", "Ends in 3 days", "live"),
        ({"kind": T, "expires_at": NOW + 2 * DAY - SECOND}, "live", "Ends in 2 days", "live"),
        ({"kind": T, "expires_at": NOW + DAY}, "live", "Ends in 24 h", "wait"),
        ({"kind": T, "expires_at": NOW + DAY + 1}, "live", "Ends in 24 h", "live"),
        ({"kind": T, "expires_at": NOW + 47 * HOUR}, "live", "Ends in 47 h", "live"),
        ({"kind": T, "expires_at": NOW + 7 * DAY}, "live", "Ends in 7 days", "live"),
        ({"kind": P, "invited": True}, "by_invitation", "By invitation now", "wait"),
        ({"kind": V, "invited": True}, "live", "Live", "live"),
        ({"kind": V, "max_uses": 3, "uses": 2}, "live", "Live", "live"),
        ({"kind": V, "max_uses": 3, "uses": 3}, "used_up", "Used up", "off"),
        ({"kind": V, "max_uses": 3, "uses": 5}, "used_up", "Used up", "off"),
        ({"kind": V, "max_uses": 0, "uses": 5}, "live", "Live", "live"),
        # The first reason is told, in the order in which visitors are refused.
        ({"kind": T, "expires_at": NOW, "enabled": False}, "off", "Switched off", "off"),
        ({"kind": T, "expires_at": NOW, "live": False}, "ended", "Ended", "off"),
        ({"kind": P, "published": False, "live": False}, "not_published", "Not published", "wait"),
    ],
)
def test_a_state_in_words(policy: dict[str, Any], code: str, words: str, tone: str) -> None:
    found = state(Policy(**policy), NOW)
    assert (found.code, found.words, found.tone) == (code, words, tone)


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ({"kind": P}, "Anyone"),
        ({"kind": T, "expires_at": NOW + HOUR}, "Anyone"),
        ({"kind": V}, "Who it was given to"),
        ({"kind": P, "asks_email": 0}, "Anyone with an e-mail"),
        ({"kind": P, "asks_email": 0, "listed": True}, "Anyone with a listed e-mail"),
        ({"kind": V, "asks_email": 0}, "Who it was given to with an e-mail"),
        ({"kind": P, "asks_email": 1}, "Anyone; e-mail required after 1 message"),
        ({"kind": P, "asks_email": 3}, "Anyone; e-mail required after 3 messages"),
        # A list binds nobody who is never asked.
        ({"kind": P, "listed": True}, "Anyone"),
    ],
)
def test_who_can_open_it(policy: dict[str, Any], words: str) -> None:
    assert who(Policy(**policy)) == words


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ({"asks_email": 0}, "E-mail required: they confirm an address first."),
        (
            {"asks_email": 0, "listed": True},
            "E-mail required: they confirm an address that is on the list first.",
        ),
        ({"asks_email": 2}, "After 2 messages they confirm an address."),
        (
            {"asks_email": 1, "listed": True},
            "After one message they confirm an address that is on the list.",
        ),
        ({"listed": True}, "Anyone with the link can chat for as long as it is switched on."),
    ],
)
def test_a_policy_says_whether_an_address_is_asked_for(policy: dict[str, Any], words: str) -> None:
    assert plain(sentence(Policy(kind=P, **policy), NOW)).endswith(words)


FIRST = "Nobody can chat until you switch the link on. Then anyone who has it can"
GIVEN = "Whoever you give this link to, and whoever they pass it on to,"
END = "Wednesday 18 November 2026, 14:06 UTC"


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({"kind": P}, "Anyone with the link can chat for as long as it is switched on."),
        (
            {"kind": P, "invited": True},
            (
                "Anyone with the link can chat for as long as it is switched on. The assistant "
                "answers only by private links just now: they read so."
            ),
        ),
        ({"kind": V}, f"{GIVEN} can chat for as long as it is switched on."),
        (
            {"kind": V, "max_uses": 10, "uses": 3},
            (
                f"{GIVEN} can chat for as long as it is switched on. It can be used 10 times in "
                "all, 7 of them left."
            ),
        ),
        (
            {"kind": V, "max_uses": 1, "uses": 1},
            (
                f"{GIVEN} can chat for as long as it is switched on. It can be used once in all, "
                "none of them left."
            ),
        ),
        ({"kind": T, "expires_at": NOW + 3 * HOUR}, f"Anyone with the link can chat until {END}."),
        (
            {"kind": P, "enabled": False},
            (
                "Nobody can chat until you switch the link on. Then anyone who has it can, "
                "for as long as it is switched on."
            ),
        ),
        (
            {"kind": T, "enabled": False, "expires_at": NOW + 3 * HOUR},
            f"{FIRST}, until {END}.",
        ),
        (
            {"kind": P, "welcomes": True},
            (
                "Anyone with the link can chat for as long as it is switched on. "
                "It greets them in its own words."
            ),
        ),
        (
            {"kind": P, "live": False},
            (
                "Anyone with the link can chat for as long as it is switched on. "
                "The assistant is offline just now, and as long as it is they read so."
            ),
        ),
        (
            {"kind": P, "published": False, "live": False},
            (
                "Anyone with the link can chat for as long as it is switched on. "
                "The assistant is not published yet, and until it is they read so."
            ),
        ),
        (
            {"kind": T, "expires_at": NOW, "welcomes": True, "live": False},
            (
                "Nobody can chat by this link any more: it ended on "
                "Wednesday 18 November 2026, 11:06 UTC."
            ),
        ),
    ],
)
def test_a_policy_as_a_sentence(policy: dict[str, Any], expected: str) -> None:
    parts = sentence(Policy(**policy), NOW)
    assert plain(parts) == expected
    assert sum(isinstance(part, int) for part in parts) == expected.count("UTC")


WEEK = Schedule(zone="Europe/Berlin", weekly={"mon": ("09:00-17:00",)}, holidays=("2026-12-28",))


@pytest.mark.parametrize(
    ("schedule", "now", "words"),
    [
        (WEEK, "2026-11-23T06:00", "Opens 09:00"),  # Monday, in Berlin an hour later
        (WEEK, "2026-11-23T08:00", "Live"),
        (WEEK, "2026-11-23T16:00", "Opens 30 Nov"),
        (WEEK, "2026-11-25T12:00", "Opens Mon 09:00"),
        (WEEK, "2026-12-22T12:00", "Opens 4 Jan 2027"),
        (Schedule(closes_at=1), "2026-11-23T16:00", "Closed"),
    ],
)
def test_when_it_opens(schedule: Schedule, now: str, words: str) -> None:
    moment = moment_of(datetime.fromisoformat(now).replace(tzinfo=UTC))
    found = state(Policy(Kind.PERMANENT, schedule=schedule), moment)
    assert found.words == words
    assert found.code == ("live" if words == "Live" else "closed")


def test_hours_and_places_in_the_sentence() -> None:
    told = plain(sentence(Policy(Kind.PERMANENT, schedule=WEEK, seats=30), NOW))
    assert "Its hours are Mon 09:00–17:00, Europe/Berlin time. It is closed on one day" in told
    assert "30 people can talk at once." in told
