"""The form of opening hours and seats, as agents and links have them."""

from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from parlour.kit.clock import Moment, moment_of
from parlour.kit.errors import FieldError, Invalid, Stale
from parlour.kit.hours import Schedule, checked, weekly_of, words

_LONGEST: Final = 20_000
_NUMBERS: Final = ("seats", "seat_minutes")


class HoursForm(msgspec.Struct, frozen=True):
    """Hours as people write them; `seen` says which state was on the page."""

    own: str = "1"
    """Of a link: nothing leaves the hours to its agent."""
    weekly: str = ""
    zone: str = ""
    holidays: str = ""
    opens_at: str = ""
    closes_at: str = ""
    seats: str = ""
    seat_minutes: str | None = None
    seen: str = ""

    def typed(self) -> dict[str, str]:
        """Return what was typed, to stand in the form again."""
        typed = {name: getattr(self, name) or "" for name in self.__struct_fields__[:-1]}
        return {name: text[:_LONGEST] for name, text in typed.items()}

    def wanted(self) -> dict[str, Any]:
        """Read the hours and numbers; Invalid names what does not fit."""
        wanted: dict[str, Any] = {"schedule": self._schedule() if self.own else None}
        for name in _NUMBERS:
            text = getattr(self, name)
            if text is None:
                continue
            text = text.strip().replace(",", "") or "0"
            if not (text.isascii() and text.isdigit() and len(text) < 10):
                raise Invalid(f"{name} does not fit", errors=[FieldError(name, "a whole number")])
            wanted[name] = int(text)
        return wanted

    def _schedule(self) -> Schedule:
        zone = self.zone.strip() or "UTC"
        checked(Schedule(zone=zone))  # the moments below are meant in it
        found = Schedule(
            opens_at=_moment("opens_at", self.opens_at, zone),
            closes_at=_moment("closes_at", self.closes_at, zone),
            zone=zone,
            weekly=weekly_of(self.weekly),
            holidays=tuple(self.holidays.replace(",", " ").split()),
        )
        return checked(found)


def kept(schedule: Schedule) -> dict[str, str]:
    """Return what stands in the form's fields for hours as they are."""
    return {
        "weekly": words(schedule, "\n"),
        "zone": schedule.zone,
        "holidays": "\n".join(schedule.holidays),
        "opens_at": _local(schedule.opens_at, schedule.zone),
        "closes_at": _local(schedule.closes_at, schedule.zone),
    }


def named(problem: Invalid | Stale) -> Invalid | Stale:
    """Call the fields of a problem what this form calls them."""
    if isinstance(problem, Stale):
        return problem
    errors = [
        FieldError(each.field.removeprefix("schedule.").partition(".")[0], each.message)
        for each in problem.errors
    ]
    return Invalid(problem.detail, errors=errors)


def _moment(field: str, text: str, zone: str) -> Moment | None:
    if not text.strip():
        return None
    try:
        wall = datetime.fromisoformat(text.strip())
        if wall.tzinfo is not None:
            raise ValueError(text)
        return moment_of(wall.replace(tzinfo=ZoneInfo(zone)))
    except (ValueError, OverflowError):
        message = "a date and a time, such as 2026-11-20 18:00"
        raise Invalid(message, errors=[FieldError(field, message)]) from None


def _local(at: Moment | None, zone: str) -> str:
    if at is None:
        return ""
    return f"{datetime.fromtimestamp(at / 1000, ZoneInfo(zone)):%Y-%m-%dT%H:%M}"
