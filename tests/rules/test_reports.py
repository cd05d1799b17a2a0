"""Digests and alerts: when they are due, for which days, and what their mails say."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from parlour.kit.clock import DAY, HOUR, Moment, moment_of
from parlour.kit.mail import Line, composed
from parlour.reports import letters, rules
from parlour.reports.letters import To
from parlour.staff.mails import Digest, Wishes

TO = To("olga@team.example", "https://chat.example", "https://chat.example/studio/mails/x")


def at(text: str, zone: str = "UTC") -> Moment:
    return moment_of(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))


@pytest.mark.parametrize(
    ("digest", "weekday", "hour", "zone", "now", "due"),
    [
        ("daily", 0, 8, "UTC", "2026-11-20T08:00", "2026-11-20T08:00"),
        ("daily", 0, 8, "UTC", "2026-11-20T07:59", "2026-11-19T08:00"),
        ("daily", 0, 8, "Asia/Kathmandu", "2026-11-20T02:20", "2026-11-20T02:15"),
        ("daily", 0, 2, "Europe/Berlin", "2026-03-29T02:00", "2026-03-29T01:00"),
        ("weekly", 0, 8, "UTC", "2026-11-20T08:00", "2026-11-16T08:00"),
        ("weekly", 4, 8, "UTC", "2026-11-20T07:00", "2026-11-13T08:00"),
        ("weekly", 4, 8, "UTC", "2026-11-20T09:00", "2026-11-20T08:00"),
    ],
)
def test_when_a_digest_was_due(
    digest: str, weekday: int, hour: int, zone: str, now: str, due: str
) -> None:
    """At an hour of the workspace's zone, also on the day that has no such hour."""
    wishes = Wishes(Digest(digest), weekday, hour, frozenset())
    assert rules.last_due(wishes, zone, at(now)) == at(due)


def test_what_a_digest_tells_of() -> None:
    assert rules.last_due(Wishes(Digest.OFF, 0, 8, frozenset()), "UTC", DAY) is None
    due = at("2026-11-16T08:00")
    day = rules.told_of(Digest.DAILY, due, "UTC")
    assert (day.first, day.last) == (date(2026, 11, 15), date(2026, 11, 15))
    week = rules.told_of(Digest.WEEKLY, due, "UTC")
    assert (week.first, week.last, week.before.days) == (date(2026, 11, 9), day.last, 7)


@pytest.mark.parametrize(
    ("spent", "budget", "step"), [(79, 100, None), (80, 100, 80), (99, 100, 80), (103, 100, 100)]
)
def test_when_a_budget_is_told_of(spent: int, budget: int, step: int | None) -> None:
    assert rules.step(spent, budget) == step


def test_how_mails_can_be_got_out_of() -> None:
    """RFC 8058: one click by https alone; a name with code in it is only text (OTP-13)."""
    line = Line("Conversations", "3", "2", "https://chat.example/studio/sessions?first=1&last=2")
    mail = letters.digest(TO, "3 conversations, 20 November 2026", "day", [line])
    made = composed(mail, ("", "chat@example.org"))
    assert made["List-Unsubscribe"] == f"<{TO.way_out}>"
    assert made["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert TO.way_out in mail.text
    assert "first=1&amp;last=2" in mail.html
    plain = To(TO.email, "http://localhost", "http://localhost/studio/mails/x")
    facts = {"step": 80, "spent": 80, "budget": 100, "ends": None}
    other = composed(letters.budget(plain, "<b>x", facts, "/"), ("", "chat@example.org"))
    assert other["List-Unsubscribe-Post"] is None
    assert "<b>" not in str(other["Subject"])
    many = letters.ending(TO, [("A", HOUR)] * 25, "/studio/links")
    assert "and 5 more" in many.text
    assert letters.why("nothing-known") == "the answer broke off"
