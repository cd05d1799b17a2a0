"""One round to the provider and back: what the browser keeps, sealed, until it comes back."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

import msgspec

from parlour.kit.clock import MINUTE, Moment
from parlour.kit.tokens import Keyring, new_secret
from parlour.staff.openid.refusals import NotOurRound

LASTS: Final[Moment] = 10 * MINUTE
"""For how long somebody may be signing in at the provider."""
LONGEST_STATE: Final = 100


class Round(msgspec.Struct, frozen=True):
    """What we said on the way there, and must find in the answer; no other browser has it."""

    state: str
    nonce: str
    verifier: str
    back: str
    """Where the person wanted to be."""
    begun_at: Moment

    def question(self, client_id: str, redirect_uri: str, scopes: tuple[str, ...]) -> str:
        """Write the query with which the browser is sent to the provider (OIDC core 3.1.2.1)."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return urlencode(
            {
                "response_type": "code",
                "client_id": client_id,
                "redirect_uri": redirect_uri,
                "scope": " ".join(scopes),
                "state": self.state,
                "nonce": self.nonce,
                "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
                "code_challenge_method": "S256",
            }
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """What the browser brought back."""

    state: str
    code: str
    error: str = ""
    issuer: str = ""


def begin(back: str, now: Moment) -> Round:
    """Begin a round: 238 random bits each for state, nonce and verifier."""
    return Round(new_secret("s"), new_secret("n"), new_secret("v"), back, now)


def sealed(keys: Keyring, made: Round) -> str:
    """Seal a round for the browser that begins it."""
    return keys.seal(msgspec.json.encode(made).decode())


def opened(keys: Keyring, text: str | None, state: str, now: Moment) -> Round:
    """Open what the browser kept; NotOurRound when it did not begin what this answers."""
    try:
        found = msgspec.json.decode(keys.unseal(text or ""), type=Round)
    except (ValueError, msgspec.MsgspecError):
        raise _begin_again() from None
    ours = hmac.compare_digest(found.state, _plain(state))
    if not ours or not 0 <= now - found.begun_at < LASTS:
        raise _begin_again()
    return found


def _plain(state: str) -> str:
    return state if state.isascii() and len(state) <= LONGEST_STATE else ""


def _begin_again() -> NotOurRound:
    return NotOurRound("this sign-in was begun in another browser, or too long ago; begin again")
