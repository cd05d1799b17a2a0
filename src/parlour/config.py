"""Every setting, typed, with its default and one sentence that says what it does."""

import ipaddress
import os
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from parlour.kit.errors import FieldError, Invalid

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

PREFIX = "PARLOUR_"


def setting(default: Any, says: str, *, secret: bool = False) -> Any:
    """Describe one setting; `says` is what the docs page prints."""
    meta = {"says": says, "secret": secret}
    if callable(default):
        return field(default_factory=default, metadata=meta)
    return field(default=default, metadata=meta)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All of a process's settings, read once at start from `PARLOUR_…` variables."""

    # Where things are
    data_dir: Path = setting(Path("data"), "Folder of the SQLite file and the instance key.")
    database_url: str = setting(
        "", "`postgresql://…` to use PostgreSQL; empty: SQLite in the data folder.", secret=True
    )
    redis_url: str = setting(
        "", "`redis://…`; needed as soon as more than one process serves.", secret=True
    )
    public_url: str = setting(
        "", "The address visitors use, `https://chat.example.org`; empty: host and port."
    )
    secret_key: tuple[str, ...] = setting(
        (),
        "Secret keys, comma-separated: the first signs, all verify. Empty: a key is made "
        "and kept in the data folder.",
        secret=True,
    )

    # Who talks to us
    host: str = setting("127.0.0.1", "Address to listen on.")
    port: int = setting(8080, "Port to listen on; 0 takes a free one.")
    trusted_proxies: tuple[Network, ...] = setting(
        (), "Networks of reverse proxies whose `X-Forwarded-For` is believed."
    )
    metrics_token: str = setting(
        "", "Bearer token that may read `/metrics` besides an owner's API key.", secret=True
    )
    security_contact: str = setting(
        "",
        "Whom to tell of a weakness, `mailto:…` or `https://…`; shown in "
        "`/.well-known/security.txt`, which is not there without it.",
    )
    max_body_bytes: int = setting(1_048_576, "Largest request body in bytes.")
    header_timeout: float = setting(10.0, "Seconds in which a request's headers must arrive.")
    body_timeout: float = setting(60.0, "Seconds in which a request's body must arrive.")

    wrong_tokens_per_minute: int = setting(
        60, "Link addresses that do not exist which one place may ask for in a minute."
    )

    # Whom we talk to
    allow_networks: tuple[Network, ...] = setting(
        (),
        "Private networks that agents may call, such as `127.0.0.0/8` for a model server on "
        "this machine. Cloud metadata addresses stay closed.",
    )
    documents_roots: tuple[Path, ...] = setting(
        (), "Folders below which agents made over HTTP may read documents."
    )
    function_targets: tuple[str, ...] = setting(
        (), "`module:callable` targets, or `module:*`, that agents made over HTTP may call."
    )

    # Conversations
    max_message_chars: int = setting(8_000, "Longest message of a visitor in characters.")
    session_days: int = setting(
        30, "Days after the last visit for which a browser finds its conversation again."
    )
    first_byte_timeout: float = setting(60.0, "Seconds an agent may take to its first word.")
    silence_timeout: float = setting(60.0, "Seconds an agent may be silent within a reply.")
    reply_timeout: float = setting(600.0, "Seconds a reply may take in all.")
    max_reply_chars: int = setting(200_000, "Longest reply in characters; the rest is cut.")
    prompt_chars: int = setting(
        48_000, "Characters of the conversation that an agent is shown, newest first."
    )

    # The process
    drain_seconds: float = setting(
        8.0, "Seconds that running replies get to finish when the server is told to stop."
    )
    lease_seconds: float = setting(
        4.0, "Seconds after which another process takes over the work of one that died."
    )
    workers: int = setting(512, "Background jobs and replies that one process runs at a time.")
    log_level: str = setting("info", "`debug`, `info`, `warning` or `error`.")

    @property
    def sqlite_path(self) -> Path:
        """Where the SQLite file lies."""
        return self.data_dir / "parlour.db"


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from the environment; Invalid names every variable that does not fit."""
    environ = os.environ if environ is None else environ
    hints = typing.get_type_hints(Settings)
    values: dict[str, Any] = {}
    errors: list[FieldError] = []
    for each in fields(Settings):
        name = PREFIX + each.name.upper()
        if (text := environ.get(name)) is None:
            continue
        try:
            values[each.name] = _parse(hints[each.name], text)
        except ValueError as error:
            errors.append(FieldError(name, str(error)))
    if errors:
        told = "; ".join(f"{error.field}: {error.message}" for error in errors)
        raise Invalid(f"settings that do not fit: {told}", errors=errors)
    return Settings(**values)


def _parse(kind: Any, text: str) -> Any:
    if typing.get_origin(kind) is tuple:
        inner = typing.get_args(kind)[0]
        return tuple(_parse(inner, part.strip()) for part in text.split(",") if part.strip())
    if isinstance(kind, types.UnionType):
        return ipaddress.ip_network(text, strict=False)
    if kind in (int, float):
        number = kind(text)
        if not 0 <= number < 2**53:
            raise ValueError("must be a number, zero or more")
        return number
    return Path(text).expanduser() if kind is Path else text
