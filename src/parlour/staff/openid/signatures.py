"""The signature of an ID token: by one of the provider's public keys, by nothing else."""

from collections.abc import Mapping
from typing import Any, Final

ALGORITHMS: Final = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "Ed25519", "EdDSA"),
)
"""Public keys only: `none` proves nothing, and with HMAC a public key would do for a secret one."""
_KINDS: Final = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
MOST_KEYS: Final = 20
LONGEST: Final = 64 * 1024


class BadSignature(Exception):
    """A token that none of the keys has signed, or that is no token; the message is for the log."""


def keys(said: Any) -> list[Any]:
    """Read the public keys that can sign; what cannot be read is left out."""
    # At first use, here and below: most processes never see a token.
    from joserfc.errors import JoseError  # noqa: PLC0415
    from joserfc.jwk import JWKRegistry  # noqa: PLC0415

    found = []
    for each in said[:MOST_KEYS] if isinstance(said, list) else []:
        if not isinstance(each, dict) or each.get("kty") not in {"RSA", "EC", "OKP"}:
            continue
        if each.get("use", "sig") != "sig":
            continue
        try:
            found.append(JWKRegistry.import_key(each))
        except (JoseError, ValueError, TypeError, KeyError):
            continue
    return found


def verified(token: str, known: list[Any]) -> Mapping[str, Any]:
    """Return what a token says; BadSignature unless one of these keys has signed it."""
    if len(token) > LONGEST or not token.isascii():
        raise BadSignature("it is no token")
    from joserfc import jws, jwt  # noqa: PLC0415
    from joserfc.errors import JoseError  # noqa: PLC0415

    try:
        header = jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError, TypeError, KeyError):
        raise BadSignature("it is no token") from None
    if header.get("alg") not in ALGORITHMS:
        raise BadSignature("it is not signed by a public key")
    kid, kind = header.get("kid"), _KINDS[header["alg"][:2]]
    for key in known:
        named_otherwise = kid is not None and key.kid is not None and key.kid != kid
        if named_otherwise or key.key_type != kind:
            continue
        try:
            return jwt.decode(token, key, algorithms=ALGORITHMS).claims
        except (JoseError, ValueError, TypeError):
            continue
    raise BadSignature("none of the provider's keys has signed it")
