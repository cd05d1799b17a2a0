"""Sheets: what a day came to with one agent, packed so that months are soon added up; pure.

All numbers of a link stand side by side in one large integer, each in a lane of 64 bits. To add up
two links, or two days, is to add two integers.
"""

import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final

from parlour.events.accounting import AMOUNTS

PLAIN: Final = AMOUNTS[: AMOUNTS.index("wait_0")]
_SAT: Final = ("sessions", "visitors", "answered", "handed", "lasted", "good", "poor")
SHORT: Final = (*PLAIN, "opened", *_SAT)
"""What is added up of an hour of the day, by the names of `metrics.Amounts`."""
LANES: Final = len(SHORT) + len(AMOUNTS) - len(PLAIN)
"""What is added up of a link: the same, and then the waits by their lengths."""
HOURS: Final = 24
_BITS: Final = 64
_SIZE: Final = 8
_OF_HOUR: Final = len(SHORT) * _BITS
_VISITORS: Final = SHORT.index("visitors") * _BITS
_HOUR: Final = 31
"""Of a key of somebody who came, the bits that hold the hour."""


def packed(numbers: Sequence[int]) -> int:
    """Put numbers side by side into one."""
    if min(numbers) < 0:
        return sum(each << place * _BITS for place, each in enumerate(numbers))
    return int.from_bytes(struct.pack(f"<{len(numbers)}q", *numbers), "little")


def unpacked(number: int, lanes: int) -> list[int]:
    """Take them apart again."""
    raw = struct.unpack(f"<{lanes}q", number.to_bytes(lanes * _SIZE, "little", signed=True))
    # A lane below nothing has borrowed from the one above it.
    lent = (0, *(each < 0 for each in raw))
    return [each + one for each, one in zip(raw, lent, strict=False)]


def by_hour(number: int) -> list[list[int]]:
    """Take apart the numbers of the hours of a day."""
    every = unpacked(number, HOURS * len(SHORT))
    return [every[at : at + len(SHORT)] for at in range(0, len(every), len(SHORT))]


def key_of(visitor: str, hour: int) -> int:
    """Return a number that stands for somebody who came in an hour of the day.

    It is a hash: who they are is not kept. That any two of a hundred thousand visitors of a link
    have the same is one chance in a hundred million.
    """
    digest = blake2b(visitor.encode(), digest_size=_SIZE).digest()
    return int.from_bytes(digest, "little") & ~_HOUR | hour


def different(came: Set[int]) -> int:
    """Count the different visitors among keys."""
    return len({each | _HOUR for each in came})


def hour_of(key: int) -> int:
    """Return the hour that is in a key."""
    return key & _HOUR


@dataclass(slots=True)
class Sheet:
    """What a day came to with one agent."""

    links: dict[str, int] = field(default_factory=dict)
    """By the link, packed."""
    hours: int = 0
    """By the hour of the day, the numbers of `SHORT`, one hour beside the other; of these links."""
    came: dict[str, Iterable[int]] = field(default_factory=dict)
    """Who came by a link in which hours: keys, each once."""


@dataclass(slots=True)
class Draft:
    """A sheet that is being made."""

    links: dict[str, int] = field(default_factory=dict)
    apart: dict[tuple[str, int], int] = field(default_factory=dict)
    """By the link and the hour."""
    came: dict[str, set[int]] = field(default_factory=dict)

    def add(self, link: str, hour: int, short: Sequence[int], waits: Sequence[int] = ()) -> None:
        """Add numbers in the order of `SHORT`, and waits."""
        self.links[link] = self.links.get(link, 0) + packed((*short, *waits))
        self.apart[link, hour] = self.apart.get((link, hour), 0) + packed(short)

    def visited(self, link: str, hour: int, visitor: str) -> None:
        """Note who came."""
        self.came.setdefault(link, set()).add(key_of(visitor, hour))

    def sheet(self) -> Sheet:
        """Return the whole."""
        links = dict(self.links)
        for link, came in self.came.items():
            links[link] += different(came) << _VISITORS
        hours = sum(each << hour * _OF_HOUR for (_, hour), each in self.apart.items())
        return Sheet(links, hours, dict(self.came))


def written(draft: Draft) -> dict[str, Any]:
    """Return the columns under which a sheet is kept."""
    sheet = draft.sheet()
    links = sorted(sheet.links)
    came = [sorted(draft.came.get(link, ())) for link in links]
    counts = struct.pack(f"<{len(links)}I", *map(len, came))
    return {
        "links": " ".join(links),
        "amounts": b"".join(_bytes(sheet.links[link], LANES) for link in links),
        "hours": _bytes(sheet.hours, HOURS * len(SHORT)),
        "came": counts + b"".join(struct.pack(f"<{len(each)}Q", *each) for each in came),
        "apart": _apart(draft.apart, {link: place for place, link in enumerate(links)}),
    }


def _apart(apart: Mapping[tuple[str, int], int], places: Mapping[str, int]) -> bytes:
    parts = [struct.pack("<I", len(apart))]
    parts += [struct.pack("<I", places[link] * HOURS + hour) for link, hour in apart]
    parts += [_bytes(each, len(SHORT)) for each in apart.values()]
    return zlib.compress(b"".join(parts), 1)


def read(links: str, amounts: bytes, hours: bytes, came: bytes) -> Sheet:
    """Return a sheet that was kept."""
    names = links.split()
    size = LANES * _SIZE
    whole = {
        link: _int(amounts[place * size : (place + 1) * size]) for place, link in enumerate(names)
    }
    return Sheet(whole, _int(hours), dict(zip(names, _came(came, len(names)), strict=True)))


def read_one(link: str, links: str, amounts: bytes, came: bytes, apart: bytes) -> Sheet | None:
    """Return what is kept of one link; None where there is nothing."""
    names = links.split()
    if link not in names:
        return None
    place, size = names.index(link), LANES * _SIZE
    number = _int(amounts[place * size : (place + 1) * size])
    raw = zlib.decompress(apart)
    many = struct.unpack_from("<I", raw)[0]
    size, start = len(SHORT) * _SIZE, 4 * (1 + many)
    hours = 0
    for at, where in enumerate(struct.unpack_from(f"<{many}I", raw, 4)):
        if where // HOURS == place:
            piece = _int(raw[start + at * size : start + (at + 1) * size])
            hours += piece << where % HOURS * _OF_HOUR
    return Sheet({link: number}, hours, {link: _came(came, len(names))[place]})


def _came(raw: bytes, links: int) -> list[tuple[int, ...]]:
    head = 4 * links
    keys = struct.unpack_from(f"<{(len(raw) - head) // _SIZE}Q", raw, head)
    found, start = [], 0
    for many in struct.unpack_from(f"<{links}I", raw):
        found.append(keys[start : start + many])
        start += many
    return found


def _bytes(number: int, lanes: int) -> bytes:
    return number.to_bytes(lanes * _SIZE, "little", signed=True)


def _int(raw: bytes) -> int:
    return int.from_bytes(raw, "little", signed=True)
