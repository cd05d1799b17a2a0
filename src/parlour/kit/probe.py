"""How the doctor finds its own instance from outside: a word only it can make, and the answer."""

import hmac
from typing import Final

import msgspec

from parlour.kit.clock import MINUTE, SECOND, Moment
from parlour.kit.tokens import Keyring

PATH: Final = "/.well-known/parlour/"
"""Where the word is asked for; it comes last."""
APART: Final = 1 * SECOND
"""Milliseconds between the two events of the answer, by which held-back streams are noticed."""
COOKIE: Final = "parlour-probe"
_GOOD_FOR: Final = MINUTE


class Seen(msgspec.Struct, frozen=True):
    """How a request looked where it arrived."""

    proof: str
    """That the instance holds one of the keys which the word was made with."""
    peer: str
    """The other end of the connection."""
    place: str
    """Where the request counts as coming from."""
    believed: bool
    """Whether the other end is a trusted proxy."""
    forwarded: bool
    """Whether an `X-Forwarded-For` came along."""
    secure: bool
    """Whether cookies are marked for https only."""


def word(keys: Keyring, now: Moment) -> str:
    """Make a word that this instance answers to for a minute."""
    return f"{now}-{keys.hashed(f'probe {now}')}"


def is_fresh(keys: Keyring, given: str, now: Moment) -> bool:
    """Whether a word was made within the last minute with a key of this instance."""
    made, _, mark = given.partition("-")
    if not (made.isascii() and made.isdigit() and len(made) < 16 and mark.isascii()):
        return False
    return abs(now - int(made)) <= _GOOD_FOR and _among(keys.hashes(f"probe {made}"), mark)


def proof(keys: Keyring, given: str) -> str:
    """Show that this instance was asked by this word."""
    return keys.hashed(f"probed {given}")


def is_ours(keys: Keyring, given: str, shown: str) -> bool:
    """Whether what was shown proves that an instance with one of these keys was asked."""
    return shown.isascii() and _among(keys.hashes(f"probed {given}"), shown)


def _among(known: list[str], given: str) -> bool:
    return any(hmac.compare_digest(each, given) for each in known)
