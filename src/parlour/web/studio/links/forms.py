"""What forms of links send, and how it is read: hours as people type them, texts, switches."""

import math
from typing import Final

import msgspec
from litestar.enums import RequestEncodingType
from litestar.params import Body

from parlour.kit.errors import FieldError, Invalid
from parlour.links.keeping import Wish
from parlour.links.rules import Kind

FORM: Final = Body(media_type=RequestEncodingType.URL_ENCODED)
PRESETS: Final = (("1", "a demo"), ("24", "a day"), ("72", "a weekend"), ("168", "a week"))
"""Hours that are offered, and what they are good for."""
FIRST_HOURS: Final = "72"


class LinkForm(msgspec.Struct, frozen=True):
    """The form of a new link; on a widget's it is its kind and hours alone."""

    agent: str = ""
    name: str = ""
    kind: str = Kind.PERMANENT.word
    hours: str = FIRST_HOURS
    other: str = ""
    welcome_message: str = ""
    enabled: str = ""
    preview: str = ""
    """Asked while somebody types: nothing is made."""

    def wish(self, *, enabled: bool, widget_id: str | None = None) -> Wish:
        """Read it; Invalid names the field that does not fit."""
        kind = Kind.TEMPORARY if self.kind == Kind.TEMPORARY.word else Kind.PERMANENT
        return Wish(
            kind=kind,
            name=self.name.strip() or None,
            hours=hours_of(self.other.strip() or self.hours) if kind is Kind.TEMPORARY else None,
            welcome_message=self.welcome_message.replace("\r\n", "\n").strip() or None,
            enabled=enabled,
            widget_id=widget_id,
        )

    def typed(self) -> dict[str, str]:
        """Return what was typed, to stand in the form again."""
        return {
            "agent": self.agent[:100],
            "name": self.name[:300],
            "kind": self.kind[:20],
            "hours": "" if self.other.strip() else self.hours[:20],
            "other": self.other[:20],
            "welcome_message": self.welcome_message[:2000],
            "enabled": self.enabled[:1] or "no",
        }


def hours_of(text: str) -> float:
    """Read a number of hours as people type it, with a point or a comma; Invalid for none."""
    try:
        if len(text) > 20:
            raise ValueError(text)
        hours = float(text.replace(",", "."))
    except ValueError:
        hours = math.nan
    if math.isnan(hours):
        message = "a number of hours, such as 8 or 1.5"
        raise Invalid(message, errors=[FieldError("hours", message)])
    return hours
