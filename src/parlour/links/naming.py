"""Words of one's own that lead to links, and what messengers show of a link."""

import re
import unicodedata
from typing import Final

import sqlalchemy as sa

from parlour.kit.errors import Conflict, FieldError, Invalid
from parlour.kit.texts import trouble
from parlour.links import store
from parlour.links.rules import Kind
from parlour.links.store import Link, links

SHORTEST: Final = 3
LONGEST: Final = 32
"""Characters: fewer than a token has, so that no word can be one."""
LONGEST_TEXTS: Final = {"title": 80, "about": 200}
_FORM: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z", re.ASCII)
_ODD: Final = re.compile(r"[^a-z0-9-]", re.ASCII)
RESERVED: Final = frozenset(
    (
        *("about", "admin", "agent", "agents", "api", "app", "assets", "auth", "billing", "bot"),
        *("chat", "contact", "default", "docs", "embed", "favicon", "health", "healthz", "help"),
        *("host", "identify", "imprint", "index", "inks", "legal", "link", "links", "login"),
        *("logout", "mail", "manage", "me", "metrics", "new", "none", "note", "null", "openapi"),
        *("operator", "owner", "parlour", "password", "person", "ping", "postmaster", "preview"),
        *("privacy", "public", "read", "readyz", "retry", "robots", "root", "security", "settings"),
        *("setup", "share", "sign-in", "sign-up", "signin", "signup", "sources", "staff"),
        *("static", "status", "stop", "studio", "support-team", "system", "terms", "test"),
        *("undefined", "verify", "webhook", "webhooks", "widget", "widgets", "workspace", "www"),
    )
)
"""Words that are addresses of the house, or would pass for its own."""
_TAKES: Final = "small English letters, digits, and single hyphens between them"


def check(kind: Kind, slug: str | None) -> str | None:
    """Return a word as it is kept, None for none; Invalid for what cannot lead to a link.

    Only a permanent link has one: whoever guesses it comes in, and it outlasts any end.
    """
    word = (slug or "").strip()
    if not word:
        return None
    said = ""
    if kind is not Kind.PERMANENT:
        said = "only permanent links have one: anybody can guess it"
    else:
        said = _misfit(word)
    if said:
        raise Invalid(f"slug: {said}", errors=[FieldError("slug", said)])
    return word


def _misfit(word: str) -> str:
    """Say what of a word does not fit, and where it is a sign, which one; empty when it fits."""
    if (sign := _ODD.search(word)) is not None:
        return f"takes {_TAKES}; not {_called(sign[0])}"
    if not SHORTEST <= len(word) <= LONGEST:
        return f"has {SHORTEST} to {LONGEST} signs, and this has {len(word)}"
    if not _FORM.match(word):
        return "has single hyphens between its words, and none at its ends"
    if word.isdigit():
        return "has a letter, too: a number alone would pass for something else"
    return "is a word of the house itself; take another" if word in RESERVED else ""


def _called(sign: str) -> str:
    """Name a sign so that somebody finds it in what they typed: also one that looks like ours."""
    if sign.isascii() and sign.isupper():
        return f"the capital \u201c{sign}\u201d"
    if sign == " ":
        return "a space"
    name = unicodedata.name(sign, f"U+{ord(sign):04X}").lower()
    if unicodedata.combining(sign):
        return f"a mark by itself ({name})"
    if not sign.isprintable():
        return f"an unseen sign ({name})"
    return f"\u201c{sign}\u201d" if sign.isascii() else f"\u201c{sign}\u201d ({name})"


def asked(text: str) -> str | None:
    """Return the word that stands in an address, however it was typed; None for what is none."""
    word = text.lower()
    return word if SHORTEST <= len(word) <= LONGEST and _FORM.match(word) else None


def named(conn: sa.Connection, word: str) -> Link | None:
    """Find the link that a word leads to; None when there is none."""
    row = conn.execute(
        sa.select(*store.SHOWN).where(links.c.slug == word, links.c.revoked_at.is_(None))
    ).first()
    return None if row is None else store.link_of(row)


def require_free(conn: sa.Connection, slug: str | None) -> None:
    """Conflict when a word leads to a link already."""
    if slug is not None and named(conn, slug) is not None:
        raise taken()


def taken() -> Conflict:
    """Return that a word leads to another link."""
    said = "leads to another link already"
    return Conflict(f"slug: it {said}", code="slug_taken", errors=[FieldError("slug", said)])


def check_card(kind: Kind, title: str | None, about: str | None) -> None:
    """Invalid for texts that do not fit, and for a private link, which shows nobody anything."""
    given = {"title": title, "about": about}
    errors = []
    for field, text in given.items():
        if not text:
            continue
        said = trouble(text, LONGEST_TEXTS[field])
        if kind is Kind.PRIVATE:
            said = "a private link shows nothing of itself"
        if said:
            errors.append(FieldError(field, said))
    if errors:
        raise Invalid("what messengers would show does not fit", errors=errors)
