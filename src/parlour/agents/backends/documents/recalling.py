"""What visitors told of themselves, said back to them when they ask for it; nobody else's."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from parlour.agents.backends.documents.words import courtesy, in_every_language, say
from parlour.agents.contract import Question
from parlour.agents.library.markup import escaped
from parlour.agents.library.words import terms
from parlour.agents.own_words import introduced, merged, named

_MOST: Final = 20
"""Lines that are said back at once."""


@dataclass(frozen=True, slots=True)
class Own:
    """What somebody told of themselves, as far as they ask for it."""

    text: str
    """The beginning of the answer, or all of it."""
    is_all: bool
    """Whether documents are not asked at all: the question is about its visitor alone."""


def recalled(question: Question) -> Own | None:
    """Return what the visitor told of what they ask for; None: they ask for something else.

    Then documents answer, as they do where nothing was told of it: a page about "my account" is
    found as ever by those who said nothing of theirs.
    """
    text = " ".join(question.text.replace("\u2019", "'").split()).strip(_AROUND)
    kind, gap = _wanted(text)
    if not kind or not (known := _known(question)):
        return None
    if kind == "own":
        sought = set(terms(gap))
        lines = [line for line in known if sought and sought <= set(terms(line))]
    elif kind == "name":
        lines = [line for line in known if named(line)][:1] or known
    else:
        lines = known
    return Own(_quoted(lines, question.language), kind != "own") if lines else None


def greeted(question: Question, kind: str | None) -> str:
    """Return a greeting by name: of whoever greets and is known by one, or introduces themselves.

    Empty where there is no name, and for whatever is neither.
    """
    name = introduced(question.text)
    if not name and kind == "greeting":
        name = next(filter(None, map(named, _known(question))), "")
    return say("greeting_name", question.language).format(name=escaped(name)) if name else ""


def needs_no_source(asked: str, answer: str) -> bool:
    """Whether an answer is whole without a document: a courtesy, or what its visitor told."""
    if courtesy(asked) is not None or introduced(asked):
        return True
    return any(answer.startswith(each) for each in in_every_language("you_told"))


def declines(answer: str) -> bool:
    """Whether an answer says that nothing was found, though it may name what comes nearest."""
    return any(answer.startswith(each) for each in in_every_language("none"))


def _known(question: Question) -> list[str]:
    """Return what was told in earlier conversations and in this one, the newest first."""
    remembered = question.memory
    before = [] if remembered is None else remembered.summary.splitlines()
    said = [each.text for each in question.messages[:-1] if each.author == "visitor"]
    return merged(before, said)


def _quoted(lines: list[str], language: str) -> str:
    told = "\n".join(f"- {escaped(line)}" for line in lines[:_MOST])
    return f"{say('you_told', language)}\n\n{told}"


def _wanted(text: str) -> tuple[str, str]:
    """Tell what of a visitor is asked for: "all", "name" or "own", the last with what it is."""
    for kind, pattern in _ASKED.items():
        if found := pattern.fullmatch(text):
            return kind, next(filter(None, found.groups()), "")
    return "", ""


def _patterns() -> dict[str, re.Pattern[str]]:
    by_language = tomllib.loads(Path(__file__).with_name("asked.toml").read_text("utf-8"))
    joined = {
        kind: "|".join(each for asked in by_language.values() for each in asked[kind])
        for kind in ("all", "name", "own")
    }
    return {kind: re.compile(pattern, re.IGNORECASE) for kind, pattern in joined.items()}


_ASKED: Final = _patterns()
_AROUND: Final = " \t.!?¡¿…,:;\uff1f。\uff01؟।"
