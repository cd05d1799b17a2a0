"""Events: one row per fact, written in the transaction of the change it tells of."""

from parlour.events.counting import Ending, Run, Tally, count_since, endings, runs, tally
from parlour.events.history import Entry, by_staff
from parlour.events.kinds import Kind
from parlour.events.recording import (
    ENDING,
    LESSENING,
    Event,
    blank,
    events,
    forget,
    has_read,
    record,
    since,
)
from parlour.events.telling import any_untold, last, latest, of_kinds, one, told, untold
from parlour.events.wishes import wish, wishers

__all__ = [
    "ENDING",
    "LESSENING",
    "Ending",
    "Entry",
    "Event",
    "Kind",
    "Run",
    "Tally",
    "any_untold",
    "blank",
    "by_staff",
    "count_since",
    "endings",
    "events",
    "forget",
    "has_read",
    "last",
    "latest",
    "of_kinds",
    "one",
    "record",
    "runs",
    "since",
    "tally",
    "told",
    "untold",
    "wish",
    "wishers",
]
