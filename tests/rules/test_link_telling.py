"""A link in words: its state as visitors meet it, and its policy as one sentence."""

from typing import Any

import pytest

from parlour.kit.clock import DAY, HOUR, MINUTE, SECOND
from parlour.links.rules import Kind
from parlour.links.telling import Policy, plain, sentence, state

NOW = 1_795_000_000_000
"""Wednesday 18 November 2026, 11:06:40 UTC."""
P, T = Kind.PERMANENT, Kind.TEMPORARY


@pytest.mark.parametrize(
    ("policy", "code", "words", "tone"),
    [
        ({"kind": P}, "live", "Live", "live"),
        ({"kind": P, "enabled": False}, "off", "Switched off", "off"),
        ({"kind": P, "live": False}, "offline", "Agent offline", "off"),
        ({"kind": P, "published": False}, "not_published", "Not published", "wait"),
        # One second before, at, and after its end.
        ({"kind": T, "expires_at": NOW + SECOND}, "live", "Ends in 1 min", "wait"),
        ({"kind": T, "expires_at": NOW}, "ended", "Ended", "off"),
        ({"kind": T, "expires_at": NOW - SECOND}, "ended", "Ended", "off"),
        # How long is left, in one unit.
        ({"kind": T, "expires_at": NOW + 25 * MINUTE}, "live", "Ends in 25 min", "wait"),
        ({"kind": T, "expires_at": NOW + 3 * HOUR}, "live", "Ends in 3 h", "wait"),
        ({"kind": T, "expires_at": NOW + 3 * HOUR - SECOND}, "live", "Ends in 3 h", "wait"),
        ({"kind": T, "expires_at": NOW + HOUR - SECOND}, "live", "Ends in 1 h", "wait"),
        ({"kind": T, "expires_at": NOW + 3 * DAY - SECOND}, "live", "Ends in 3 days", "live"),
        ({"kind": T, "expires_at": NOW + 2 * DAY - SECOND}, "live", "Ends in 2 days", "live"),
        ({"kind": T, "expires_at": NOW + DAY}, "live", "Ends in 24 h", "wait"),
        ({"kind": T, "expires_at": NOW + DAY + 1}, "live", "Ends in 24 h", "live"),
        ({"kind": T, "expires_at": NOW + 47 * HOUR}, "live", "Ends in 47 h", "live"),
        ({"kind": T, "expires_at": NOW + 7 * DAY}, "live", "Ends in 7 days", "live"),
        # The first reason is told, in the order in which visitors are refused.
        ({"kind": T, "expires_at": NOW, "enabled": False}, "off", "Switched off", "off"),
        ({"kind": T, "expires_at": NOW, "live": False}, "ended", "Ended", "off"),
        ({"kind": P, "published": False, "live": False}, "not_published", "Not published", "wait"),
    ],
)
def test_a_state_in_words(policy: dict[str, Any], code: str, words: str, tone: str) -> None:
    found = state(Policy(**policy), NOW)
    assert (found.code, found.words, found.tone) == (code, words, tone)


FIRST = "Nobody can chat until you switch the link on. Then anyone who has it can"
END = "Wednesday 18 November 2026, 14:06 UTC"


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({"kind": P}, "Anyone with the link can chat for as long as it is switched on."),
        ({"kind": T, "expires_at": NOW + 3 * HOUR}, f"Anyone with the link can chat until {END}."),
        (
            {"kind": P, "enabled": False},
            (
                "Nobody can chat until you switch the link on. Then anyone who has it can, "
                "for as long as it is switched on."
            ),
        ),
        (
            {"kind": T, "enabled": False, "expires_at": NOW + 3 * HOUR},
            f"{FIRST}, until {END}.",
        ),
        (
            {"kind": P, "welcomes": True},
            (
                "Anyone with the link can chat for as long as it is switched on. "
                "It greets them in its own words."
            ),
        ),
        (
            {"kind": P, "live": False},
            (
                "Anyone with the link can chat for as long as it is switched on. "
                "The assistant is offline just now, and as long as it is they read so."
            ),
        ),
        (
            {"kind": P, "published": False, "live": False},
            (
                "Anyone with the link can chat for as long as it is switched on. "
                "The assistant is not published yet, and until it is they read so."
            ),
        ),
        (
            {"kind": T, "expires_at": NOW, "welcomes": True, "live": False},
            (
                "Nobody can chat by this link any more: it ended on "
                "Wednesday 18 November 2026, 11:06 UTC."
            ),
        ),
    ],
)
def test_a_policy_as_a_sentence(policy: dict[str, Any], expected: str) -> None:
    parts = sentence(Policy(**policy), NOW)
    assert plain(parts) == expected
    assert sum(isinstance(part, int) for part in parts) == expected.count("UTC")
