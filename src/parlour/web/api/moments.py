"""Moments as programs read and write them."""

import re
from datetime import datetime
from typing import Final

from parlour.kit.clock import Moment, moment_of, rfc3339
from parlour.kit.errors import FieldError, Invalid

_TIME: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)\Z", re.ASCII
)
"""RFC 3339; Python's own reader takes more than programs agree on."""


def written(moment: Moment | None) -> str | None:
    """Write a moment, or null."""
    return None if moment is None else rfc3339(moment)


def moment(field: str, text: str | None) -> Moment | None:
    """Read an RFC 3339 time of a body; Invalid without a time zone or outside the years we know."""
    if text is None:
        return None
    try:
        if not _TIME.match(text):
            raise ValueError(text)
        read = moment_of(datetime.fromisoformat(text.upper()))
        rfc3339(read)
    except (ValueError, OverflowError, OSError):
        message = "a time with its zone, such as 2026-11-20T18:00:00Z"
        raise Invalid(f"{field}: {message}", errors=[FieldError(field, message)]) from None
    return read
