"""What a setting may be: each check raises ValueError for what the program cannot work with."""

import ipaddress
import math
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from parlour.kit.tokens import SHORTEST_KEY

_LONGEST_DOMAIN = 200
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z", re.ASCII)
_LEVELS = ("debug", "info", "warning", "error")


def within(least: float, most: float = math.inf) -> Callable[[float], None]:
    """Return a check that a number lies between two others, which it may be."""

    def fits(value: float) -> None:
        if value < least:
            raise ValueError(f"must be at least {least:g}")
        if value > most:
            raise ValueError(f"must be at most {most:g}")

    return fits


def long_enough(keys: tuple[str, ...]) -> None:
    """Check that every secret key is long enough."""
    if any(len(key) < SHORTEST_KEY for key in keys):
        raise ValueError(f"every key must have at least {SHORTEST_KEY} characters")


def postgresql(url: str) -> None:
    """Check the address of a PostgreSQL database."""
    if url:
        from parlour.kit.db.postgres import address  # noqa: PLC0415 - SQLite starts sooner

        address(url)


def redis(url: str) -> None:
    """Check the address of a Redis server."""
    if url:
        from parlour.kit.bus.lanes import connector  # noqa: PLC0415 - one process starts sooner

        try:
            connector(url)
        except ValueError:
            raise ValueError("must be like redis://host:6379/0") from None


def public(url: str) -> None:
    """Check the address that visitors use."""
    if not url:
        return
    parts = urlsplit(url)
    plain = f"{parts.scheme}://{parts.netloc}"
    good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
    if not good or url.removesuffix("/") != plain or not plain.isprintable() or " " in plain:
        raise ValueError("must be like https://chat.example.org, without a path")
    if parts.port == 0:
        raise ValueError("has no such port")


def domain(name: str) -> None:
    """Check a domain below which there are others: as it is in DNS, small, without a port."""
    labels = name.split(".")
    if name and not (len(name) <= _LONGEST_DOMAIN and all(_LABEL.match(each) for each in labels)):
        raise ValueError("must be like chat.example.org, in small letters")


def mail_server(url: str) -> None:
    """Check the address of a mail server."""
    if url:
        from parlour.kit.mail import Server  # noqa: PLC0415 - most processes never send a mail

        Server.at(url)


def mail_sender(sender: str) -> None:
    """Check who mails are from."""
    if sender:
        from parlour.kit.mail import sender_of  # noqa: PLC0415

        sender_of(sender)


def contact(address: str) -> None:
    """Check how to reach whoever minds the instance's safety."""
    begins = address.startswith(("mailto:", "https://", "tel:"))
    if address and not (begins and address.isprintable() and " " not in address):
        raise ValueError("must be like mailto:security@example.org or https://example.org/security")


def folder(path: Path) -> None:
    """Check that a path is no file."""
    if path.exists() and not path.is_dir():
        raise ValueError(f"{path} is not a folder")


def one_of(*words: str) -> Callable[[str], None]:
    """Return a check that a word is one of these."""

    def fits(value: str) -> None:
        if value not in words:
            raise ValueError(f"must be one of {', '.join(words)}")

    return fits


def issuer(url: str) -> None:
    """Check the name of an OpenID provider."""
    if url and (not re.match(r"https?://[^/?#@\s]+(/[^?#\s]*)?\Z", url) or len(url) > 500):
        raise ValueError("must be like https://login.example.org, without a query")


def scopes(scopes: tuple[str, ...]) -> None:
    """Check what an OpenID provider is asked for."""
    if "openid" not in scopes:
        raise ValueError("must name openid among others")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine and nothing else."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def level(name: str) -> None:
    """Check how much is logged."""
    if name.lower() not in _LEVELS:
        raise ValueError(f"must be one of {', '.join(_LEVELS)}")
