"""Coming in by a link: look at the door, and step in with the first message, all or nothing."""

from parlour.entrance.doors import Door, admitted, judge, look, owned, readable
from parlour.entrance.pacing import Paced, longest_of, paced, uncounted
from parlour.entrance.proving import (
    Caller,
    NotProved,
    NoVerification,
    Proved,
    ask_for_code,
    prove_by_code,
)
from parlour.entrance.refusals import NoSuchSession, Refused
from parlour.entrance.tickets import NOTHING_BROUGHT, Brought, Entered, Ticket, start_of, ticket
from parlour.entrance.vouching import identify, revoke_identity_key, vouched
from parlour.entrance.words import named

__all__ = [
    "NOTHING_BROUGHT",
    "Brought",
    "Caller",
    "Door",
    "Entered",
    "NoSuchSession",
    "NoVerification",
    "NotProved",
    "Paced",
    "Proved",
    "Refused",
    "Ticket",
    "admitted",
    "ask_for_code",
    "identify",
    "judge",
    "longest_of",
    "look",
    "named",
    "owned",
    "paced",
    "prove_by_code",
    "readable",
    "revoke_identity_key",
    "start_of",
    "ticket",
    "uncounted",
    "vouched",
]
