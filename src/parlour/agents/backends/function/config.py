"""The settings of a function agent, and which callables an agent made over HTTP may name."""

import asyncio
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from parlour.agents.backends.function.target import Unusable, load
from parlour.agents.kinds import fitted, wrong
from parlour.tools import Tools

_DOTTED: Final = r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*"
_FORM: Final = re.compile(rf"{_DOTTED}:{_DOTTED}\Z", re.ASCII)


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is called: `module:attribute`."""

    target: Annotated[str, Meta(min_length=3, max_length=300)]


def accept(
    given: Mapping[str, Any], previous: Config | None, tools: Tools, *, trusted: bool
) -> Config:
    """Take in what a person wrote; over HTTP, only what the machine's owner listed."""
    new = fitted(given, Config)
    if not _FORM.match(new.target):
        raise wrong("target", "has the form module:callable, such as mybot:answer")
    known = previous is not None and previous.target == new.target
    if not trusted and not known and not listed(new.target, tools.settings.function_targets):
        raise wrong("target", "is not listed in PARLOUR_FUNCTION_TARGETS")
    return new


def listed(target: str, allowed: tuple[str, ...]) -> bool:
    """Tell whether a target is on the list, by itself or as a public name of a `module:*`."""
    module, _, path = target.partition(":")
    public = not path.startswith("_") and "." not in path
    return target in allowed or (public and f"{module}:*" in allowed)


async def check(config: Config, tools: Tools, *, trusted: bool) -> None:
    """Import the target, off the loop, and refuse it when it cannot be called."""
    try:
        found = await asyncio.to_thread(load, config.target)
    except Unusable as error:
        raise wrong("target", str(error)) from None
    if trusted or config.target in tools.settings.function_targets:
        return
    # `module:*` lists what a module defines, not all that it happens to import.
    module = config.target.partition(":")[0]
    if f"{module}:*" in tools.settings.function_targets and found.__module__ != module:
        raise wrong("target", f"is not defined in {module}")


def shown(config: Config) -> dict[str, Any]:
    """Show the target."""
    return {"target": config.target}
