"""What a workspace may hold for personal, and which roles may see it for a reason; pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from parlour.kit.clock import Moment
from parlour.kit.errors import FieldError, Invalid
from parlour.kit.masking import pattern_trouble
from parlour.rights import Permission, Role, Who

MOST_PATTERNS: Final = 20
LONGEST_REASON: Final = 300
"""Characters of a reason: it stands in a line of the history."""
_SHORTEST_REASON: Final = 4


class Reveal(StrEnum):
    """Who may see personal details for a while that are hidden from them, if they say why."""

    NOBODY = "nobody"
    LEADS = "leads"
    """Owners, builders and team leads."""
    ANSWERING = "answering"
    """Everybody who may answer visitors."""


_LEADS: Final = frozenset({Role.OWNER, Role.BUILDER, Role.TEAM_LEAD})


@dataclass(frozen=True, slots=True)
class Privacy:
    """What a workspace has said of personal details."""

    patterns: tuple[str, ...] = ()
    """What else is personal, beside what the house knows itself; see `kit.masking`."""
    reveal: Reveal = Reveal.LEADS
    updated_at: Moment = 0
    updated_by: str = ""
    """Empty as long as nobody has changed anything."""


def reveal_of(text: str) -> Reveal:
    """Read who may reveal; Invalid for a word that is none."""
    try:
        return Reveal(text)
    except ValueError:
        said = f"must be one of {', '.join(Reveal)}"
        raise Invalid(f"reveal {said}", errors=[FieldError("reveal", said)]) from None


def patterns_of(written: Iterable[str]) -> tuple[str, ...]:
    """Return patterns as they are kept, each once; Invalid says which cannot be looked for."""
    found = tuple(dict.fromkeys(" ".join(each.split()) for each in written if each.strip()))
    if len(found) > MOST_PATTERNS:
        said = f"at most {MOST_PATTERNS}"
        raise Invalid(f"patterns: {said}", errors=[FieldError("patterns", said)])
    for each in found:
        if (trouble := pattern_trouble(each)) is not None:
            said = f"“{each[:60]}” {trouble}"
            raise Invalid(f"patterns: {said}", errors=[FieldError("patterns", said)])
    return found


def reason_of(text: str) -> str:
    """Return why somebody wants to see what is hidden; Invalid where that is no reason."""
    reason = " ".join(text.split())
    if not _SHORTEST_REASON <= len(reason) <= LONGEST_REASON or not reason.isprintable():
        said = f"must say why, in {_SHORTEST_REASON} to {LONGEST_REASON} characters"
        raise Invalid(f"a reason {said}", errors=[FieldError("reason", said)])
    return reason


def may_reveal(privacy: Privacy, who: Who) -> bool:
    """Whether somebody may see personal details for a while that are hidden from them."""
    if who.sees_personal or not who.may(Permission.CONVERSATIONS_REVEAL):
        return False
    if privacy.reveal is Reveal.LEADS:
        return who.role in _LEADS
    return privacy.reveal is Reveal.ANSWERING
