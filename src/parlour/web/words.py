"""Every sentence of the visitor's pages, one file per language; and which language a visitor reads.

The files are in `languages/`, English first: a test holds the others to the same keys and gaps.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from parlour.agents.sharing import Language
from parlour.web import amounts

_FILES: Final = Path(__file__).parent / "languages"

LANGUAGES: Final = tuple(each.value for each in Language)
"""What visitors can read the pages in; agents answer in any language."""

_SAID_BY_BOTH: Final = (
    *("thinking", "writing", "half", "half_kept", "none", "none_kept", "stopped", "stopped_kept"),
    *("source", "sources", "theme_auto", "size_normal"),
    *("problem_any", "problem_timeout", "problem_interrupted", "problem_expired"),
    *("problem_rate_limited", "answers_now", "asked_for", "reads", "filled"),
    *("misfit_missing", "misfit_long", "misfit_email", "misfit_phone", "misfit_number"),
    *("misfit_date", "misfit_choice", "misfit_pattern", "misfit_text", "rate_thanks"),
)
"""What the page says itself and its scripts say later."""

_COUNTED_BY_SCRIPTS: Final = ("ready", "left", "left_tokens", "room", "over", "new")
"""What the scripts say of numbers."""

_SAID_IN_CHAT: Final = (
    *("too_long", "too_many", "budget_spent", "full", "closed", "not_open", "offline", "disabled"),
    *("expired", "replaced", "used_up", "private", "not_published", "wrong_person"),
    *("verification_required", "not_here"),
)
"""Refusals that may meet somebody in the middle of a conversation."""

_SAID_WITH_TIME: Final = tuple(
    f"{reason}_until" for reason in ("budget_spent", "closed", "not_open", "offline")
)
"""Those of them that may know when there is a way in again."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The words of one language: for templates, for the page's scripts, and for dead ends."""

    code: str
    name: str
    """What the language calls itself."""
    direction: str
    page: Mapping[str, str]
    script: Mapping[str, str | list[str] | Mapping[str, str]]
    """What the chat page's scripts say; `{…}` are filled in by the browser, which also chooses the
    form of what is counted."""
    doors: Mapping[str, tuple[str, str]]
    """Title and sentence of each refusal; `{at}`, `{name}`, `{most}` and `{seconds}` are filled in
    by the server. `…_until` is for one that knows when there is a way in again."""
    proof: Mapping[str, str]
    """Confirming an address: for the page and for its script."""
    shared: Mapping[str, str]
    """The page of a share; `{…}` are filled in by the template, or by the browser."""
    yours: Mapping[str, str]
    """What is kept of a visitor, and what they can do about it; templates fill in `{…}`."""
    widget: Mapping[str, str]
    """The button of the chat in pages of other sites; `{…}` are filled in by the browser."""
    house: Mapping[str, str]
    """What the house says in conversations, by the names of its sentences; `{name}` is filled in
    by the server."""
    counted: Mapping[str, Mapping[str, str]]
    """What is said of a number, in each form that the language has for numbers."""

    def count(self, key: str, n: int) -> str:
        """Say what is said of a number, in the form it takes."""
        return self.counted[key][amounts.form(self.code, n)].format(n=self.number(n))

    def number(self, n: int) -> str:
        """Write a number as people of this language do."""
        return amounts.number(self.code, n)


@cache
def catalogue(code: str) -> Catalogue:
    """Read the words of one of `LANGUAGES`."""
    told = tomllib.loads((_FILES / f"{code}.toml").read_text(encoding="utf-8"))
    page: dict[str, str] = told["page"]
    counted: dict[str, dict[str, str]] = told["counted"]
    doors = {f"door_{reason}": told["doors"][reason] for reason in _SAID_IN_CHAT + _SAID_WITH_TIME}
    return Catalogue(
        code=code,
        name=told["name"],
        direction=told["direction"],
        page=page,
        script={
            **{key: page[key] for key in _SAID_BY_BOTH},
            **{key: counted[key] for key in _COUNTED_BY_SCRIPTS},
            **told["script"],
            **doors,
        },
        doors={reason: (said[0], said[1]) for reason, said in told["doors"].items()},
        proof=told["proof"],
        shared=told["shared"],
        yours=told["yours"],
        widget=told["widget"],
        house=told["house"],
        counted=counted,
    )


def spoken(language: str) -> tuple[str, Catalogue]:
    """Return the language that will be used and its words: the wished one, else English."""
    code = known(language) or "en"
    return code, catalogue(code)


def known(language: str) -> str:
    """Return which of our languages a tag such as `pt-BR` names; empty for none of them."""
    base = language.strip().partition("-")[0].lower()
    return base if base in LANGUAGES else ""


@lru_cache(maxsize=512)
def wished(header: bytes) -> str:
    """Return the language that an Accept-Language header likes best of ours; empty for none.

    Answers are remembered, so callers bound what they hand over.
    """
    best, liked = "", 0.0
    for part in header.decode("latin-1").split(","):
        tag, _, weight = part.partition(";")
        code = known(tag)
        if code and (much := _weight(weight)) > liked:
            best, liked = code, much
    return best


def _weight(text: str) -> float:
    name, _, value = text.strip().partition("=")
    if not name:
        return 1.0
    digits = value.strip()
    plain = digits.replace(".", "", 1)
    if name.strip() != "q" or not (plain.isascii() and plain.isdigit()) or len(digits) > 5:
        return 0.0
    return min(float(digits), 1.0)
