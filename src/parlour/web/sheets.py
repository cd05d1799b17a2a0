"""The templates of all pages, compiled once per process, and how times stand in them."""

from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from parlour.kit.clock import Moment, rfc3339


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
    return made


def _utc(moment: Moment, form: str) -> str:
    """Write a moment in UTC for browsers without scripts; scripts put it in the reader's zone."""
    when = datetime.fromtimestamp(moment / 1000, UTC)
    if form == "clock":
        return f"{when:%H:%M} UTC"
    if form == "short":
        return f"{when.day} {when:%b, %H:%M} UTC"
    return f"{when:%A} {when.day} {when:%B %Y, %H:%M} UTC"
