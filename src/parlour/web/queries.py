"""One field of an address' query, read so that nothing in an address can be an error."""

from typing import Final
from urllib.parse import parse_qs, parse_qsl, urlencode

_MOST_FIELDS: Final = 40


def field(query: bytes, name: str) -> str:
    """Return what an address asks for under a name; empty where it asks for nothing."""
    if not query or f"{name}=".encode() not in query:  # nearly always
        return ""
    try:
        given = parse_qs(query.decode("latin-1"), max_num_fields=_MOST_FIELDS)
    except ValueError:
        return ""
    return given.get(name, [""])[0]


def named(query: bytes, prefix: str) -> dict[str, str]:
    """Return all fields of an address whose names begin with a prefix, by what follows it."""
    if not query or prefix.encode() not in query:  # nearly always
        return {}
    try:
        given = parse_qsl(query.decode("latin-1"), max_num_fields=_MOST_FIELDS)
    except ValueError:
        return {}
    return {name[len(prefix) :]: value for name, value in given if name.startswith(prefix)}


def with_more(address: str, more: dict[str, str]) -> str:
    """Return an address that asks for more."""
    if not more:
        return address
    return f"{address}{'&' if '?' in address else '?'}{urlencode(more)}"
