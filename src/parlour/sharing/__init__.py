"""Shares: addresses that open one conversation for a while, to read it or to answer in it."""

from parlour.sharing.guests import Guest, judge, look, open_, release, rename, say, take, types
from parlour.sharing.keeping import (
    Made,
    Wish,
    every,
    make,
    make_for_agent,
    make_for_handoff,
    revoke,
    tidy,
)
from parlour.sharing.refusals import NoSuchShare, ShareOver
from parlour.sharing.rules import Mode
from parlour.sharing.store import Reader, Share

__all__ = [
    "Guest",
    "Made",
    "Mode",
    "NoSuchShare",
    "Reader",
    "Share",
    "ShareOver",
    "Wish",
    "every",
    "judge",
    "look",
    "make",
    "make_for_agent",
    "make_for_handoff",
    "open_",
    "release",
    "rename",
    "revoke",
    "say",
    "take",
    "tidy",
    "types",
]
