"""Telling pages that somebody opened from those that programs fetched, as far as they say so."""

import re
from functools import lru_cache
from typing import Final

from litestar.types import Scope

_PROGRAM: Final = re.compile(
    rb"bot|crawl|spider|slurp|preview|fetch|scan|monitor|probe|check|embed|facebookexternalhit"
    rb"|whatsapp|telegram|skypeuripreview|curl|wget|python|java/|go-http|okhttp|axios|node|ruby"
    rb"|headless|lighthouse|pingdom|uptime|safelinks|proofpoint|mimecast",
    re.IGNORECASE,
)
_AHEAD: Final = (b"purpose", b"sec-purpose", b"x-moz", b"x-purpose")
"""Headers in which browsers say that they fetch a page before anybody wants it."""


def is_person(scope: Scope) -> bool:
    """Whether a page seems to be asked for by somebody who is going to see it."""
    if scope.get("method") != "GET":
        return False
    agent = b""
    for name, value in scope["headers"]:
        if name == b"user-agent":
            agent = value
        elif name in _AHEAD and (b"prefetch" in value or b"preview" in value):
            return False
    return bool(agent) and not _is_program(agent)


@lru_cache(256)
def _is_program(agent: bytes) -> bool:
    return _PROGRAM.search(agent) is not None
