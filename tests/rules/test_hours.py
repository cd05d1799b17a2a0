"""Opening hours: by the week, over midnight, when clocks are changed, and without holidays."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parlour.kit.clock import DAY, HOUR, MINUTE, Moment, moment_of
from parlour.kit.errors import Invalid
from parlour.kit.hours import ALWAYS, DAYS, Day, Schedule, checked, shut, weekly_of, words

OFFICE: dict[Day, tuple[str, ...]] = dict.fromkeys(DAYS[:5], ("09:00-12:00", "13:00-17:00"))
BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str, zone: ZoneInfo = BERLIN) -> Moment:
    return moment_of(datetime.fromisoformat(text).replace(tzinfo=zone))


def until(schedule: Schedule, now: Moment) -> Moment | None:
    found = shut(schedule, now)
    assert found is not None
    return found.until


def test_what_says_nothing_is_always_open() -> None:
    assert ALWAYS.is_always
    assert shut(ALWAYS, 0) is None
    assert not Schedule(holidays=("2026-12-25",)).is_always


@pytest.mark.parametrize("off", [-1, 0, 1])
def test_at_the_very_moment(off: int) -> None:
    """EXP-01: at the moment of opening it is open, at that of closing it is not."""
    held = Schedule(opens_at=1_000_000, closes_at=2_000_000)
    opening, closing = shut(held, 1_000_000 + off), shut(held, 2_000_000 + off)
    assert (opening is None) == (off >= 0)
    assert (closing is None) == (off < 0)
    if opening is not None:
        assert (opening.begun, opening.until) == (False, 1_000_000)
    if closing is not None:
        assert (closing.begun, closing.until) == (True, None)


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-11-20T08:59", "2026-11-20T09:00"),
        ("2026-11-20T12:00", "2026-11-20T13:00"),
        ("2026-11-20T17:00", "2026-11-23T09:00"),  # Friday evening: on Monday
        ("2026-12-24T17:30", "2026-12-28T09:00"),  # the 25th is a holiday, then a weekend
    ],
)
def test_when_it_opens_again(now: str, opens: str) -> None:
    office = Schedule(zone="Europe/Berlin", weekly=OFFICE, holidays=("2026-12-25",))
    assert until(office, at(now)) == at(opens)
    assert shut(office, at(opens)) is None


def test_over_midnight_and_into_a_holiday() -> None:
    bar = Schedule(zone="Europe/Berlin", weekly={"fri": ("22:00-03:00",)}, holidays=("2026-11-28",))
    assert shut(bar, at("2026-11-21T02:59")) is None
    assert until(bar, at("2026-11-21T03:00")) == at("2026-11-27T22:00")
    assert shut(bar, at("2026-11-27T23:59")) is None
    assert shut(bar, at("2026-11-28T00:00")) is not None, "a holiday begins at midnight"


def test_the_clocks_are_changed() -> None:
    """EXP-06: nine is nine, whatever the offset; a span in an hour that is skipped is there."""
    office = Schedule(zone="Europe/Berlin", weekly=dict.fromkeys(DAYS, ("09:00-17:00",)))
    for day, offset in (("2026-03-28", 1), ("2026-03-29", 2), ("2026-10-24", 2), ("2026-10-25", 1)):
        nine = moment_of(datetime.fromisoformat(f"{day}T09:00").replace(tzinfo=UTC)) - offset * HOUR
        assert shut(office, nine) is None
        assert until(office, nine - 1) == nine
    night = Schedule(zone="Europe/Berlin", weekly={"sun": ("02:15-02:45",)})
    skipped = moment_of(datetime(2026, 3, 29, 1, 15, tzinfo=UTC))
    assert until(night, skipped - DAY) == skipped
    assert shut(night, skipped + 30 * MINUTE - 1) is None
    assert shut(night, skipped + 30 * MINUTE) is not None


def test_no_opening_ahead() -> None:
    assert until(Schedule(weekly={"mon": ("09:00-10:00",)}, closes_at=at("2026-11-23T09:00", UTC_)),
                 at("2026-11-21T09:00", UTC_)) is None  # fmt: skip
    every = Schedule(weekly={"mon": ()})
    assert until(every, 0) is None, "no day has hours: closed for good"


UTC_ = ZoneInfo("UTC")
CLOCK = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.integers(0, 59))
SPAN = st.builds("{}-{}".format, CLOCK, CLOCK | st.just("24:00"))
WEEKS = st.dictionaries(st.sampled_from(DAYS), st.lists(SPAN, min_size=1, max_size=3).map(tuple))
SCHEDULES = st.builds(
    Schedule,
    zone=st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu", "Pacific/Chatham"]),
    weekly=WEEKS,
    holidays=st.lists(st.dates().map(str), max_size=2).map(tuple),
    opens_at=st.none() | st.integers(0, 100 * DAY),
    closes_at=st.none() | st.integers(100 * DAY + 1, 200 * DAY),
)


@given(SCHEDULES, st.integers(0, 300 * DAY), st.floats(0, 1, exclude_max=True))
def test_it_is_closed_until_it_opens(schedule: Schedule, now: Moment, part: float) -> None:
    held = checked(schedule)
    found = shut(held, now)
    if found is None or found.until is None:
        return
    assert found.until > now
    assert shut(held, found.until) is None
    assert shut(held, found.until - 1) is not None
    assert shut(held, now + int((found.until - now) * part)) is not None


def naive(schedule: Schedule, now: Moment) -> bool:
    """Whether it is open, worked out minute by minute of the week, in UTC."""
    minute = now // MINUTE
    week = 7 * 24 * 60
    of_week = (minute + 3 * 24 * 60) % week  # 1 January 1970 was a Thursday
    for n, day in enumerate(DAYS):
        for span in schedule.weekly.get(day, ()):
            begin, end = (int(each[:2]) * 60 + int(each[3:]) for each in span.split("-"))
            length = (end - begin) % (24 * 60) or 24 * 60
            if (of_week - n * 24 * 60 - begin) % week < length:
                return True
    return not schedule.weekly


@given(WEEKS,
       st.integers(10 * DAY, 40 * DAY))  # fmt: skip
def test_against_a_count_of_minutes(weekly: dict[Day, tuple[str, ...]], now: Moment) -> None:
    schedule = Schedule(weekly=weekly)
    assert (shut(schedule, now) is None) == naive(schedule, now)


@pytest.mark.parametrize(
    ("schedule", "field"),
    [
        (Schedule(zone="Mars/Phobos"), "schedule.zone"),
        (Schedule(zone="../../etc/passwd"), "schedule.zone"),
        (Schedule(opens_at=5, closes_at=5), "schedule.closes_at"),
        (Schedule(opens_at=10**18), "schedule.opens_at"),
        (Schedule(weekly={"mon": ("9-17",)}), "schedule.weekly.mon"),
        (Schedule(weekly={"tue": ("09:00-25:00",)}), "schedule.weekly.tue"),
        (Schedule(weekly={"tue": (), "wed": ()}), "schedule.weekly"),
        (Schedule(weekly={"wed": ("09:00-10:00",) * 13}), "schedule.weekly.wed"),
        (Schedule(holidays=("2026-02-30",)), "schedule.holidays"),
        (Schedule(holidays=("20261225",)), "schedule.holidays"),
    ],
)
def test_what_does_not_fit(schedule: Schedule, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked(schedule)
    assert [each.field for each in refused.value.errors] == [field]


def test_in_words() -> None:
    weekly = {**dict.fromkeys(DAYS[:5], ("09:00-17:00",)), "sat": ("10:00-12:00", "13:00-14:00")}
    assert words(Schedule(weekly=weekly)) == "Mon–Fri 09:00–17:00, Sat 10:00–12:00 and 13:00–14:00"
    assert words(Schedule(weekly=dict.fromkeys(DAYS[5:], ("08:00-24:00",)))) == (
        "Sat and Sun 08:00–24:00"
    )


@given(WEEKS)
def test_what_is_written_is_read_back(weekly: dict[Day, tuple[str, ...]]) -> None:
    held = checked(Schedule(weekly={day: tuple(set(spans)) for day, spans in weekly.items()}))
    assert checked(Schedule(weekly=weekly_of(words(held, "\n")))).weekly == held.weekly


def test_hours_as_people_write_them() -> None:
    told = "Monday - Tuesday 9-12 and 13:00 - 17:30"
    with pytest.raises(Invalid):
        weekly_of(told)
    assert weekly_of("Mon-tue 9-12, 13:00–17:30; SUNDAY: 8-24") == {
        "mon": ("09:00-12:00", "13:00-17:30"),
        "tue": ("09:00-12:00", "13:00-17:30"),
        "sun": ("08:00-24:00",),
    }
    assert list(weekly_of("sat-mon 10-11")) == ["sat", "sun", "mon"]
    assert weekly_of(" \n\n") == {}
    assert len(weekly_of("daily 0-24")) == 7


@pytest.mark.parametrize(
    "line", ["9-17", "mon", "mon 9", "mon 9-25", "foo 9-17", "mon 9-17x", "- 9"]
)
def test_lines_that_say_nothing(line: str) -> None:
    with pytest.raises(Invalid, match="line 2"):
        weekly_of(f"sun 9-17\n{line}")
