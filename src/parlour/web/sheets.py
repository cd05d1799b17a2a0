"""The templates of all pages, compiled once per process, and how times stand in them."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from parlour.kit.clock import Moment, rfc3339

_MARKS: Final = re.compile(
    r"\[([^\]\n]{0,200})\]\([^)\s]{0,500}\)|\s?\[\d+(?:,\s?\d+)*\]|[*`~]+|(?:^|\s)#+\s"
)
_HIDDEN: Final = re.compile("•{2,}(?:[ @]*•+)*")


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
    made.filters["plainly"] = _plainly
    made.filters["seconds"] = _seconds
    return made


def _masked(text: str) -> Markup:
    """Mark what stands in place of personal details, in a text that is escaped here."""
    mark = r'<span class="masked" title="Hidden from you">\g<0></span>'
    return Markup(_HIDDEN.sub(mark, str(escape(text))))  # noqa: S704 - escaped before


def _plainly(text: str) -> str:
    """Leave out the marks of Markdown, for a line that is only a taste of the text."""
    return _MARKS.sub(lambda found: found[1] or "", text)


def _seconds(milliseconds: Moment) -> str:
    """Write how long something took."""
    if milliseconds < 1_000:
        return f"{milliseconds} ms"
    return f"{milliseconds / 1000:.1f} s" if milliseconds < 10_000 else f"{milliseconds // 1000} s"


def _utc(moment: Moment, form: str) -> str:
    """Write a moment in UTC for browsers without scripts; scripts put it in the reader's zone."""
    when = datetime.fromtimestamp(moment / 1000, UTC)
    if form == "clock":
        return f"{when:%H:%M} UTC"
    if form == "short":
        return f"{when.day} {when:%b, %H:%M} UTC"
    return f"{when:%A} {when.day} {when:%B %Y, %H:%M} UTC"
