"""What an agent collects in a conversation: each value defined, and judged when it comes; pure."""

import math
import re
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import Any, Final

import msgspec

from parlour.kit import addresses
from parlour.kit.errors import FieldError, Invalid
from parlour.kit.masking import own
from parlour.kit.texts import trouble

MOST: Final = 12
LONGEST_LABEL: Final = 80
LONGEST_VALUE: Final = 500
MOST_OPTIONS: Final = 20
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}\Z", re.ASCII)
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,15}(?:[.,][0-9]{1,6})?\Z", re.ASCII)
_PHONE: Final = re.compile(r"\+?[0-9 ()./-]{5,24}\Z", re.ASCII)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z", re.ASCII)
_NO: Final = frozenset({"", "0", "no", "false", "off"})
_YES: Final = frozenset({"1", "yes", "true", "on"})


class Type(StrEnum):
    """What a value is."""

    TEXT = "text"
    EMAIL = "email"
    PHONE = "phone"
    NUMBER = "number"
    DATE = "date"
    CHOICE = "choice"
    YES = "yes"
    """Ticked or not: true or false."""


class Misfit(StrEnum):
    """What is wrong with a value; the pages have a sentence for each in every language."""

    MISSING = "missing"
    TOO_LONG = "long"
    EMAIL = "email"
    PHONE = "phone"
    NUMBER = "number"
    DATE = "date"
    CHOICE = "choice"
    PATTERN = "pattern"
    TEXT = "text"


_SAID: Final = {
    Misfit.MISSING: "must be given",
    Misfit.TOO_LONG: f"has at most {LONGEST_VALUE} characters",
    Misfit.EMAIL: "must be an e-mail address",
    Misfit.PHONE: "must be a telephone number",
    Misfit.NUMBER: "must be a number",
    Misfit.DATE: "must be a day, as 2026-11-21",
    Misfit.CHOICE: "must be one of its options",
    Misfit.PATTERN: "does not look as it should",
    Misfit.TEXT: "must be one line of plain text",
}


class Definition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that is collected."""

    name: str
    """What programs call it."""
    label: str = ""
    """What visitors and the team read; the name without one."""
    type: Type = Type.TEXT
    options: tuple[str, ...] = ()
    """What can be chosen, of a `choice`."""
    pattern: str = ""
    """How a text looks: `#` a digit, `?` a letter, `*` some of them, all else itself."""
    asked: bool = False
    """Whether a form asks for it before the first message."""
    required: bool = False
    """Whether nothing can be sent before it is given, where it is asked for."""
    personal: bool = True
    """Whether it is masked for who does not see personal details."""
    signed: bool = False
    """Whether a page or an address can give it only signed with an identity key."""

    @property
    def title(self) -> str:
        """What people read."""
        return self.label or self.name


class Unfit(Invalid):
    """Values that do not fit, or are missing; `misfits` says what is wrong with each, by name."""

    default_code = "variables"
    misfits: Mapping[str, Misfit]

    @classmethod
    def of(cls, misfits: Mapping[str, Misfit]) -> "Unfit":
        """Make the refusal of these."""
        errors = [FieldError(f"variables.{name}", _SAID[each]) for name, each in misfits.items()]
        made = cls("what the agent collects is missing or does not fit", errors=errors)
        made.misfits = misfits
        return made


def trouble_with(definitions: tuple[Definition, ...]) -> list[FieldError]:
    """Say what is wrong with the definitions of an agent."""
    errors = [FieldError("variables", f"at most {MOST}")] if len(definitions) > MOST else []
    names = [each.name for each in definitions]
    for index, each in enumerate(definitions[:MOST]):
        at = f"variables[{index}]"
        if names.index(each.name) != index:
            errors.append(FieldError(f"{at}.name", "is there twice"))
        errors += [FieldError(f"{at}.{field}", said) for field, said in _wrong(each)]
    return errors


def _wrong(one: Definition) -> Iterable[tuple[str, str]]:
    if not _NAME.match(one.name):
        yield "name", "1 to 40 small letters, digits and underscores, a letter first"
    if (said := trouble(one.label, LONGEST_LABEL, empty=True)) is not None:
        yield "label", said
    yield from _wrong_values(one)
    if one.signed and one.asked:
        yield "signed", "what visitors type into a form is not signed: one of the two"
    if one.required and not one.asked:
        yield "required", "only what the form asks for can be required"


def _wrong_values(one: Definition) -> Iterable[tuple[str, str]]:
    if one.type is Type.CHOICE:
        if not 2 <= len(one.options) <= MOST_OPTIONS or len({*one.options}) < len(one.options):
            yield "options", f"2 to {MOST_OPTIONS} different ones"
        said = next(filter(None, (trouble(each, LONGEST_LABEL) for each in one.options)), None)
        if said is not None:
            yield "options", said
    elif one.options:
        yield "options", "only a choice has options"
    if one.pattern:
        if one.type is not Type.TEXT:
            yield "pattern", "only a text has a pattern"
        elif (said := own.pattern_trouble(one.pattern, least=1)) is not None:
            yield "pattern", said


def taken(
    definitions: Iterable[Definition],
    given: Mapping[str, Any],
    signed: Mapping[str, Any],
    *,
    first: bool,
) -> dict[str, Any]:
    """Return what a visitor, a page or an address brings, as it is kept.

    What is not defined is ignored, and so is what must be signed and is not. `first`: nothing was
    said before, so what is required must be among it. Unfit names all that does not fit.
    """
    kept: dict[str, Any] = {}
    misfits: dict[str, Misfit] = {}
    for each in definitions:
        brought = signed.get(each.name)
        if brought is None and not each.signed:
            brought = given.get(each.name)
        value = None if brought is None else fitted(each, brought)
        if value is None and first and each.required:
            value = Misfit.MISSING
        if isinstance(value, Misfit):
            misfits[each.name] = value
        elif value is not None:
            kept[each.name] = value
    if misfits:
        raise Unfit.of(misfits)
    return kept


def learnt(definitions: Iterable[Definition], found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an agent says it learnt; of what is defined only what fits."""
    defined = {each.name: each for each in definitions}
    kept: dict[str, Any] = {}
    for name, value in found.items():
        made = fitted(defined[name], value) if name in defined and value is not None else value
        if not isinstance(made, Misfit):
            kept[name] = made
    return kept


def fitted(one: Definition, given: Any) -> Any:
    """Return a value as it is kept, None for nothing, or the `Misfit` that it is."""
    if one.type is Type.YES:
        return _yes(given)
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        return Misfit.TEXT
    text = str(given).strip()
    if not text:
        return None
    if len(text) > LONGEST_VALUE:
        return Misfit.TOO_LONG
    if trouble(text, LONGEST_VALUE) is not None:
        return Misfit.TEXT
    return _READ[one.type](one, text)


def _yes(given: Any) -> bool | Misfit | None:
    word = str(given).strip().lower()
    if word in _YES:
        return True
    if word in _NO:
        return None if word == "" else False
    return Misfit.CHOICE


def _text(one: Definition, text: str) -> Any:
    if one.pattern and own.patterns((one.pattern,))[0].fullmatch(text) is None:
        return Misfit.PATTERN
    return text


def _email(_one: Definition, text: str) -> Any:
    try:
        return addresses.canonical(text)
    except Invalid:
        return Misfit.EMAIL


def _phone(_one: Definition, text: str) -> Any:
    digits = sum(character.isdigit() for character in text)
    return text if _PHONE.match(text) and 5 <= digits <= 15 else Misfit.PHONE


def _number(_one: Definition, text: str) -> Any:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return Misfit.NUMBER
    if not _NUMBER.match(text) or not math.isfinite(value):
        return Misfit.NUMBER
    return int(value) if value.is_integer() else value


def _date(_one: Definition, text: str) -> Any:
    try:
        return date.fromisoformat(text).isoformat() if _DAY.match(text) else Misfit.DATE
    except ValueError:
        return Misfit.DATE


def _choice(one: Definition, text: str) -> Any:
    chosen = {each.casefold(): each for each in one.options}
    return chosen.get(text.casefold(), Misfit.CHOICE)


_READ: Final = {
    Type.TEXT: _text,
    Type.EMAIL: _email,
    Type.PHONE: _phone,
    Type.NUMBER: _number,
    Type.DATE: _date,
    Type.CHOICE: _choice,
}
