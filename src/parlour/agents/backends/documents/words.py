"""The few sentences the documents agent says itself, and how it knows that it is being greeted."""

import re
from typing import Final

SAID: Final = {
    "en": {
        "searching": "Searching {count} documents",
        "searching_one": "Searching 1 document",
        "reading": "Reading {count} passages",
        "reading_one": "Reading 1 passage",
        "first_reading": "Reading the documents for the first time",
        "greeting": "Hello. Ask me anything about these documents.",
        "thanks": "You’re welcome. Ask on whenever you like.",
        "empty": "Please write a question, and I’ll look it up in these documents.",
        "none": "That is not in these documents.",
        "nearest": "The nearest I have:",
        "related": "Also related:",
        "not_ready": "I am still reading these documents. Please ask again in a moment.",
    }
}
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


def say(what: str, language: str, **values: str) -> str:
    """Return a sentence in a language, or in English."""
    known = SAID.get(language.partition("-")[0], {})
    return (known.get(what) or SAID["en"][what]).format(**values)


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
