"""Options of the command line for what an agent collects in conversations."""

from collections.abc import Callable
from typing import Any

import click
import msgspec
import orjson

from parlour.agents.variables import Definition

Command = Callable[..., Any]

_FLAGS = {
    "asked": {"asked": True},
    "required": {"asked": True, "required": True},
    "public": {"personal": False},
    "signed": {"signed": True},
}
NONE = "none"
"""Stands for collecting nothing any more."""

variables_option = click.option(
    "--variable",
    "variables",
    multiple=True,
    metavar="SPEC",
    callback=lambda _context, _option, given: written(given),
    help="Something to collect: plan,label=Your plan,type=choice,options=free|gold,asked. "
    f"Also required, public, signed, pattern=…; or as JSON; {NONE} for nothing.",
)


follow_ups_option = click.option(
    "--follow-ups/--no-follow-ups",
    "follow_ups",
    default=None,
    help="Whether answers offer what one may ask next.",
)


accent_option = click.option(
    "--accent", metavar="COLOUR", help="Such as #1c4a63; made fit to be read."
)


def chat_options(command: Command) -> Command:
    """Give a command the options of what happens in a chat beside answers."""
    return variables_option(follow_ups_option(command))


def written(given: tuple[str, ...]) -> tuple[Definition, ...] | list[Definition] | None:
    """Read what `--variable` says; None when it says nothing, an empty list for `none`."""
    if not given:
        return None
    if given == (NONE,):
        return []
    return tuple(_definition(each) for each in given)


def _definition(spec: str) -> Definition:
    try:
        told = orjson.loads(spec) if spec.startswith("{") else _told(spec)
        return msgspec.convert(told, Definition)
    except (msgspec.ValidationError, orjson.JSONDecodeError) as error:
        raise click.BadParameter(f"{spec}: {error}") from None


def _told(spec: str) -> dict[str, Any]:
    name, *parts = spec.split(",")
    told: dict[str, Any] = {"name": name.strip()}
    for part in parts:
        key, equals, value = part.strip().partition("=")
        if not equals:
            if key not in _FLAGS:
                raise click.BadParameter(f"{spec}: {key!r} is not known")
            told |= _FLAGS[key]
        else:
            told[key] = value.split("|") if key == "options" else value
    return told
