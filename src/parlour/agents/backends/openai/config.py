"""The settings of an openai agent; its key goes in, is sealed, and never comes out."""

import os
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from parlour.agents.contract import BackendFailure
from parlour.agents.kinds import KEEP, check_url, fitted, wrong
from parlour.kit.clock import Moment
from parlour.kit.http import Blocked, parse
from parlour.tools import Tools

_KEY: Final = re.compile(r"[\x21-\x7e]{1,1000}\Z", re.ASCII)
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}\Z", re.ASCII)

Url = Annotated[str, Meta(min_length=1, max_length=2_000)]
Model = Annotated[str, Meta(min_length=1, max_length=200)]
Instructions = Annotated[str, Meta(max_length=50_000)]
Temperature = Annotated[float, Meta(ge=0, le=2)]
Tokens = Annotated[int, Meta(ge=1, le=1_000_000)]


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where the model is and how it is asked."""

    base_url: Url
    model: Model
    api_key_env: str = ""
    api_key_sealed: str = ""
    api_key_at: Moment = 0
    """When the key was given."""
    instructions: Instructions = ""
    """The system prompt."""
    temperature: Temperature | None = None
    max_output_tokens: Tokens | None = None
    images: bool = False
    """Whether the model takes pictures."""


class Given(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a person may write."""

    base_url: Url
    model: Model
    api_key: str | UnsetType | None = UNSET
    """Absent or "set": stays. null or empty: taken away."""
    api_key_env: str | UnsetType | None = UNSET
    instructions: Instructions = ""
    temperature: Temperature | None = None
    max_output_tokens: Tokens | None = None
    images: bool = False
    """Whether the model takes pictures, which visitors may then be allowed to send."""


def accept(
    given: Mapping[str, Any], previous: Config | None, tools: Tools, *, trusted: bool
) -> Config:
    """Take in what a person wrote; a key stays only as long as the address it is sent to stays."""
    new = fitted(given, Given)
    try:
        endpoint(new.base_url)
    except Blocked as blocked:
        raise wrong("base_url", str(blocked)) from None
    moved = previous is not None and endpoint(previous.base_url) != endpoint(new.base_url)
    variable, sealed = _key(new, previous, tools, moved=moved, trusted=trusted)
    kept = previous is not None and previous.api_key_sealed == sealed
    at = previous.api_key_at if kept and previous else tools.clock.now() if sealed else 0
    return Config(
        base_url=new.base_url,
        model=new.model,
        api_key_env=variable,
        api_key_sealed=sealed,
        api_key_at=at,
        instructions=new.instructions,
        temperature=new.temperature,
        max_output_tokens=new.max_output_tokens,
        images=new.images,
    )


def _key(
    new: Given, previous: Config | None, tools: Tools, *, moved: bool, trusted: bool
) -> tuple[str, str]:
    """Decide on (variable, sealed key)."""
    old_variable = previous.api_key_env if previous else ""
    old_sealed = previous.api_key_sealed if previous else ""
    variable = old_variable if new.api_key_env is UNSET else new.api_key_env or ""
    if isinstance(new.api_key, str) and new.api_key not in ("", KEEP):
        if not _KEY.match(new.api_key):
            raise wrong("api_key", "a key is made of printable ASCII characters without spaces")
        if new.api_key_env not in (UNSET, None, "") and variable != old_variable:
            raise wrong("api_key_env", "give a key or the name of a variable, not both")
        return "", tools.keys.seal(new.api_key)
    kept = old_sealed if new.api_key in (UNSET, KEEP) else ""
    if variable and variable != old_variable:
        if not trusted:  # whoever may name a variable and an address may read any variable
            raise wrong("api_key_env", "can only be set on the command line of the server")
        if not _VARIABLE.match(variable):
            raise wrong("api_key_env", "is not the name of an environment variable")
        return variable, ""
    if moved and (kept or (variable and not trusted)):
        raise wrong("api_key", "give the key again when base_url changes")
    return variable, kept


async def check(config: Config, tools: Tools, *, trusted: bool) -> None:
    """Refuse an address that may not be called."""
    await check_url("base_url", config.base_url, tools, trusted=trusted)


def shown(config: Config) -> dict[str, Any]:
    """Show everything but the key."""
    return {
        "base_url": config.base_url,
        "model": config.model,
        "api_key": KEEP if config.api_key_sealed else None,
        "api_key_env": config.api_key_env or None,
        "instructions": config.instructions,
        "temperature": config.temperature,
        "max_output_tokens": config.max_output_tokens,
        "images": config.images,
    }


def secrets(config: Config) -> dict[str, Moment]:
    """Tell when the key was given, if one was."""
    return {"api_key": config.api_key_at} if config.api_key_sealed else {}


def endpoint(base_url: str) -> str:
    """Find the address of the chat completions; Blocked when the base is not a plain address.

    `https://host` means its `/v1`; any path is taken as it stands, with or without a final slash.
    """
    target = parse(base_url)
    path, mark, query = target.rest.partition("?")
    path = path.rstrip("/") or "/v1"
    if not path.endswith("/chat/completions"):
        path += "/chat/completions"
    return target.origin + path + mark + query


def key_of(config: Config, tools: Tools) -> str:
    """Find the key; empty when the server needs none; BackendFailure when it has gone."""
    if config.api_key_env:
        if not (key := os.environ.get(config.api_key_env, "").strip()):
            raise BackendFailure("misconfigured", f"{config.api_key_env} is not set")
    elif config.api_key_sealed:
        try:
            key = tools.keys.unseal(config.api_key_sealed)
        except ValueError as error:
            raise BackendFailure("misconfigured", f"the API key was {error}") from None
    else:
        return ""
    if not _KEY.match(key):
        raise BackendFailure("misconfigured", "the API key holds characters that no header takes")
    return key
