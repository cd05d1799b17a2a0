"""Opening hours as programs read and write them."""

import msgspec

from parlour.kit.hours import Day, Schedule
from parlour.web.api.moments import moment, written
from parlour.web.api.strict import Strict


class ScheduleShown(Strict, frozen=True):
    """When something is open; all that is said must hold."""

    opens_at: str | None = None
    """Not before, such as `2026-11-20T18:00:00+01:00`."""
    closes_at: str | None = None
    """From then on never again."""
    zone: str = "UTC"
    """The time zone of the hours and holidays, such as `Europe/Berlin`."""
    weekly: dict[Day, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Spans by day, such as `"mon": ["09:00-12:00", "13:00-17:00"]`; a day without any is closed,
    and one that ends no later than it begins ends on the next day. Empty: at any hour."""
    holidays: tuple[str, ...] = ()
    """Days that are closed from midnight to midnight, such as `2026-12-25`."""


def shown(schedule: Schedule) -> ScheduleShown:
    """Show hours to programs."""
    held = schedule
    return ScheduleShown(
        opens_at=written(held.opens_at),
        closes_at=written(held.closes_at),
        zone=held.zone,
        weekly=held.weekly,
        holidays=held.holidays,
    )


def read(given: ScheduleShown) -> Schedule:
    """Read hours of a body; Invalid for a time that is none. `kit.hours.checked` says the rest."""
    opens = moment("schedule.opens_at", given.opens_at)
    closes = moment("schedule.closes_at", given.closes_at)
    return Schedule(opens, closes, given.zone, given.weekly, given.holidays)
