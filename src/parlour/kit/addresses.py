"""The one form in which an e-mail address is taken, and lists of addresses and domains; pure."""

import re
from collections.abc import Collection
from typing import Final

import idna

from parlour.kit.errors import FieldError, Invalid

LONGEST: Final = 254
_LONGEST_LOCAL: Final = 64
MOST_LISTED: Final = 500
_SHOWN: Final = 60

# Less than the standards allow, on purpose: no quotes, no comments, no percent or encoded words.
_LOCAL: Final = re.compile(r"[A-Za-z0-9_'&~-]+(?:[.+][A-Za-z0-9_'&~+-]+)*\+?\Z", re.ASCII)
_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\Z", re.ASCII)
_SAID: Final = "must be an e-mail address, such as ana@example.org"


def canonical(email: str) -> str:
    """Return an address as it is kept and written to; Invalid when it is none.

    Letters are small and the domain is as the name system writes it, so that one mailbox has one
    form; the code goes to this very form, and so proves nothing about any other.
    """
    made = email.strip(" ")
    local, at, domain = made.partition("@")
    if not at or len(made) > LONGEST or len(local) > _LONGEST_LOCAL or not _LOCAL.match(local):
        raise _invalid("email", _SAID)
    address = f"{local.lower()}@{_domain(domain, 'email')}"
    if len(address) > LONGEST:
        raise _invalid("email", _SAID)
    return address


def listing(entries: Collection[str]) -> tuple[str, ...]:
    """Return a list of addresses and `@domains` as it is kept; Invalid names what is neither."""
    if len(entries) > MOST_LISTED:
        raise _invalid("emails", f"can have at most {MOST_LISTED} entries")
    made = [each.strip(" ") for each in entries]
    kept = dict.fromkeys(_entry(each) for each in made if each)
    return tuple(kept)


def listed(address: str, entries: Collection[str]) -> bool:
    """Whether a canonical address is on a list, by itself or by its very domain; all when empty."""
    return not entries or address in entries or "@" + address.rpartition("@")[2] in entries


def _entry(entry: str) -> str:
    try:
        if entry.startswith("@"):
            return "@" + _domain(entry[1:], "emails")
        return canonical(entry)
    except Invalid:
        shown = entry if len(entry) <= _SHOWN else f"{entry[:_SHOWN]}…"
        said = (
            f"“{shown}” is neither an address like ana@example.org nor a domain like @example.org"
        )
        raise Invalid(f"emails: {said}", errors=[FieldError("emails", said)]) from None


def _domain(domain: str, field: str) -> str:
    said = "must be an e-mail address, such as ana@example.org"
    try:
        made = domain.lower() if domain.isascii() else idna.encode(domain, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        raise _invalid(field, said) from None
    labels = made.split(".")
    if len(labels) < 2 or len(made) > 253 or any(len(each) > 63 for each in labels):
        raise _invalid(field, said)
    if not all(_LABEL.match(each) for each in labels) or labels[-1].isdigit():
        raise _invalid(field, said)
    return made


def _invalid(field: str, said: str) -> Invalid:
    return Invalid(f"{field} {said}", errors=[FieldError(field, said)])
