"""Spans of days in a time zone and the span before; pure."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from parlour.kit.clock import Moment, moment_of
from parlour.kit.errors import FieldError, Invalid

LONGEST: Final = 366
"""Days of a span."""


@dataclass(frozen=True, slots=True)
class Span:
    """Some days in a zone: the first and the last of them."""

    first: date
    last: date
    zone: str

    @property
    def days(self) -> int:
        """How many days there are."""
        return (self.last - self.first).days + 1

    @property
    def since(self) -> Moment:
        """When the first day begins."""
        return midnight(self.first, self.zone)

    @property
    def until(self) -> Moment:
        """When the last day is over."""
        return midnight(self.last + timedelta(days=1), self.zone)

    @property
    def before(self) -> "Span":
        """The same number of days just before it."""
        return Span(self.first - timedelta(days=self.days), self.first - timedelta(days=1),
                    self.zone)  # fmt: skip

    def dates(self) -> list[date]:
        """List the days."""
        return [self.first + timedelta(days=n) for n in range(self.days)]


def midnight(day: date, zone: str) -> Moment:
    """Return when a day begins."""
    return moment_of(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)))


def today(now: Moment, zone: str) -> date:
    """Return which day it is."""
    return datetime.fromtimestamp(now / 1000, ZoneInfo(zone)).date()


def last_days(now: Moment, zone: str, days: int) -> Span:
    """Return the last so many days, today among them."""
    last = today(now, zone)
    return Span(last - timedelta(days=days - 1), last, zone)


def between(first: str, last: str, zone: str) -> Span:
    """Return the days between two dates as they are typed, both among them; Invalid."""
    found = Span(_date("first", first), _date("last", last), zone)
    if not 1 <= found.days <= LONGEST:
        raise _wrong("last", f"is on or after the first day, and {LONGEST} days long at most")
    return found


def _date(name: str, text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise _wrong(name, "is a day, such as 2026-11-21") from None
    if not 1971 <= found.year <= 2199:
        raise _wrong(name, "is a day of a year after 1970")
    return found


def _wrong(name: str, message: str) -> Invalid:
    return Invalid(f"{name} {message}", errors=[FieldError(name, message)])
