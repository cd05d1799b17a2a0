"""The refusals as owners know them: their names, and what the house says of each by itself."""

from typing import Final

from parlour.web.words import LANGUAGES, catalogue

NAMES: Final = {
    "disabled": "The link is switched off",
    "expired": "The link has ended",
    "replaced": "The link has a new address",
    "used_up": "The link is used up",
    "private": "Only by invitation",
    "offline": "The agent is offline",
    "not_published": "The agent is not published",
    "not_open": "Not open yet",
    "closed": "Outside the hours",
    "full": "Every place is taken",
    "verification_required": "An address must be confirmed",
    "wrong_person": "Somebody else’s conversation",
    "too_long": "A message is too long",
    "too_many": "Too many messages",
    "budget_spent": "The budget is spent",
}


def languages() -> list[tuple[str, str]]:
    """Return the languages to choose from, as each calls itself."""
    first = ("", "English, unless the browser asks for another")
    rest = [(code, catalogue(code).name) for code in LANGUAGES if code != "en"]
    return [first, *rest]


def refusals(given: dict[str, str]) -> list[tuple[str, str, str, str]]:
    """Return code, name, the house's own sentence and the owner's words of each refusal."""
    doors = catalogue("en").doors
    return [
        (code, told, _house(doors[code][1]), given.get(code, "")) for code, told in NAMES.items()
    ]


def _house(sentence: str) -> str:
    return sentence.replace("{name}", "The agent").replace("{most}", "so many")
