"""Opening hours: between two moments, by the week in a time zone, without holidays; pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any, Final, Literal, get_args
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from parlour.kit.clock import Moment, moment_of
from parlour.kit.errors import FieldError, Invalid

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: Final[tuple[Day, ...]] = get_args(Day)

MOST_SPANS: Final = 12
"""Spans of one day."""
MOST_HOLIDAYS: Final = 400
_FAR: Final = 800
"""Days in which the next opening is looked for."""
_LATEST: Final[Moment] = 7_258_118_400_000
"""The year 2200."""
_TIME: Final = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_SPAN: Final = re.compile(f"{_TIME}-(?:{_TIME}|24:00)")
_LINE: Final = re.compile(r"([a-z][a-z,\s-]*?)[\s:]+([0-9].*)")
_CLOCK: Final = re.compile(r"([0-9]{1,2})(?::([0-9]{2}))?")
_DASHES: Final = {ord("–"): "-", ord("—"): "-"}
_DAY_NAMED: Final[dict[str, Day]] = {day: day for day in DAYS}
_DAY_LONG: Final = 24 * 60
_WHOLE: Final = ((0, _DAY_LONG),)


class Schedule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """When something is open. All that is said must hold; a schedule that says nothing is always.

    `checked` says whether one fits; the other functions take only those that do.
    """

    opens_at: Moment | None = None
    """Not before."""
    closes_at: Moment | None = None
    """From then on never again."""
    zone: str = "UTC"
    """The time zone of the hours and holidays, by its name in the IANA database."""
    weekly: dict[Day, tuple[str, ...]] = {}
    """Spans by day of the week, such as `09:00-17:00`; a day without any is closed.

    A span that does not end later than it begins ends on the next day. Without any day at all, the
    hours are not bounded.
    """
    holidays: tuple[str, ...] = ()
    """Days that are closed from midnight to midnight, such as `2026-12-25`."""

    @property
    def is_always(self) -> bool:
        """Whether it bounds nothing."""
        bounds = (self.opens_at, self.closes_at, self.weekly or None, self.holidays or None)
        return all(each is None for each in bounds)


ALWAYS: Final = Schedule()


@dataclass(frozen=True, slots=True)
class Shut:
    """It is closed."""

    begun: bool
    """Whether it was, or could have been, open before."""
    until: Moment | None
    """When it opens; None when it does not, or not within two years."""


def shut(schedule: Schedule, now: Moment) -> Shut | None:
    """Say that it is closed at a moment, and until when; None while it is open.

    At the very moment of opening it is open, and at that of closing it is closed.
    """
    begun = schedule.opens_at is None or schedule.opens_at <= now
    ended = schedule.closes_at is not None and schedule.closes_at <= now
    if begun and not ended and _within(schedule, now):
        return None
    return Shut(begun, None if ended else _next(schedule, now))


def checked(schedule: Schedule) -> Schedule:
    """Return a schedule in order, spans and holidays sorted; Invalid, by field, for nonsense."""
    errors = [*_troubles_of_bounds(schedule), *_troubles_of_days(schedule)]
    if errors:
        raise Invalid("these hours do not fit", errors=errors)
    weekly = {day: tuple(sorted(schedule.weekly[day])) for day in DAYS if schedule.weekly.get(day)}
    holidays = tuple(sorted(set(schedule.holidays)))
    found = msgspec.structs.replace(schedule, weekly=weekly, holidays=holidays)
    return ALWAYS if found == ALWAYS else found


def schedule_of(stored: dict[str, Any] | None) -> Schedule | None:
    """Read a schedule as a row holds it; None where there is none."""
    return None if stored is None else msgspec.convert(stored, Schedule)


def weekly_of(text: str) -> dict[Day, tuple[str, ...]]:
    """Read hours as people write them, a line for some days; Invalid names the line it fails at.

    `Mon-Fri 9-12 and 13:00-17:30`, `sat, sun 10:00–14:00`, `daily 8-24`; a later line adds to an
    earlier one. What `words` writes is read back as it was.
    """
    weekly: dict[Day, tuple[str, ...]] = {}
    for number, line in enumerate(re.split(r"[\n;]", text), 1):
        if not line.strip():
            continue
        found = _LINE.fullmatch(line.strip().lower().translate(_DASHES))
        days = None if found is None else _days_of(found[1])
        spans = None if found is None else _spans_of(found[2])
        if days is None or spans is None:
            told = f"line {number}: write days and hours, such as Mon-Fri 09:00-17:00"
            raise Invalid(told, errors=[FieldError("weekly", told)])
        for day in days:
            weekly[day] = weekly.get(day, ()) + spans
    return weekly


def words(schedule: Schedule, between: str = ", ") -> str:
    """Write the hours of the week in English, such as `Mon–Fri 09:00–17:00, Sat 10:00–14:00`."""
    groups: list[tuple[list[Day], tuple[str, ...]]] = []
    for day in DAYS:
        spans = schedule.weekly.get(day, ())
        if groups and groups[-1][1] == spans:
            groups[-1][0].append(day)
        else:
            groups.append(([day], spans))
    told = [f"{_days(days)} {' and '.join(spans)}" for days, spans in groups if spans]
    return between.join(told).replace("-", "–")


def _days(days: list[Day]) -> str:
    first, last = days[0].capitalize(), days[-1].capitalize()
    if len(days) == 1:
        return first
    return f"{first} and {last}" if len(days) == 2 else f"{first}-{last}"


def _days_of(text: str) -> list[Day] | None:
    """Read `mon-fri`, `sat and sun` or `daily`; None for what is no day."""
    days: list[Day] = []
    for part in re.split(r"[,\s]+(?:and\s+)?", text.strip()):
        ends = [_DAY_NAMED.get(each[:3]) for each in part.split("-")]
        if part == "daily":
            days += DAYS
        elif len(ends) > 2 or (first := ends[0]) is None or (last := ends[-1]) is None:
            return None
        else:
            at = DAYS.index(first)
            days += [DAYS[(at + n) % 7] for n in range((DAYS.index(last) - at) % 7 + 1)]
    return days


def _spans_of(text: str) -> tuple[str, ...] | None:
    """Read `9-12 and 13:00-17:30`; None for what is no time."""
    spans = []
    for part in re.split(r"[,\s]+(?:and\s+)?", text.strip()):
        ends = [_CLOCK.fullmatch(each) for each in part.split("-")]
        if len(ends) != 2 or not all(ends):
            return None
        spans.append("-".join(f"{int(each[1]):02d}:{each[2] or '00'}" for each in ends if each))
    return tuple(spans) if all(_SPAN.fullmatch(each) for each in spans) else None


def _within(schedule: Schedule, now: Moment) -> bool:
    if not schedule.weekly and not schedule.holidays:
        return True
    today = _day_of(schedule, now)
    days = (today - timedelta(days=1), today)
    return any(begin <= now < end for day in days for begin, end in _spans(schedule, day))


def _next(schedule: Schedule, now: Moment) -> Moment | None:
    """Return when it opens next, while it is closed."""
    since = max(now, schedule.opens_at or now)
    if not schedule.weekly and not schedule.holidays:
        return since
    day = _day_of(schedule, since) - timedelta(days=1)
    for _ in range(_FAR):
        for begin, end in _spans(schedule, day):
            opening = max(begin, since)
            if opening < end:
                closes = schedule.closes_at
                return opening if closes is None or opening < closes else None
        day += timedelta(days=1)
    return None


def _spans(schedule: Schedule, day: date) -> Iterator[tuple[Moment, Moment]]:
    """Yield from when to when it is open by the hours of a day, the first ones first."""
    if day.isoformat() in schedule.holidays:
        return
    spans = [_minutes(each) for each in schedule.weekly.get(DAYS[day.weekday()], ())]
    zone = ZoneInfo(schedule.zone)
    followed_by_holiday = (day + timedelta(days=1)).isoformat() in schedule.holidays
    for begin, end in spans if schedule.weekly else _WHOLE:
        last = min(end, _DAY_LONG) if followed_by_holiday else end
        yield _moment(day, begin, zone), _moment(day, last, zone)


def _minutes(span: str) -> tuple[int, int]:
    begin, end = (int(each[:2]) * 60 + int(each[3:]) for each in span.split("-"))
    return begin, end if end > begin else end + _DAY_LONG


def _moment(day: date, minutes: int, zone: ZoneInfo) -> Moment:
    # Of an hour that is skipped the one after it is meant; of one that comes twice, the first.
    wall = datetime.combine(day, time()) + timedelta(minutes=minutes)
    return moment_of(wall.replace(tzinfo=zone))


def _day_of(schedule: Schedule, moment: Moment) -> date:
    return datetime.fromtimestamp(moment / 1000, ZoneInfo(schedule.zone)).date()


def _troubles_of_bounds(schedule: Schedule) -> Iterator[FieldError]:
    opens, closes = schedule.opens_at, schedule.closes_at
    for name, moment in (("opens_at", opens), ("closes_at", closes)):
        if moment is not None and not 0 <= moment < _LATEST:
            yield FieldError(f"schedule.{name}", "must lie between 1970 and 2200")
    if opens is not None and closes is not None and closes <= opens:
        yield FieldError("schedule.closes_at", "must be later than opens_at")
    if schedule.zone not in _zones():
        yield FieldError("schedule.zone", "must be a time zone such as Europe/Berlin")


def _troubles_of_days(schedule: Schedule) -> Iterator[FieldError]:
    for day, spans in schedule.weekly.items():
        if len(spans) > MOST_SPANS:
            yield FieldError(f"schedule.weekly.{day}", f"at most {MOST_SPANS} spans")
        elif not all(_SPAN.fullmatch(each) for each in spans):
            yield FieldError(f"schedule.weekly.{day}", "must be spans such as 09:00-17:00")
    if schedule.weekly and not any(schedule.weekly.values()):
        told = "no hours on any day; leave it out for any hour, or switch the link off"
        yield FieldError("schedule.weekly", told)
    if not all(_is_date(each) for each in schedule.holidays):
        yield FieldError("schedule.holidays", "must be dates such as 2026-12-25")
    if len(schedule.holidays) > MOST_HOLIDAYS:
        yield FieldError("schedule.holidays", f"at most {MOST_HOLIDAYS}")


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
