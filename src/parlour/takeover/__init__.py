"""Taking over: people answer in a conversation instead of the agent, and give it back."""

from parlour.takeover.completing import complete, reopen
from parlour.takeover.holding import (
    Claim,
    Taken,
    claim,
    lapse,
    missed,
    release,
    renew,
    take,
    withdraw,
)
from parlour.takeover.noting import delete_note, note
from parlour.takeover.passing import colleagues, hand_over
from parlour.takeover.speaking import say

__all__ = [
    "Claim",
    "Taken",
    "claim",
    "colleagues",
    "complete",
    "delete_note",
    "hand_over",
    "lapse",
    "missed",
    "note",
    "release",
    "renew",
    "reopen",
    "say",
    "take",
    "withdraw",
]
