"""What an ID token must say before anybody is who it says, and what a round keeps."""

from typing import Any

import pytest

from parlour.kit.clock import MINUTE, SECOND
from parlour.kit.tokens import Keyring
from parlour.staff.openid import claims, rounds, signatures
from parlour.staff.openid.claims import Asked
from parlour.staff.openid.refusals import NotOurRound

NOW = 1_795_183_200
ASKED = Asked("https://login.example.org", "parlour", "nonce", NOW * SECOND)
GOOD: dict[str, Any] = {
    "iss": "https://login.example.org",
    "aud": "parlour",
    "sub": "u1",
    "nonce": "nonce",
    "iat": NOW,
    "exp": NOW + 300,
}
KEYS = Keyring(["the secret key of every test's instance"])


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"aud": ["parlour"]},
        {"aud": ["parlour", "others"], "azp": "parlour"},
        {"exp": NOW - 59},
        {"iat": NOW + 59, "nbf": NOW + 59},
        {"exp": NOW + 300.5},
    ],
)
def test_good_tokens(more: dict[str, Any]) -> None:
    assert claims.trouble({**GOOD, **more}, ASKED) is None


@pytest.mark.parametrize(
    "more",
    [
        {"iss": "https://login.example.org/"},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "others"},
        {"aud": ["others"]},
        {"aud": {"parlour": 1}},
        {"aud": None},
        {"aud": ["parlour", "others"]},
        {"azp": "others"},
        {"exp": NOW - 60},
        {"exp": str(NOW + 300)},
        {"exp": True},
        {"exp": None},
        {"exp": float("nan")},
        {"exp": 1e300},
        {"iat": NOW - 15 * 60},
        {"iat": NOW + 60},
        {"iat": None},
        {"nbf": NOW + 60},
        {"nbf": "soon"},
        {"nonce": "another"},
        {"nonce": None},
        {"nonce": ["nonce"]},
        {"nonce": "é\ud800"},
        {"sub": ""},
        {"sub": None},
        {"sub": 1},
        {"sub": "x" * 256},
        {"sub": "a\nb"},
        {"sub": "a\0"},
    ],
)
def test_tokens_that_prove_nothing(more: dict[str, Any]) -> None:
    assert claims.trouble({**GOOD, **more}, ASKED) is not None
    assert claims.trouble({}, ASKED) is not None


@pytest.mark.parametrize(
    ("token", "more", "email", "verified"),
    [
        ({"email": "a@x", "email_verified": True}, {}, "a@x", True),
        ({"email": "a@x", "email_verified": "true"}, {}, "a@x", True),
        ({"email": "a@x"}, {}, "a@x", None),
        ({"email": "a@x", "email_verified": False}, {}, "a@x", False),
        ({"email": "a@x", "email_verified": "yes"}, {}, "a@x", False),
        ({"email": "a@x", "email_verified": 1}, {}, "a@x", False),
        ({"email_verified": True}, {"sub": "u1", "email": "b@x"}, "b@x", None),
        ({"email": "a@x"}, {"sub": "u1", "email": "b@x", "email_verified": True}, "a@x", None),
        ({"email": ["a@x"], "email_verified": True}, {}, "", True),
        ({}, {}, "", None),
    ],
)
def test_an_address_and_the_word_on_it_come_from_one_place(
    token: dict[str, Any], more: dict[str, Any], email: str, verified: bool | None
) -> None:
    found = claims.identity("i", {**GOOD, **token}, more)
    assert (found.email, found.verified) == (email, verified)


def test_userinfo_of_somebody_else_is_refused() -> None:
    for more in ({"email": "a@x"}, {"sub": "u2", "email": "a@x"}):
        with pytest.raises(ValueError, match="somebody else"):
            claims.identity("i", GOOD, more)


def test_a_round_belongs_to_the_browser_that_keeps_it() -> None:
    now = NOW * SECOND
    mine, other = rounds.begin("/studio", now), rounds.begin("/studio/keys", now)
    kept = rounds.sealed(KEYS, mine)
    assert rounds.opened(KEYS, kept, mine.state, now + 9 * MINUTE) == mine
    for text, state, at in (
        (kept, other.state, now),
        (kept, "", now),
        (kept, "é", now),
        (kept, mine.state, now + rounds.LASTS),
        (kept, mine.state, now - 1),
        (None, mine.state, now),
        ("", "", now),
        (kept[:-4], mine.state, now),
        (KEYS.seal("{}"), mine.state, now),
        (Keyring(["another secret key, as long as ours"]).seal("x"), mine.state, now),
    ):
        with pytest.raises(NotOurRound):
            rounds.opened(KEYS, text, state, at)
    for secret in (mine.state, mine.nonce, mine.verifier):
        assert secret not in kept
    assert mine.verifier not in mine.question("c", "https://x/back", ("openid",))


@pytest.mark.parametrize(
    "said", [None, {}, "x", [1], [{"kty": "oct", "k": "AAAA"}], [{"kty": "RSA", "n": "!"}], [{}]]
)
def test_keys_that_are_none_are_left_out(said: Any) -> None:
    assert signatures.keys(said) == []


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "é.é.é", "x" * 70_000, "e30.e30."])
def test_texts_that_are_no_token(token: str) -> None:
    with pytest.raises(signatures.BadSignature):
        signatures.verified(token, [])
