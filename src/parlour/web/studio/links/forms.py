"""What forms of links send, and how it is read: hours as people type them, texts, switches."""

import math
from typing import Any, Final

import msgspec
from litestar.enums import RequestEncodingType
from litestar.params import Body

from parlour.kit.errors import FieldError, Invalid
from parlour.links.keeping import Wish
from parlour.links.rules import Kind
from parlour.links.uses import MOST

FORM: Final = Body(media_type=RequestEncodingType.URL_ENCODED)
PRESETS: Final = (("1", "a demo"), ("24", "a day"), ("72", "a weekend"), ("168", "a week"))
"""Hours that are offered, and what they are good for."""
FIRST_HOURS: Final = "72"
OVERLAPS: Final = (
    ("0", "Not at all: it ends now"),
    ("1", "One hour more"),
    ("24", "A day more"),
    ("72", "Three days more"),
    ("168", "A week more"),
    ("720", "Thirty days more"),
)
"""For how long an old address works, in words."""


_BOUNDS: Final = ("rate_limit_per_minute", "daily_token_limit", "budget_tokens")


class Bounds(msgspec.Struct, frozen=True):
    """The limits of a link as people type them: empty is what the agent says; absent stays."""

    rate_limit_per_minute: str | None = None
    daily_token_limit: str | None = None
    budget_tokens: str | None = None
    budget_period: str | None = None

    def bounds(self) -> dict[str, int | str | None]:
        """Read those that were sent; Invalid names every number that is none."""
        read: dict[str, int | str | None] = {}
        errors = []
        for name in _BOUNDS:
            given = getattr(self, name)
            text = None if given is None else given.strip().replace(",", "")
            if text is None or text == "":
                read |= {} if text is None else {name: None}
            elif text.isascii() and text.isdigit():
                read[name] = int(text[:18])
            else:
                errors.append(FieldError(name, "a whole number"))
        if errors:
            raise Invalid("numbers that do not fit", errors=errors)
        if self.budget_period is not None:
            read["budget_period"] = self.budget_period[:20]
        return read

    def bounds_typed(self) -> dict[str, str]:
        """Return what was typed of them, to stand in the form again."""
        return {name: (getattr(self, name) or "")[:20] for name in (*_BOUNDS, "budget_period")}


class LinkForm(Bounds, frozen=True):
    """The form of a new link; on a widget's it is its kind and hours alone."""

    agent: str = ""
    name: str = ""
    kind: str = Kind.PERMANENT.word
    hours: str = FIRST_HOURS
    other: str = ""
    welcome_message: str = ""
    enabled: str = ""
    require_email: str = ""
    """`1` asks visitors for an address first, `0` does not, nothing leaves it to the agent."""
    preview: str = ""
    """Asked while somebody types: nothing is made."""

    def wish(self, *, enabled: bool, widget_id: str | None = None) -> Wish:
        """Read it; Invalid names the field that does not fit."""
        bounds: dict[str, Any] = self.bounds()
        kind = Kind.TEMPORARY if self.kind == Kind.TEMPORARY.word else Kind.PERMANENT
        return Wish(
            kind=kind,
            name=self.name.strip() or None,
            hours=hours_of(self.other.strip() or self.hours) if kind is Kind.TEMPORARY else None,
            welcome_message=self.welcome_message.replace("\r\n", "\n").strip() or None,
            enabled=enabled,
            require_email=asked_of(self.require_email),
            widget_id=widget_id,
            **bounds,
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
            "require_email": self.require_email[:1],
            **self.bounds_typed(),
        }


def asked_of(text: str) -> bool | None:
    """Read whether visitors are asked for an address; None leaves it to the agent."""
    return {"1": True, "0": False}.get(text)


def number_of(text: str) -> int:
    """Read a maximum of uses as people type it, empty for none; Invalid for what is no number."""
    text = text.strip() or "0"
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) <= MOST):
        message = f"a whole number: 0 for no maximum, or up to {MOST:,}"
        raise Invalid(message, errors=[FieldError("max_uses", message)])
    return int(text)


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
