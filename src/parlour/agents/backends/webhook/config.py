"""The settings of a webhook agent, and the secret that is made for it."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from parlour.agents.kinds import KEEP, check_url, fitted, wrong
from parlour.kit.clock import Moment
from parlour.kit.http import Blocked, parse, signed
from parlour.tools import Tools

Url = Annotated[str, Meta(min_length=1, max_length=2_000)]


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where the program is, and the secrets it shares with this agent."""

    url: Url
    secrets_sealed: tuple[str, ...]
    """Newest first; the one before it is good until the next rotation."""
    verify_response: bool = False
    secret_at: Moment = 0
    """When the newest secret was made."""


class Given(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a person may write."""

    url: Url
    verify_response: bool = False
    rotate_secret: bool = False
    keep_secret: bool = False
    """Another host shall get what is signed with the secret that the present one knows."""
    secret: Literal["set"] | UnsetType = UNSET
    """Stands in what is shown; a secret is made here and cannot be given."""


def accept(
    given: Mapping[str, Any], previous: Config | None, tools: Tools, *, trusted: bool
) -> Config:
    """Take in what a person wrote; a new agent gets a secret, a rotation adds one before it."""
    del trusted
    new = fitted(given, Given)
    try:
        parse(new.url)
    except Blocked as blocked:
        raise wrong("url", str(blocked)) from None
    sealed = previous.secrets_sealed if previous else ()
    if previous is not None and parse(previous.url).origin != parse(new.url).origin:
        if new.rotate_secret:
            sealed = ()  # what the former host knows proves nothing to this one
        elif not new.keep_secret:
            told = (
                "is another host: have a new secret made (rotate_secret), or let both know the "
                "present one (keep_secret)"
            )
            raise wrong("url", told)
    at = previous.secret_at if previous else 0
    if not sealed or new.rotate_secret:
        sealed = (tools.keys.seal(signed.new_secret()), *sealed[:1])
        at = tools.clock.now()
    return Config(new.url, sealed, new.verify_response, at)


async def check(config: Config, tools: Tools, *, trusted: bool) -> None:
    """Refuse an address that may not be called."""
    await check_url("url", config.url, tools, trusted=trusted)


def shown(config: Config) -> dict[str, Any]:
    """Show everything but the secrets."""
    return {"url": config.url, "verify_response": config.verify_response, "secret": KEEP}


def made(previous: Config | None, config: Config, tools: Tools) -> dict[str, str]:
    """Return the secret when it is new, to be shown this once."""
    if previous is not None and previous.secrets_sealed[0] == config.secrets_sealed[0]:
        return {}
    return {"secret": tools.keys.unseal(config.secrets_sealed[0])}
