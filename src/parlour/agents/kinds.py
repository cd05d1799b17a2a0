"""What a kind of backend is: how its settings are taken in, checked, shown, and brought to life."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from parlour.agents.contract import Backend
from parlour.kit.clock import Moment
from parlour.kit.errors import FieldError, Invalid
from parlour.kit.http import Blocked
from parlour.tools import Tools

Config = TypeVar("Config", bound=msgspec.Struct)
Config_contra = TypeVar("Config_contra", bound=msgspec.Struct, contravariant=True)
Shape = TypeVar("Shape")

KEEP = "set"
"""What stands for a secret when a config is shown; given back, it means: leave it as it is."""


class Accept(Protocol[Config]):
    """Takes in what a person wrote, beside what was kept before; Invalid by field."""

    def __call__(
        self, given: Mapping[str, Any], previous: Config | None, tools: Tools, /, *, trusted: bool
    ) -> Config: ...


class Check(Protocol[Config_contra]):
    """Looks at the world before a config is saved; Invalid when it does not fit."""

    async def __call__(self, config: Config_contra, tools: Tools, /, *, trusted: bool) -> None: ...


def _no_secrets(_before: Any, _config: Any, _tools: Tools) -> dict[str, str]:
    return {}


def _none(_config: Any) -> dict[str, Moment]:
    return {}


def _no_files(_config: Any) -> list[str]:
    return []


def _no_attachments(_config: Any) -> frozenset[str]:
    return frozenset()


def any_attachment(_config: Any) -> frozenset[str]:
    """Say that a backend takes every kind of file."""
    return frozenset({"image", "pdf", "text"})


def _nothing(_config: Any) -> str:
    return ""


def _itself(config: Any, _published: Any, _agent_id: str) -> Any:
    return config


def _own(_config: Any, agent_id: str) -> str:
    return agent_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[Config]):
    """One kind of backend. `trusted` is True for whoever has a shell on this machine.

    A config given over HTTP is not trusted: it names no environment variable, no callable and no
    folder that the owner of the machine has not listed.
    """

    name: str
    config: type[Config]
    """How the config is kept: secrets sealed."""
    accept: Accept[Config]
    check: Check[Config]
    shown: Callable[[Config], dict[str, Any]]
    """The config as its owner may see it; `accept` takes it back unchanged."""
    build: Callable[[Config, str, Tools], Backend]
    """(config, agent id, tools): bring it to life; does not wait and does not fail."""
    made: Callable[[Config | None, Config, Tools], dict[str, str]] = _no_secrets
    """(previous, config, tools): secrets that this change made, to be shown this once."""

    secrets: Callable[[Config], dict[str, Moment]] = _none
    """The secrets that are kept, by field, and when each was set; 0: before that was noted."""

    files: Callable[[Config], list[str]] = _no_files
    """The ids of the uploaded files that a config names."""
    lacking: Callable[[Config], str] = _nothing
    """What keeps a config from being published, in a sentence; empty when nothing does."""
    mirrored: Callable[[Config, Config | None, str], Config] = _itself
    """(draft, what is published, agent id): the config with which the draft is tried."""
    library: Callable[[Config, str], str] = _own
    """(config, agent id): whose library holds the documents that answers cite."""

    attaches: Callable[[Config], frozenset[str]] = _no_attachments
    """Which kinds of files a visitor may send along: `image`, `pdf`, `text`."""

    prepare: Callable[[Config, str, str, Tools], Awaitable[None]] | None = None
    """(config, agent id, id of an agent that may have read the same, tools): make what a version
    needs before it can answer."""
    forget: Callable[[str, Tools], Awaitable[None]] | None = None
    """(agent id, tools): remove everything that `prepare` made."""

    def load(self, stored: Mapping[str, Any]) -> Config:
        """Read a config back from where it is kept."""
        return msgspec.convert(stored, self.config)

    def stored(self, config: Config) -> dict[str, Any]:
        """Write a config for keeping: as it will be read back, so that two can be compared."""
        written: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(config))
        return written


def fitted(given: Mapping[str, Any], shape: type[Shape]) -> Shape:
    """Convert what a person wrote, or say which field does not fit."""
    try:
        return msgspec.convert(dict(given), shape)
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at `$")
        field = where.strip("`.") or _unknown_field(message)
        if message.startswith("Object missing required field"):
            message = "must be given"
        raise wrong(field, message.replace("`", "")) from None


def _unknown_field(message: str) -> str:
    parts = message.split("`")
    return parts[1] if "field `" in message and len(parts) > 1 else "config"


def wrong(field: str, message: str) -> Invalid:
    """Make the refusal of one field of a config."""
    return Invalid(f"{field}: {message}", errors=[FieldError(field, message)])


async def check_url(field: str, url: str, tools: Tools, *, trusted: bool) -> None:
    """Refuse an address that may not be called; tell only the machine's owner how to open it."""
    try:
        await tools.http.check(url)
    except Blocked as blocked:
        if not trusted:
            raise wrong(field, str(blocked)) from None
        if not blocked.unresolved:  # a name may get its address later
            hint = "To call a private address, list its network in PARLOUR_ALLOW_NETWORKS."
            raise wrong(field, f"{blocked} {hint}") from None
