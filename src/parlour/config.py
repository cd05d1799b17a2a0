"""Every setting, typed, with its default and one sentence that says what it does."""

import ipaddress
import math
import os
import re
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from parlour.kit.errors import FieldError, Invalid
from parlour.kit.tokens import SHORTEST_KEY

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

PREFIX = "PARLOUR_"

_LEVELS = ("debug", "info", "warning", "error")

_SOME = 0.1
"""Seconds: the shortest time in which anything can happen."""


def setting(
    default: Any, says: str, *, secret: bool = False, fits: Callable[[Any], None] | None = None
) -> Any:
    """Describe one setting; `says` is what the docs page prints.

    `fits` raises ValueError for a value that the program cannot work with.
    """
    meta = {"says": says, "secret": secret, "fits": fits}
    if callable(default):
        return field(default_factory=default, metadata=meta)
    return field(default=default, metadata=meta)


def _within(least: float, most: float = math.inf) -> Callable[[float], None]:
    def fits(value: float) -> None:
        if value < least:
            raise ValueError(f"must be at least {least:g}")
        if value > most:
            raise ValueError(f"must be at most {most:g}")

    return fits


def _long_enough(keys: tuple[str, ...]) -> None:
    if any(len(key) < SHORTEST_KEY for key in keys):
        raise ValueError(f"every key must have at least {SHORTEST_KEY} characters")


def _postgresql(url: str) -> None:
    if url:
        from parlour.kit.db.postgres import address  # noqa: PLC0415 - SQLite starts sooner

        address(url)


def _redis(url: str) -> None:
    if url:
        from parlour.kit.bus.lanes import connector  # noqa: PLC0415 - one process starts sooner

        try:
            connector(url)
        except ValueError:
            raise ValueError("must be like redis://host:6379/0") from None


def _one_of(*words: str) -> Callable[[str], None]:
    def fits(value: str) -> None:
        if value not in words:
            raise ValueError(f"must be one of {', '.join(words)}")

    return fits


def _issuer(url: str) -> None:
    if url and (not re.match(r"https?://[^/?#@\s]+(/[^?#\s]*)?\Z", url) or len(url) > 500):
        raise ValueError("must be like https://login.example.org, without a query")


def _scopes(scopes: tuple[str, ...]) -> None:
    if "openid" not in scopes:
        raise ValueError("must name openid among others")


def _need_one_another(settings: "Settings") -> Iterator[FieldError]:
    """Name what is missing beside what is set."""
    if settings.oidc_issuer and not settings.oidc_client_id:
        yield FieldError("PARLOUR_OIDC_CLIENT_ID", "is needed with PARLOUR_OIDC_ISSUER")
    if settings.oidc_newcomers and not settings.oidc_domains:
        yield FieldError("PARLOUR_OIDC_DOMAINS", "is needed with PARLOUR_OIDC_NEWCOMERS")
    if settings.passwords == "owners" and not settings.oidc_issuer:
        yield FieldError("PARLOUR_OIDC_ISSUER", "is needed with PARLOUR_PASSWORDS=owners")


def _level(name: str) -> None:
    if name.lower() not in _LEVELS:
        raise ValueError(f"must be one of {', '.join(_LEVELS)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All of a process's settings, read once at start from `PARLOUR_…` variables."""

    # Where things are
    data_dir: Path = setting(Path("data"), "Folder of the SQLite file and the instance key.")
    database_url: str = setting(
        "",
        "`postgresql://…` to use PostgreSQL; empty: SQLite in the data folder.",
        secret=True,
        fits=_postgresql,
    )
    redis_url: str = setting(
        "", "`redis://…`; needed as soon as more than one process serves.", secret=True, fits=_redis
    )
    public_url: str = setting(
        "", "The address visitors use, `https://chat.example.org`; empty: host and port."
    )
    secret_key: tuple[str, ...] = setting(
        (),
        "Secret keys, comma-separated: the first signs, all verify. Empty: a key is made "
        "and kept in the data folder.",
        secret=True,
        fits=_long_enough,
    )

    # Who talks to us
    host: str = setting("127.0.0.1", "Address to listen on.")
    port: int = setting(8080, "Port to listen on; 0 takes a free one.", fits=_within(0, 65_535))
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
    max_body_bytes: int = setting(1_048_576, "Largest request body in bytes.", fits=_within(1))
    header_timeout: float = setting(
        10.0, "Seconds in which a request's headers must arrive.", fits=_within(_SOME)
    )
    body_timeout: float = setting(
        60.0, "Seconds in which a request's body must arrive.", fits=_within(_SOME)
    )

    wrong_tokens_per_minute: int = setting(
        60,
        "Link addresses that do not exist which one place may ask for in a minute.",
        fits=_within(1),
    )

    # How people sign in
    second_step: str = setting(
        "optional",
        "`required`: whoever has a password also needs a code from an app to sign in; `optional`: "
        "whoever wants.",
        fits=_one_of("optional", "required"),
    )

    passwords: str = setting(
        "everybody",
        "Who may sign in by a password: `everybody`, or only `owners` where the others come by "
        "the OpenID provider.",
        fits=_one_of("everybody", "owners"),
    )
    oidc_issuer: str = setting(
        "",
        "The OpenID provider by which people may sign in, exactly as it calls itself; its answer "
        "address is `/studio/sign-in/provider/back`.",
        fits=_issuer,
    )
    oidc_client_id: str = setting("", "What the provider calls this instance.")
    oidc_client_secret: str = setting(
        "", "The secret that the provider gave for it; empty for a public client.", secret=True
    )
    oidc_label: str = setting("", "The provider's name on the button; empty: its host.")
    oidc_scopes: tuple[str, ...] = setting(
        ("openid", "email", "profile"), "What the provider is asked for.", fits=_scopes
    )
    oidc_emails: str = setting(
        "confirmed",
        "`confirmed`: an address counts only with `email_verified`; `believed`: also from a "
        "provider that says nothing of it and lets nobody choose their own.",
        fits=_one_of("confirmed", "believed"),
    )
    oidc_newcomers: str = setting(
        "",
        "Role of people whom nobody invited, with an address of `PARLOUR_OIDC_DOMAINS`; empty: "
        "only who is here or invited comes in.",
        fits=_one_of("", "builder", "team_lead", "operator", "analyst"),
    )
    oidc_domains: tuple[str, ...] = setting(
        (), "Domains of addresses whose people may come in uninvited."
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

    # Uploaded documents
    upload_file_bytes: int = setting(
        20_971_520,
        "Largest document that can be uploaded, in bytes; 20 MB is what is read at most.",
        fits=_within(1, 20_971_520),
    )
    upload_agent_bytes: int = setting(
        209_715_200, "Bytes of all uploaded documents of one agent together.", fits=_within(1)
    )
    upload_files: int = setting(
        200, "Documents that one agent may have uploaded.", fits=_within(1, 2_000)
    )

    # Conversations
    max_message_chars: int = setting(
        8_000, "Longest message of a visitor in characters.", fits=_within(1)
    )
    session_days: int = setting(
        30,
        "Days after the last message for which a browser finds its conversation again.",
        fits=_within(1),
    )
    first_byte_timeout: float = setting(
        60.0, "Seconds an agent may take to its first word.", fits=_within(_SOME)
    )
    silence_timeout: float = setting(
        60.0, "Seconds an agent may be silent within a reply.", fits=_within(_SOME)
    )
    reply_timeout: float = setting(600.0, "Seconds a reply may take in all.", fits=_within(_SOME))
    max_reply_chars: int = setting(
        200_000, "Longest reply in characters; the rest is cut.", fits=_within(1)
    )
    prompt_chars: int = setting(
        48_000,
        "Characters of the conversation that an agent is shown, newest first.",
        fits=_within(1),
    )

    event_days: int = setting(
        400, "Days for which it is kept who did what; older events are deleted.", fits=_within(1)
    )

    # The process
    drain_seconds: float = setting(
        8.0, "Seconds that running replies get to finish when the server is told to stop."
    )
    lease_seconds: float = setting(
        4.0,
        "Seconds after which another process takes over the work of one that died.",
        fits=_within(_SOME),
    )
    workers: int = setting(
        512, "Background jobs and replies that one process runs at a time.", fits=_within(1)
    )
    log_level: str = setting("info", "`debug`, `info`, `warning` or `error`.", fits=_level)

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
            value = values[each.name] = _parse(hints[each.name], text)
            if (fits := each.metadata["fits"]) is not None:
                fits(value)
        except ValueError as error:
            errors.append(FieldError(name, str(error)))
    made = Settings(**values)
    errors += _need_one_another(made)
    if errors:
        told = "; ".join(f"{error.field}: {error.message}" for error in errors)
        raise Invalid(f"settings that do not fit: {told}", errors=errors)
    return made


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
