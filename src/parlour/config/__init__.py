"""Every setting, typed, with its default and one sentence that says what it does."""

import ipaddress
import os
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from parlour.config import checks, parsing
from parlour.config.describing import setting
from parlour.kit.errors import FieldError, Invalid

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

PREFIX = "PARLOUR_"

_SOME = 0.1
"""Seconds: the shortest time in which anything can happen."""


def _need_one_another(settings: "Settings") -> Iterator[FieldError]:
    """Name what is missing beside what is set."""
    if settings.oidc_issuer and not settings.oidc_client_id:
        yield FieldError("PARLOUR_OIDC_CLIENT_ID", "is needed with PARLOUR_OIDC_ISSUER")
    if settings.base_domain and not settings.public_url:
        yield FieldError("PARLOUR_PUBLIC_URL", "is needed with PARLOUR_BASE_DOMAIN")
    if settings.smtp_url and not settings.mail_from:
        yield FieldError("PARLOUR_MAIL_FROM", "is needed with PARLOUR_SMTP_URL")
    if settings.oidc_newcomers and not settings.oidc_domains:
        yield FieldError("PARLOUR_OIDC_DOMAINS", "is needed with PARLOUR_OIDC_NEWCOMERS")
    if settings.passwords == "owners" and not settings.oidc_issuer:
        yield FieldError("PARLOUR_OIDC_ISSUER", "is needed with PARLOUR_PASSWORDS=owners")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All of a process's settings, read once at start from `PARLOUR_…` variables."""

    # Where things are
    data_dir: Path = setting(  # noqa: RUF009 - describes a field, as all of them
        Path("data"), "Folder of the SQLite file and the instance key.", fits=checks.folder
    )
    database_url: str = setting(
        "",
        "`postgresql://…` to use PostgreSQL; empty: SQLite in the data folder.",
        secret=True,
        fits=checks.postgresql,
    )
    redis_url: str = setting(
        "",
        "`redis://…`; needed as soon as more than one process serves.",
        secret=True,
        fits=checks.redis,
    )
    public_url: str = setting(
        "",
        "The address visitors use, `https://chat.example.org`; empty: host and port.",
        fits=checks.public,
    )
    base_domain: str = setting(
        "",
        "The domain below which each workspace has a host of its own, `chat.example.org`: links "
        "of `acme` are at `acme.chat.example.org`. Empty: all have one address.",
        fits=checks.domain,
    )
    secret_key: tuple[str, ...] = setting(
        (),
        "Secret keys, comma-separated: the first signs, all verify. Empty: a key is made "
        "and kept in the data folder.",
        secret=True,
        fits=checks.long_enough,
    )

    # Who talks to us
    host: str = setting("127.0.0.1", "Address to listen on.")
    port: int = setting(
        8080, "Port to listen on; 0 takes a free one.", fits=checks.within(0, 65_535)
    )
    worker_port: int = setting(
        0,
        "Port on which a worker answers `/healthz`, `/readyz` and `/metrics`; 0: on none.",
        fits=checks.within(0, 65_535),
    )
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
        fits=checks.contact,
    )
    max_body_bytes: int = setting(
        1_048_576, "Largest request body in bytes.", fits=checks.within(1)
    )
    header_timeout: float = setting(
        10.0, "Seconds in which a request's headers must arrive.", fits=checks.within(_SOME)
    )
    body_timeout: float = setting(
        60.0,
        "Seconds in which a request's body must arrive; one more for every 32 kB of it.",
        fits=checks.within(_SOME),
    )

    wrong_tokens_per_minute: int = setting(
        60,
        "Link addresses that do not exist which one place may ask for in a minute.",
        fits=checks.within(1),
    )
    ipv6_prefix: int = setting(
        64,
        "Bits of an IPv6 address that make a place: who has one address has all of them.",
        fits=checks.within(32, 128),
    )

    # How often visitors may say something, unless an agent or a link says otherwise
    rate_limit_per_minute: int = setting(
        20,
        "Messages of one visitor in any minute; 0 is without a limit.",
        fits=checks.within(0, 10_000),
    )
    rate_limit_per_place: int = setting(
        30,
        "Messages to one agent from one place, an IPv4 address or an IPv6 network, in any minute; "
        "0 is without a limit.",
        fits=checks.within(0, 10_000),
    )
    rate_limit_per_link: int = setting(
        60,
        "Messages by one link in any minute; 0 is without a limit.",
        fits=checks.within(0, 10_000),
    )
    rate_limit_per_workspace: int = setting(
        0,
        "Messages to all agents of a workspace in any minute; 0 is without a limit.",
        fits=checks.within(0, 100_000),
    )
    rate_limit_in_all: int = setting(
        0,
        "Messages to this instance in any minute; 0 is without a limit.",
        fits=checks.within(0, 100_000),
    )
    turn_tokens: int = setting(
        16_000,
        "Tokens that are reserved for an answer where a budget is in force: as many as one may "
        "cost, with all the agent is shown.",
        fits=checks.within(1, 10_000_000),
    )
    pages_per_minute: int = setting(
        120,
        "QR codes, sources, transcripts and searches that one place may ask for in any minute, and "
        "codes of a mail that it may try, of each; 0 is without a limit.",
        fits=checks.within(0, 100_000),
    )

    # How people sign in
    second_step: str = setting(
        "optional",
        "`required`: whoever has a password also needs a code from an app to sign in; `optional`: "
        "whoever wants.",
        fits=checks.one_of("optional", "required"),
    )

    passwords: str = setting(
        "everybody",
        "Who may sign in by a password: `everybody`, or only `owners` where the others come by "
        "the OpenID provider.",
        fits=checks.one_of("everybody", "owners"),
    )
    oidc_issuer: str = setting(
        "",
        "The OpenID provider by which people may sign in, exactly as it calls itself; its answer "
        "address is `/studio/sign-in/provider/back`.",
        fits=checks.issuer,
    )
    oidc_client_id: str = setting("", "What the provider calls this instance.")
    oidc_client_secret: str = setting(
        "", "The secret that the provider gave for it; empty for a public client.", secret=True
    )
    oidc_label: str = setting("", "The provider's name on the button; empty: its host.")
    oidc_scopes: tuple[str, ...] = setting(
        ("openid", "email", "profile"), "What the provider is asked for.", fits=checks.scopes
    )
    oidc_emails: str = setting(
        "confirmed",
        "`confirmed`: an address counts only with `email_verified`; `believed`: also from a "
        "provider that says nothing of it and lets nobody choose their own.",
        fits=checks.one_of("confirmed", "believed"),
    )
    oidc_newcomers: str = setting(
        "",
        "Role of people whom nobody invited, with an address of `PARLOUR_OIDC_DOMAINS`; empty: "
        "only who is here or invited comes in.",
        fits=checks.one_of("", "builder", "team_lead", "operator", "analyst"),
    )
    oidc_domains: tuple[str, ...] = setting(
        (), "Domains of addresses whose people may come in uninvited."
    )

    # Mail, and confirming visitors' addresses
    smtp_url: str = setting(
        "",
        "The mail server, `smtp://user:password@mail.example.org:587` (STARTTLS) or `smtps://…`; "
        "without one no visitor can be asked for an e-mail address, but on this machine itself.",
        secret=True,
        fits=checks.mail_server,
    )
    mail_from: str = setting(
        "", "Who mails are from, `Parlour <chat@example.org>`.", fits=checks.mail_sender
    )
    identity_minutes: int = setting(
        60,
        "Minutes for which a signed word about a visitor may be good, at most a month.",
        fits=checks.within(1, 43_200),
    )
    codes_per_place: int = setting(
        60,
        "Codes that one place may ask for in ten minutes, for all addresses.",
        fits=checks.within(1),
    )
    codes_per_link: int = setting(
        300, "Codes that are sent in ten minutes for one link.", fits=checks.within(1)
    )
    codes_per_instance: int = setting(
        1_000, "Codes that are sent in ten minutes in all.", fits=checks.within(1)
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
        fits=checks.within(1, 20_971_520),
    )
    upload_agent_bytes: int = setting(
        209_715_200, "Bytes of all uploaded documents of one agent together.", fits=checks.within(1)
    )
    upload_files: int = setting(
        200, "Documents that one agent may have uploaded.", fits=checks.within(1, 2_000)
    )

    # What visitors send along
    visitor_files_per_hour: int = setting(
        60,
        "Files that may come from one place in any hour; 0 is any number.",
        fits=checks.within(0, 1_000_000),
    )
    visitor_file_bytes: int = setting(
        104_857_600, "Bytes of all files of one visitor together.", fits=checks.within(1)
    )

    # Conversations
    max_message_chars: int = setting(
        8_000, "Longest message of a visitor in characters.", fits=checks.within(1)
    )
    session_days: int = setting(
        30,
        "Days after the last message for which a browser finds its conversation again.",
        fits=checks.within(1),
    )
    handoff_minutes: float = setting(
        15.0,
        "Minutes for which a visitor waits for a person that the agent, or they, asked for.",
        fits=checks.within(0.1, 10_080),
    )
    handoff_escalate_minutes: float = setting(
        3.0,
        "Minutes after which more are told that a visitor waits for a person nobody has seen to.",
        fits=checks.within(0.1, 10_080),
    )
    hold_minutes: float = setting(
        5.0,
        "Minutes after which a person who took over, and whose browser is silent, has left.",
        fits=checks.within(0.1, 1_440),
    )
    max_private_links: int = setting(
        50, "Private links that one agent may have at a time.", fits=checks.within(0, 10_000)
    )
    first_byte_timeout: float = setting(
        60.0, "Seconds an agent may take to its first word.", fits=checks.within(_SOME)
    )
    silence_timeout: float = setting(
        60.0, "Seconds an agent may be silent within a reply.", fits=checks.within(_SOME)
    )
    reply_timeout: float = setting(
        600.0, "Seconds a reply may take in all.", fits=checks.within(_SOME)
    )
    max_reply_chars: int = setting(
        200_000, "Longest reply in characters; the rest is cut.", fits=checks.within(1)
    )
    prompt_chars: int = setting(
        48_000,
        "Characters of the conversation that an agent is shown, newest first.",
        fits=checks.within(1),
    )

    notes_per_hour: int = setting(
        5,
        "Notes that one place may leave at links that are shut, in an hour; 0 is without a limit.",
        fits=checks.within(0),
    )
    note_days: int = setting(
        180, "Days for which such notes are kept, seen to or not.", fits=checks.within(1)
    )
    event_days: int = setting(
        400,
        "Days for which it is kept who did what; older events are deleted.",
        fits=checks.within(1),
    )
    webhook_retries: tuple[float, ...] = setting(
        (5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0),
        "Seconds to wait before each further try to deliver an event to a webhook; after the "
        "last one it is given up.",
    )
    webhook_off_days: float = setting(
        5.0,
        "Days for which a webhook may take nothing at all before it is turned off.",
        fits=checks.within(0.01),
    )
    webhook_log_days: int = setting(
        30, "Days for which it is kept what was delivered to webhooks.", fits=checks.within(1)
    )

    # The process
    drain_seconds: float = setting(
        8.0, "Seconds that running replies get to finish when the server is told to stop."
    )
    lease_seconds: float = setting(
        4.0,
        "Seconds after which another process takes over the work of one that died.",
        fits=checks.within(_SOME),
    )
    workers: int = setting(
        512, "Background jobs and replies that one process runs at a time.", fits=checks.within(1)
    )
    log_level: str = setting("info", "`debug`, `info`, `warning` or `error`.", fits=checks.level)

    @property
    def is_at_home(self) -> bool:
        """Whether only this machine itself can come here: nobody else meets what is tried out."""
        hosts = [self.host]
        if self.public_url:
            hosts.append(urlsplit(self.public_url).hostname or "")
        return all(checks.is_loopback(host) for host in hosts)

    @property
    def sends_mail(self) -> bool:
        """Whether a code can reach anybody: by mail, or at home by this program's terminal."""
        return bool(self.smtp_url) or self.is_at_home

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
            value = values[each.name] = parsing.parse(hints[each.name], text)
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
