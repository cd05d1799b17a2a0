"""When a code is good, how long wrong ones make one wait, and what recovery codes look like."""

import base64

import pytest

from parlour.kit.clock import HOUR, MINUTE, SECOND
from parlour.staff.second_step import rules

RFC = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    """The table of RFC 6238, appendix B, by its last six digits."""
    assert rules.matching(RFC, code, seconds * SECOND, 0) == seconds // 30


@pytest.mark.parametrize(("off", "good"), [(-60, False), (-30, True), (30, True), (60, False)])
def test_a_clock_may_be_half_a_minute_off(off: int, good: bool) -> None:
    now = 1_111_111_111
    assert (rules.matching(RFC, "050471", (now + off) * SECOND, 0) is not None) is good


def test_a_code_is_younger_than_the_last_one() -> None:
    now, step = 59 * SECOND, 59 // 30
    assert rules.matching(RFC, "287082", now, step - 1) == step
    assert rules.matching(RFC, "287082", now, step) is None
    assert rules.matching(RFC, "287082", now, step + 1) is None


@pytest.mark.parametrize("typed", ["", "287083", "28708", "2870822", "٢٨٧٠٨٢", "x" * 1000, "\0"])
def test_other_texts_are_no_code(typed: str) -> None:
    """INP-07"""
    assert rules.matching(RFC, rules.plain(typed), 59 * SECOND, 0) is None


def test_wrong_codes_make_the_next_one_wait_ever_longer() -> None:
    now = 10 * HOUR
    waits = [rules.wait(wrong, now, now) for wrong in range(40)]
    assert waits[: rules.FREE] == [0] * rules.FREE
    assert waits[rules.FREE : rules.FREE + 4] == [MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE]
    assert waits == sorted(waits)
    assert waits[-1] == HOUR
    assert rules.wait(5, now, now + MINUTE) == 0
    assert rules.wait(10**9, now, now) == HOUR
    tries_a_year = 365 * 24
    assert tries_a_year * 3 / 10**6 < 0.03, "whoever has the password guesses for decades"


def test_recovery_codes() -> None:
    made = rules.new_recovery_codes()
    assert len(set(made)) == 10
    for code in made:
        assert len(code) == 14
        assert rules.is_recovery(rules.plain(code))
        assert rules.plain(f" {code.lower()} ") == rules.plain(code)
    for text in ("", "123456", "A" * 13, "0O1I0O1I0O1I", "é" * 12):
        assert not rules.is_recovery(rules.plain(text))


def test_what_an_app_reads_holds_no_other_word() -> None:
    told = rules.address(RFC, "a b&secret=X@x.example", "Parlour h")
    assert told.startswith(
        "otpauth://totp/Parlour%20h:a%20b%26secret%3DX%40x.example?secret=GEZDGNBV"
    )
