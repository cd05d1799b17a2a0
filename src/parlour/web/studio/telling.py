"""Telling on the next page what was just done, in any words, with a button that undoes it.

The words travel in the address of that page, sealed for the session they are meant for: nobody
else can put words, or a button, into somebody's studio.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from parlour.kit.clock import MINUTE, Moment
from parlour.kit.tokens import Keyring

NOTE: Final = "note"
"""The field of an address that carries the words."""
_LONGEST: Final = 4_000
_FRESH: Final = 10 * MINUTE


@dataclass(frozen=True, slots=True)
class Told:
    """What was just done, in a sentence, and the form that would undo it."""

    text: str
    undo: str = ""
    """The path inside the studio that is posted to; empty: there is no way back."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """What is posted to it."""
    trouble: bool = False
    """Whether it tells of something that did not work."""


class _Note(msgspec.Struct, frozen=True, array_like=True):
    session_id: str
    at: Moment
    text: str
    undo: str
    fields: dict[str, str]


def seal(keys: Keyring, session_id: str, now: Moment, told: Told) -> str:
    """Return the words as they may stand in an address; empty when they are too long for one."""
    note = _Note(session_id, now, told.text, told.undo, dict(told.fields))
    sealed = keys.seal(msgspec.json.encode(note).decode())
    return sealed if len(sealed) <= _LONGEST else ""


def read(keys: Keyring, session_id: str, now: Moment, sealed: str) -> Told | None:
    """Return the words that were sealed for this session in the last minutes, else None."""
    if not sealed or len(sealed) > _LONGEST:
        return None
    try:
        note = msgspec.json.decode(keys.unseal(sealed), type=_Note)
    except (ValueError, msgspec.DecodeError):
        return None
    if note.session_id != session_id or not now - _FRESH <= note.at <= now + MINUTE:
        return None
    return Told(note.text, note.undo, note.fields)
