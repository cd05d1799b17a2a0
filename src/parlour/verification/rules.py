"""When a visitor has to confirm an address, and what limits guessing; pure."""

import re
import secrets
from enum import StrEnum
from typing import Final

import msgspec

from parlour.kit.clock import DAY, HOUR, MINUTE, Moment

GOOD_FOR: Final[Moment] = 10 * MINUTE
"""How long a code can be used."""
TRIES: Final = 5
"""How often one code can be tried."""
TRIES_PER_HOUR: Final = 10
"""Guesses that all codes to one address bear within an hour: of a million codes, one in 100 000."""
GUESSES_COUNT_FOR: Final[Moment] = HOUR + GOOD_FOR
"""A code made at the beginning of this span can be tried until an hour before its end."""
REQUESTS: Final = 3
REQUESTS_WITHIN: Final[Moment] = 10 * MINUTE
"""So many codes can be asked for, for one address, in so long."""
MAILS_PER_HOUR: Final = 8
"""So many mails one address gets in an hour, whoever asks for them."""
WRONG_PER_PLACE: Final = 50
"""After so many wrong guesses within the hour one place gets no further codes."""
SESSION: Final[Moment] = DAY
"""How long whoever confirmed an address is known by it, however much they say."""

_CODE: Final = re.compile(r"[0-9]{6}\Z", re.ASCII)


class When(StrEnum):
    """When a visitor has to confirm an e-mail address."""

    OFF = "off"
    REQUIRED = "required"
    """Before the first message."""
    AFTER = "after"
    """After some messages."""


class Terms(msgspec.Struct, frozen=True):
    """What a link asks of its visitors, whether it says so itself or leaves it to its agent."""

    when: When = When.OFF
    after: int = 0
    """Messages a visitor may say before, where `when` is `after`."""
    emails: tuple[str, ...] = ()
    """Whose addresses are good: addresses and `@domains`; empty for everybody's."""

    @property
    def asks(self) -> bool:
        """Whether anybody has to confirm an address here."""
        return self.when is not When.OFF


NOTHING: Final = Terms()


def terms(
    when: When,
    after: int,
    emails: tuple[str, ...],
    *,
    link_requires: bool | None,
    link_emails: tuple[str, ...] | None,
) -> Terms:
    """Return what a link asks: what it says itself goes before its agent's terms."""
    if link_requires is not None:
        when = When.REQUIRED if link_requires else When.OFF
    if when is When.OFF:
        return NOTHING
    return Terms(when, after, emails if link_emails is None else link_emails)


def new_code() -> str:
    """Make a code: six digits, every one of the million equally likely."""
    return f"{secrets.randbelow(1_000_000):06d}"


def is_code(text: str) -> bool:
    """Whether a text has the form of a code: six of the digits 0 to 9, and nothing else."""
    return bool(_CODE.match(text))
