"""What a signed word about a visitor says: by a key of the agent, for one link, not for long."""

import json
import warnings
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeGuard

from parlour.kit import addresses
from parlour.kit.clock import SECOND, Moment
from parlour.kit.errors import Invalid
from parlour.kit.texts import trouble, visible
from parlour.verification.identities import Identity, Proof
from parlour.verification.keys import EDDSA, HS256

LONGEST: Final = 4_096
_LONGEST_SUBJECT: Final = 200
_LONGEST_NAME: Final = 200
_LEEWAY: Final = 30
"""Seconds by which the clocks of two machines may differ."""


@dataclass(frozen=True, slots=True)
class Signed:
    """Who somebody is, and the id of the key that signed it."""

    who: Identity
    key_id: str


def read(
    token: str, known: list[tuple[str, str, str]], link_id: str, now: Moment, longest: int
) -> Signed | None:
    """Return who a token says its bearer is, on this link; None for one that proves nothing.

    `known` are id, algorithm and key of each key of the agent. The algorithm is the key's own,
    whatever the token claims. `longest`: seconds that a token may still be good for.
    """
    found = _claims(token, known)
    if found is None or not _holds(found[0], link_id, now // SECOND, longest):
        return None
    who = _identity(found[0])
    return None if who is None else Signed(who, found[1])


def variables(
    token: str, known: list[tuple[str, str, str]], link_id: str, now: Moment, longest: int
) -> dict[str, Any]:
    """Return the `variables` that a token vouches for, which need not name anybody; as `read`."""
    found = _claims(token, known)
    if found is None or not _holds(found[0], link_id, now // SECOND, longest):
        return {}
    told = found[0].get("variables")
    return dict(told) if isinstance(told, dict) else {}


def _claims(token: str, known: list[tuple[str, str, str]]) -> tuple[dict[str, Any], str] | None:
    """Return what a token claims and the id of the key that signed it."""
    if not token.isascii() or not 20 <= len(token) <= LONGEST or token.count(".") != 2:
        return None
    if not _is_plain(token):
        return None
    for key_id, algorithm, key in known:
        claims = _signed(token, key_id, algorithm, key)
        if claims is not None:
            return claims, key_id
    return None


def _is_plain(token: str) -> bool:
    """Whether nothing stands twice in a token, and nothing in it must be understood besides.

    Of two that stand under one name one program reads the first, and another one the last.
    """
    try:
        header, claims = (
            json.loads(
                urlsafe_b64decode(part + "=" * (-len(part) % 4)), object_pairs_hook=_once_each
            )
            for part in token.split(".")[:2]
        )
    except (ValueError, RecursionError):
        return False
    return isinstance(header, dict) and isinstance(claims, dict) and "crit" not in header


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _signed(token: str, key_id: str, algorithm: str, key: str) -> dict[str, Any] | None:
    _accept_both_names()
    from joserfc import jws, jwt  # noqa: PLC0415 - most processes never see a token
    from joserfc.errors import JoseError  # noqa: PLC0415
    from joserfc.jwk import OctKey, OKPKey  # noqa: PLC0415

    try:
        header = jws.extract_compact(token.encode()).headers()
        if header.get("alg") not in _NAMES[algorithm] or header.get("kid", key_id) != key_id:
            return None
        opened: Any = OctKey.import_key(key) if algorithm == HS256 else OKPKey.import_key(key)
        return dict(jwt.decode(token, opened, algorithms=list(_NAMES[algorithm])).claims)
    except (JoseError, ValueError, TypeError, KeyError, UnicodeError, RecursionError):
        return None


_NAMES: Final = {HS256: ("HS256",), EDDSA: ("EdDSA", "Ed25519")}


@cache
def _accept_both_names() -> None:
    """Take `EdDSA` without a warning: it is what most programs still call Ed25519."""
    warnings.filterwarnings("ignore", message="EdDSA is deprecated")


def _holds(claims: dict[str, Any], link_id: str, now: int, longest: int) -> bool:
    """Whether a token is meant for a link, and good at this second."""
    audience, ends, begins = claims.get("aud"), claims.get("exp"), claims.get("nbf", now)
    meant = audience == link_id or (isinstance(audience, list) and audience == [link_id])
    if not meant or not _is_time(ends) or not _is_time(begins):
        return False
    return now < ends <= now + longest + _LEEWAY and begins <= now + _LEEWAY


def _identity(claims: dict[str, Any]) -> Identity | None:
    subject = claims.get("sub")
    if not isinstance(subject, str) or trouble(subject, _LONGEST_SUBJECT) is not None:
        return None
    return Identity(Proof.TOKEN, subject, _email(claims), _name(claims))


def _is_time(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _email(claims: dict[str, Any]) -> str | None:
    said = claims.get("email")
    try:
        return addresses.canonical(said) if isinstance(said, str) else None
    except Invalid:
        return None


def _name(claims: dict[str, Any]) -> str | None:
    said = claims.get("name")
    if not isinstance(said, str) or len(said) > _LONGEST_NAME:
        return None
    name = visible(said)
    return name if trouble(name, _LONGEST_NAME) is None else None
