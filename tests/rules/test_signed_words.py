"""Signed words about visitors: well signed and odd, each proves nothing and breaks nothing.

API-04: no algorithm, another one, odd key ids, ended, for another link, keys named in the header.
"""

import hmac
import json
from base64 import urlsafe_b64encode
from typing import Any, Final

import pytest

from parlour.kit.clock import SECOND
from parlour.verification import assertions
from parlour.verification.keys import HS256

NOW: Final = 1_800_000_000
SECRET: Final = "parlour_id_" + "a" * 40
LINK: Final = "lnk_AAAAAAAAAAA"
GOOD: Final = {"sub": "u1", "aud": LINK, "exp": NOW + 600}
KNOWN: Final = [("idk_a", HS256, SECRET)]

_ALGORITHMS: list[Any] = [None, 5, {}, ["HS256"], "hs256", "HS512", "EdDSA", "none", "none ", ""]
_KIDS: list[Any] = [[], {}, 5, "../../etc/passwd", "' OR 1=1 --", "idk_b", "idk_a\0"]
HEADERS: list[Any] = [
    *([], 5, "x", None, b"", b"{", b"\xff", b"[" * 2_000, b'{"alg":"HS256","alg":"none"}'),
    *({"alg": each} for each in _ALGORITHMS),
    *({"alg": "HS256", "kid": each} for each in _KIDS),
    *({"alg": "HS256", "crit": each} for each in (["exp"], [], None, "exp", [5])),
    b'{"alg":"HS256","kid":"idk_a","kid":"idk_a"}',
    {"alg": "HS256", "b64": False, "crit": ["b64"]},
]
_TIMES: list[Any] = [None, 1e400, NOW + 60.5, 10**400, -1, [], {}, True, str(NOW + 60)]
_MEANT: list[Any] = [{}, [], [LINK, "lnk_x"], [LINK, LINK], [[LINK]], True, LINK.lower(), ""]
_NAMES: list[Any] = ["\ud800", "a\0b", "\u202e", "a\u200b", " ", "", ["u1"], None, 5]
CLAIMS: list[Any] = [
    *([], 5, "x", b"{", b"\xff", b"[" * 2_000, b'{"a":' * 600 + b"1" + b"}" * 600, {}),
    *({**GOOD, "exp": each} for each in _TIMES),
    *({**GOOD, "nbf": each} for each in (*_TIMES[1:], None, NOW + 31)),
    *({**GOOD, "aud": each} for each in _MEANT),
    *({**GOOD, "sub": each} for each in _NAMES),
    {**GOOD, "more": "x" * assertions.LONGEST},
    *(
        json.dumps(GOOD).replace("{", "{" + each, 1).encode()
        for each in ('"sub":"u2",', '"aud":1,')
    ),
    json.dumps({**GOOD, "more": 0}).replace("0}", '{"a":1,"a":1}}').encode(),
]
_CLAIMS_TAKEN = ({**GOOD, "nbf": -1},)
"""Odd, and harmless: a moment long ago from when it is good."""


def part(data: Any) -> str:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(header: Any, claims: Any) -> str:
    said = f"{part(header)}.{part(claims)}"
    return f"{said}.{part(hmac.digest(SECRET.encode(), said.encode(), 'sha256'))}"


def read(token: str) -> assertions.Signed | None:
    return assertions.read(token, KNOWN, LINK, NOW * SECOND, 3_600)


def test_a_good_one_is_taken() -> None:
    word = read(signed({"alg": "HS256", "kid": "idk_a"}, GOOD))
    assert word is not None
    assert (word.key_id, word.who.subject) == ("idk_a", "u1")


@pytest.mark.parametrize("header", HEADERS, ids=lambda header: repr(header)[:40])
def test_odd_headers(header: Any) -> None:
    assert read(signed(header, GOOD)) is None


@pytest.mark.parametrize("claims", CLAIMS, ids=lambda claims: repr(claims)[:40])
def test_odd_claims(claims: Any) -> None:
    taken = read(signed({"alg": "HS256"}, claims))
    assert (taken is not None) is (claims in _CLAIMS_TAKEN)


@pytest.mark.parametrize("said", ["\ud800", "a\0", "x" * 201, {}, [], 5, None])
def test_an_odd_name_or_address_is_left_out(said: Any) -> None:
    word = read(signed({"alg": "HS256"}, {**GOOD, "name": said, "email": said}))
    assert word is not None
    assert (word.who.name, word.who.email) == (None, None)


@pytest.mark.parametrize("ill", ["{} ", " {}", "{}=", "{}\n", "{}.x", "{}é", "x{}", "{}x", "\0{}"])
def test_odd_writing(ill: str) -> None:
    assert read(ill.format(signed({"alg": "HS256"}, GOOD))) is None


def test_a_key_in_the_header_is_not_looked_at() -> None:
    """Nor is anything fetched that a header names."""
    own = {"jwk": {"kty": "oct", "k": part(b"x" * 40)}, "jku": "https://evil.test", "x5u": "x"}
    said = f"{part({'alg': 'HS256', **own})}.{part(GOOD)}"
    forged = f"{said}.{part(hmac.digest(b'x' * 40, said.encode(), 'sha256'))}"
    assert read(forged) is None
