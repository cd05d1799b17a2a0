"""The few sentences the documents agent says itself, and how it knows that it is being greeted."""

import re
import tomllib
from pathlib import Path
from typing import Final

_SAID: Final[dict[str, dict[str, str]]] = tomllib.loads(
    Path(__file__).with_name("said.toml").read_text("utf-8")
)
"""By language; English stands in for what is missing."""

_GREETING: Final = re.compile(
    r"\W*(?:hi|hello|hey|hiya|howdy|greetings|good (?:morning|afternoon|evening|day)|hallo|moin"
    r"|bonjour|hola|ciao|salut|servus)(?: there| all| everyone| you)?\W*",
    re.IGNORECASE,
)
_THANKS: Final = re.compile(
    r"\W*(?:(?:ok(?:ay)?|great|perfect|nice|cool|super|got it|many)\W+)*"
    r"(?:thanks|thank you|thx|ty|cheers|danke|merci|gracias)"
    r"(?: (?:a lot|so much|very much|again|for (?:your|the) help))?\W*"
    r"|\W*(?:ok(?:ay)?|great|perfect|got it|cool|nice)\W*",
    re.IGNORECASE,
)
_LEANS: Final = re.compile(
    r"\W*(?:and|but|or|so|then|also|what about|how about|what if|why|why not|how|really|e\.g\."
    r"|for example|example)\b",
    re.IGNORECASE,
)
_POINTS: Final = re.compile(
    r"\b(?:it|its|that|this|them|they|those|these|there|one|ones|same|such)\b", re.IGNORECASE
)


def say(what: str, language: str) -> str:
    """Return a sentence in a language, or in English."""
    return _words(language)[what]


def in_every_language(what: str) -> list[str]:
    """Return a sentence in every language."""
    return [words[what] for words in _SAID.values()]


def counted(what: str, count: int, language: str) -> str:
    """Return a sentence that tells of one or of so many."""
    words = _words(language)
    if count == 1:
        return words[f"{what}_one"]
    return words[what].format(count=f"{count:,}".replace(",", words["thousands"]))


def _words(language: str) -> dict[str, str]:
    return _SAID.get(language.partition("-")[0], _SAID["en"])


def courtesy(text: str) -> str | None:
    """Tell a greeting and thanks from a question: "greeting", "thanks", "empty" or None."""
    if not re.search(r"\w", text):
        return "empty"
    if _GREETING.fullmatch(text):
        return "greeting"
    return "thanks" if _THANKS.fullmatch(text) else None


def leans_back(text: str, telling: int) -> bool:
    """Whether a message means something only after the one before: "and how do I undo it?".

    `telling` is how many words of it say what it is about.
    """
    if telling == 0:
        return True
    if telling <= 3 and _POINTS.search(text):
        return True
    return telling <= 2 and _LEANS.match(text) is not None and len(text.split()) <= 5
