"""What a log may tell of a failure: never a word of what was said, however a server echoes it."""

import html
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote

_LONGEST: Final = 300
_WORD: Final = re.compile(r"\w+")
_ORDINARY: Final = frozenset(
    _WORD.findall("""
    about after again all allowed and answer answered any api are argument array bad base because
    been before billing body bytes call can cannot characters check client code completion
    completions connect connection content context could current data denied deprecated details did
    does empty enabled error event exceed exceeded exceeds exist expected expired failed field file
    filter finish for format forbidden found from function gateway got had has have header host
    input integer internal invalid into its json key large later length less limit line list load
    long longer many max maximum may message messages method missing model must name network not
    number object only openai output parameter parse part parts path payment permission please
    policy port prompt provided quota rate reached reason refused reply request requests required
    response retry role safety says schema server service should shorter signature size stopped
    stream string support supported than that the then there this timeout time token tokens too try
    type unauthorized unavailable unexpected unknown unsupported upstream url usage use user valid
    value version was webhook when which with within without you your
    """)
)
"""Words of which failures are made; that they were said, too, gives nothing away."""


def discreet(told: str, said: Iterable[str]) -> str:
    """Return what a server told of a failure, up to the first word that repeats what was said."""
    text = unquote(html.unescape(told[: _LONGEST * 4]))[:_LONGEST]
    spoken = "\n".join(said).casefold()
    words = set(_WORD.findall(spoken))
    for found in _WORD.finditer(text):
        last = found.end() == len(text)
        if _repeats(found.group().casefold(), words, spoken, is_cut=last):
            return text[: found.start()].rstrip(" '\"“‘([{<:,") + " …"
    return text


def _repeats(word: str, words: set[str], spoken: str, *, is_cut: bool) -> bool:
    if not word.isascii():
        # Not every script has spaces between its words.
        pairs = {word[place : place + 2] for place in range(max(1, len(word) - 1))}
        return any(pair in spoken for pair in pairs)
    if len(word) < 3 or word in _ORDINARY:
        return False
    return word in words or (is_cut and any(each.startswith(word) for each in words))
