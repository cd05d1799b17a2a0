"""What must stand in an ID token before anybody is who it says, and what it says of them; pure."""

import hmac
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from parlour.kit.clock import SECOND, Moment

LEEWAY: Final = 60
"""Seconds by which the provider's clock may differ from ours."""
OLDEST: Final = 15 * 60
"""Seconds since a token was issued that may have passed: it was asked for just now."""
LONGEST_SUBJECT: Final = 255


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose token it must be, and for which question."""

    issuer: str
    client_id: str
    nonce: str
    now: Moment


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is at the provider."""

    issuer: str
    subject: str
    email: str
    verified: bool | None
    """Whether the provider says that the address was confirmed; None when it says nothing."""
    name: str


def trouble(claims: Mapping[str, Any], asked: Asked) -> str | None:
    """Say why a token whose signature is good proves nothing; None when it does (3.1.3.7)."""
    return next((said for fits, said in _checks(claims, asked) if not fits), None)


def _checks(claims: Mapping[str, Any], asked: Asked) -> Iterator[tuple[bool, str]]:
    now, audience = asked.now / SECOND, claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    expires, issued = _number(claims.get("exp")), _number(claims.get("iat"))
    subject, nonce = _text(claims.get("sub")), _text(claims.get("nonce"))
    yield claims.get("iss") == asked.issuer, "it is of another issuer"
    yield asked.client_id in audiences, "it is for somebody else"
    given = claims.get("azp") if len(audiences) > 1 or "azp" in claims else asked.client_id
    yield given == asked.client_id, "it was given to somebody else"
    yield expires > now - LEEWAY, "it has expired"
    yield now - OLDEST < issued < now + LEEWAY, "it was not issued just now"
    yield _number(claims.get("nbf", 0)) < now + LEEWAY, "it is not good yet"
    yield hmac.compare_digest(_raw(nonce), _raw(asked.nonce)), "it answers another question"
    yield 0 < len(subject) <= LONGEST_SUBJECT and subject.isprintable(), "it names nobody"


def identity(issuer: str, claims: Mapping[str, Any], more: Mapping[str, Any]) -> Identity:
    """Collect who it is from a token without trouble, and what userinfo adds to it.

    Raises:
        ValueError: userinfo speaks of somebody else.
    """
    subject = str(claims["sub"])
    if more and more.get("sub") != subject:
        raise ValueError("userinfo is of somebody else")
    # Address and word on it come from one place, or one could confirm what the other says.
    source = claims if claims.get("email") else more
    return Identity(
        issuer=issuer,
        subject=subject,
        email=_text(source.get("email")),
        verified=_flag(source.get("email_verified")),
        name=_text(claims.get("name") or more.get("name")),
    )


def _number(value: Any) -> float:
    """Read a number; what is none is smaller and larger than nothing."""
    good = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e13
    return float(value) if good else math.nan


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _flag(value: Any) -> bool | None:
    # Some write the word instead of the value; anything else but true is not a yes.
    return None if value is None else value is True or value == "true"
