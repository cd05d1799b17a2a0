"""Which addresses an answer may link to, and the host that is shown beside each."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

_HOST: Final = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.?)+|\[[0-9a-f:.]+\]")
_UNFIT: Final = re.compile(r"[\x00-\x20\x7f\\]|%5c", re.IGNORECASE)
_MAIL: Final = re.compile(r"[^\s@<>\"'()]+@[^\s@<>\"'()]+")
_ENDINGS: Final = ".,;:!?*_~'\"…"


@dataclass(frozen=True, slots=True)
class Address:
    """An address that may be linked: as it is followed, and the host a person should see."""

    href: str
    host: str

    def is_said_by(self, text: str) -> bool:
        """Whether the link's own words already name this very address or host."""
        said = text.strip().casefold().rstrip("/")
        bare = self.href.partition(":")[2].lstrip("/")
        return said in {s.casefold().rstrip("/") for s in (self.href, bare, self.host)}


def address(url: str) -> Address | None:
    """Return the address if it is http, https or mailto and says plainly where it leads.

    Names in other scripts are shown and followed in punycode. An address with a user name in
    it, with control characters or a backslash, or without a host is refused, because what a
    person reads there is not where the browser goes.
    """
    if _UNFIT.search(url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme == "mailto":
        return _mail(parts)
    if parts.scheme not in {"http", "https"} or "@" in parts.netloc:
        return None
    host = _plain_host(parts)
    if host is None:
        return None
    netloc = host if port is None else f"{host}:{port}"
    return Address(parts._replace(netloc=netloc).geturl(), netloc)


def trimmed(url: str) -> str:
    """Return a bare address without the punctuation of the sentence it stands in."""
    while url and (url[-1] in _ENDINGS or _closes_nothing(url)):
        url = url[:-1]
    return url


def _closes_nothing(url: str) -> bool:
    pair = {")": "(", "]": "[", "}": "{"}.get(url[-1])
    return pair is not None and url.count(url[-1]) > url.count(pair)


def _mail(parts: SplitResult) -> Address | None:
    # No subject, no copies: a link may open a letter, not write it.
    who = unquote(parts.path)
    return Address(f"mailto:{parts.path}", who) if _MAIL.fullmatch(who) else None


def _plain_host(parts: SplitResult) -> str | None:
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii").lower()
        except UnicodeError:
            return None
    return host if _HOST.fullmatch(host) else None
