"""The templates of all pages, compiled once per process, and how times stand in them."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from parlour.kit.clock import Moment, rfc3339
from parlour.kit.tastes import taste
from parlour.pictures import path

_HOUSE: Final = "1c4a63"
"""The ink of the house."""
_HIDDEN: Final = re.compile(r"•{2,}(?:[ @]*•+)*|\*{6}")


@lru_cache
def template(name: str) -> Template:
    """Return a template by its path below the folder of templates."""
    return _environment().get_template(name)


@lru_cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters["rfc3339"] = rfc3339
    made.filters["utc"] = _utc
    made.filters["masked"] = _masked
    made.filters["taste"] = taste
    made.filters["seconds"] = _seconds
    made.filters["picture"] = path
    made.filters["bytes"] = _bytes
    made.globals["tab_icon"] = tab_icon
    return made


def tab_icon(picture: str, initial: str, accent: str) -> str:
    """Return what stands in the tab of an agent's page: its picture, else a letter on its accent.

    Empty where there is neither, such as for a name that begins with what cannot be shown.
    """
    if picture:
        return f"/pictures/{picture}.png"
    letter = initial.strip()[:1].upper()[:1]
    if not letter.isprintable() or not letter:
        return ""
    return f"/letters/{accent or _HOUSE}-{ord(letter):02x}.svg"


@pass_context
def _masked(context: Context, text: str) -> Markup:
    """Mark what stands in place of personal details, in a text that is escaped here."""
    words = context.get("w") or {}
    title = escape(words.get("masked", "Hidden from you"))
    mark = rf'<span class="masked" title="{title}">\g<0></span>'
    return Markup(_HIDDEN.sub(mark, str(escape(text))))  # noqa: S704 - escaped before


def _bytes(size: int) -> str:
    """Write a size as people read it, as the scripts do."""
    return f"{-(-size // 1024)} kB" if size < 1_048_576 else f"{size / 1_048_576:.1f} MB"


def _seconds(milliseconds: Moment) -> str:
    """Write how long something took."""
    if milliseconds < 1_000:
        return f"{milliseconds} ms"
    return f"{milliseconds / 1000:.1f} s" if milliseconds < 10_000 else f"{milliseconds // 1000} s"


def _utc(moment: Moment, form: str, language: str = "en", zone: str = "") -> str:
    """Write a moment for browsers without scripts; scripts put it in the reader's own zone.

    It stands in UTC, or in a named zone, whose name is told.
    """
    if language != "en":
        return _written(moment, form, language, zone)
    when, where = _in_zone(moment, zone)
    if form == "clock":
        return f"{when:%H:%M} {where}"
    if form == "short":
        return f"{when.day} {when:%b, %H:%M} {where}"
    if form == "dated":
        return f"{when.day} {when:%b %Y, %H:%M} {where}"
    return f"{when:%A} {when.day} {when:%B %Y, %H:%M} {where}"


def _in_zone(moment: Moment, zone: str) -> tuple[datetime, str]:
    when = datetime.fromtimestamp(moment / 1000, ZoneInfo(zone) if zone else UTC)
    return when, zone.replace("_", " ") or "UTC"


def _written(moment: Moment, form: str, language: str, zone: str) -> str:
    """Write a moment as people of a language do."""
    # Not for pages in English, which most processes never leave: it takes a fifth of a second.
    from babel.dates import format_date, format_skeleton, format_time  # noqa: PLC0415

    when, where = _in_zone(moment, zone)
    clock = format_time(when, "short", locale=language)
    if form == "clock":
        return f"{clock} {where}"
    if form == "short":
        return f"{format_skeleton('MMMd', when, locale=language)}, {clock} {where}"
    length = "medium" if form == "dated" else "full"
    return f"{format_date(when, length, locale=language)}, {clock} {where}"
