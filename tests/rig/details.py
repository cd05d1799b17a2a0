"""Personal details as visitors write them, how each must read masked, and finding them in bytes."""

import base64
import html
import json
import re
from typing import Final
from urllib.parse import quote, quote_plus

PATTERN: Final = "KD-#####"
"""What a workspace of these stories says is personal, too."""

CORPUS: Final = {
    "Mail vera@visitors.example, please.": "Mail •••@•••, please.",
    "Call +44 20 7946 0018 or (020) 7946 0018.": "Call •••• ••• or ••••••.",
    "GB82 WEST 1234 5698 7654 32; 4111 1111 1111 1111": (
        "•••• •••• ••••; •••• •••• •••• ••••"
    ),
    "My number is KD-73915.": "My number is •••••.",
    "See https://x.example/?m=vera%40visitors.example&t=%2B442079460018": (
        "See https://x.example/?m=•••@•••&t=•••• •••"
    ),
    '{"mail": "vera@visitors.example", "tel": 442079460018}': (
        '{"mail": "•••@•••", "tel": ••••••}'
    ),
    "| vera@visitors.example |\n|---|\n| 4111111111111111 |": (
        "| •••@••• |\n|---|\n| •••• •••• •••• •••• |"
    ),
    "```\nvera@visitors.example\n```\n**+44 20 7946 0018**": (
        "```\n•••@•••\n```\n**•••• •••**"
    ),
    "vera&#64;visitors.example, ve\u200bra@visitors.example": "•••@•••, •••@•••",
    "ｖｅｒａ＠ｖｉｓｉｔｏｒｓ．ｅｘａｍｐｌｅ ７９４６００１８": "•••@••• ••••••",  # noqa: RUF001 - other widths
    "Packed: dmVyYUB2aXNpdG9ycy5leGFtcGxl": "Packed: •••@•••",
    "<b>vera@visitors.example</b> &amp; <img src=x>": "<b>•••@•••</b> &amp; <img src=x>",
}  # fmt: skip
"""What is said, and what somebody reads who does not see personal details."""

SECRETS: Final = (
    *("vera@visitors.example", "visitors.example", "ｖｉｓｉｔｏｒｓ", "dmVyYUB2aXNp"),  # noqa: RUF001
    *("7946 0018", "79460018", "７９４６", "1234 5698", "4111 1111", "41111111", "KD-73915"),  # noqa: RUF001
    *("Quillfeather", "door@clients.example", "cheerful-otter", "note@callers.example"),
    *("reason@elsewhere.example", "intern@elsewhere.example"),
)
"""What must not leave for who does not see personal details."""


_NUMBER: Final = re.compile(r"(?<![\w-])7946(?![\w-])|20 ?7946|7946 ?0018")


def tells_number(text: str) -> bool:
    """Whether a part of the number stands somewhere as what somebody said.

    Ids, tokens and moments, which stand on every page, hold any four digits at times.
    """
    return _NUMBER.search(text) is not None


def written(secret: str) -> set[bytes]:
    """A secret in every way in which an answer may carry it."""
    escaped = json.dumps(secret)[1:-1]
    ways = {
        secret,
        html.escape(secret),
        escaped,
        escaped.replace("\\", "\\\\"),
        quote(secret),
        quote_plus(secret),
        quote(secret, safe=""),
        secret.replace("@", "&#64;"),
        secret.upper(),
    }
    raw = {each.encode() for each in ways}
    # Of whatever surrounds it, three ways to stand in base64; the middle is the same in each.
    for shift in range(3):
        packed = base64.b64encode(b"x" * shift + secret.encode()).rstrip(b"=")
        raw.add(packed[4:-1])
    return {each for each in raw if len(each) > 5}


_NEEDLES: Final = {secret: written(secret) for secret in SECRETS}


def found_in(body: bytes) -> set[str]:
    """The secrets that stand in these bytes, whatever way they are written."""
    return {secret for secret, ways in _NEEDLES.items() if any(way in body for way in ways)}
