"""Origins of web pages, and lists of those in which a page of ours may stand in a frame; pure."""

import re
from collections.abc import Collection
from typing import Final

import idna

from parlour.kit.errors import FieldError, Invalid

MOST: Final = 20
LONGEST: Final = 200
MOST_TOGETHER: Final = 2_000
"""Characters of a whole list: it stands in a header, and proxies take only so much of those."""
_SHOWN: Final = 80
_STANDARD: Final = {"http": "80", "https": "443"}

_FORM: Final = re.compile(
    r"(?P<scheme>https?)://(?P<any>\*\.)?(?P<host>[^\x00-\x20\x7f/?#@\\:\[\]%*;,'\"]{1,190})"
    r"(?::(?P<port>[0-9]{1,5}))?/?\Z",
    re.IGNORECASE,
)
_DOTS: Final = "\u3002\uff0e\uff61"
_LABEL: Final = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_NAME: Final = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_SAID: Final = "is no origin; write it as https://www.example.org or https://*.example.org"


def listing(entries: Collection[str]) -> tuple[str, ...]:
    """Return a list of origins as it is kept; Invalid names what is none.

    An origin is a scheme, a host and, where it is not the usual one, a port. `*.` before a host
    stands for all below it, and not for itself.
    """
    made = [each.strip() for each in entries]
    kept = tuple(dict.fromkeys(_entry(each) for each in made if each))
    if len(kept) > MOST or sum(map(len, kept)) > MOST_TOGETHER:
        said = f"can have at most {MOST} origins, of {MOST_TOGETHER} characters together"
        raise _invalid(said)
    return kept


def origin(text: str) -> str:
    """Return the origin of an address that a browser named; empty for one that has none."""
    if len(text) > 4 * LONGEST:
        return ""
    found = _FORM.match(text) or _FORM.match("/".join(text.split("/", 3)[:3]))
    if found is None or found["any"]:
        return ""
    try:
        return _written(found)
    except ValueError:
        return ""


def fits(given: str, entries: Collection[str]) -> bool:
    """Whether an origin is on a list, by itself or by a `*.` that stands for it."""
    if not given:
        return False
    if given in entries:
        return True
    scheme, _, host = given.partition("://")
    return any(
        each.startswith(f"{scheme}://*.") and host.endswith(each.partition("*")[2])
        for each in entries
    )


def _entry(entry: str) -> str:
    shown = entry if len(entry) <= _SHOWN else f"{entry[:_SHOWN]}…"
    found = None if len(entry) > LONGEST else _FORM.match(entry)
    try:
        if found is None:
            raise ValueError(entry)
        return _written(found)
    except ValueError:  # idna's errors are ValueErrors
        raise _invalid(f"“{shown}” {_SAID}") from None


def _written(found: re.Match[str]) -> str:
    """Write an origin in its one form; ValueError for a host or port that is none."""
    host = found["host"].lower()
    if not host.isascii():
        # Other dots than the plain one would make one label of a name into two.
        host = "" if any(each in host for each in _DOTS) else idna.encode(host).decode("ascii")
    if not _NAME.fullmatch(host) or (found["any"] and "." not in host):
        raise ValueError(host)
    scheme, port = found["scheme"].lower(), (found["port"] or "").lstrip("0")
    if found["port"] and not 0 < int(port or 0) < 65_536:
        raise ValueError(port)
    port = "" if port == _STANDARD[scheme] else port
    return f"{scheme}://{found['any'] or ''}{host}" + (f":{port}" if port else "")


def _invalid(said: str) -> Invalid:
    return Invalid(f"origins: {said}", errors=[FieldError("origins", said)])
