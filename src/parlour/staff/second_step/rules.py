"""What is a good code, how long to wait after wrong ones, and what recovery codes look like."""

import secrets
from typing import Final

import pyotp
from pyotp.exceptions import OTPVerificationError

from parlour.kit.clock import HOUR, MINUTE, SECOND, Moment

FREE: Final = 5
"""So many wrong codes in a row cost nothing; after that each doubles the wait."""
LONGEST_WAIT: Final[Moment] = HOUR
HALF_LASTS: Final[Moment] = 5 * MINUTE
"""For how long somebody with the right password may look for their code."""
HALF_TRIES: Final = 5
"""So many codes may be tried before the password is asked for again."""
PENDING_LASTS: Final[Moment] = 15 * MINUTE
"""For how long a new secret waits for its first code."""
RECOVERY_CODES: Final = 10

_LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_GROUPS, _EACH = 3, 4
"""12 of 30 letters are 58 bits."""


def new_secret() -> str:
    """Make what the app and we share: 160 bits in base32."""
    return pyotp.random_base32()


def address(secret: str, email: str, issuer: str) -> str:
    """Return what an app reads from the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=issuer)


def matching(secret: str, typed: str, now: Moment, last: int) -> int | None:
    """Return which half minute a code is of; None when it is wrong, or not younger than `last`.

    The one before and the one after are taken, too: clocks differ, and people type slowly.
    """
    try:
        found: int = pyotp.TOTP(secret).verify_and_get_timecode(
            typed, for_time=now // SECOND, valid_window=1
        )
    except OTPVerificationError:
        return None
    return found if found > last else None


def wait(wrong: int, last_wrong_at: Moment | None, now: Moment) -> Moment:
    """Return how much longer whoever had so many wrong codes in a row has to wait; 0 for not."""
    if wrong < FREE or last_wrong_at is None:
        return 0
    long = min(MINUTE << min(wrong - FREE, 10), LONGEST_WAIT)
    return max(0, last_wrong_at + long - now)


def plain(typed: str) -> str:
    """Return a typed code without what people put in between."""
    return "".join(letter for letter in typed[:60].upper() if letter.isascii() and letter.isalnum())


def is_recovery(code: str) -> bool:
    """Whether a plain code has the form of a recovery code."""
    return len(code) == _GROUPS * _EACH and all(letter in _LETTERS for letter in code)


def new_recovery_codes() -> list[str]:
    """Make codes for the day on which the phone is lost, as they are shown."""
    return ["-".join(_group() for _ in range(_GROUPS)) for _ in range(RECOVERY_CODES)]


def _group() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(_EACH))
