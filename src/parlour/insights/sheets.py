"""Sheets: what a day came to with one agent, packed so that months are soon added up; pure.

All numbers of a link stand side by side in one large integer, each in a lane of 64 bits. To add up
two links, or two days, is to add two integers.
"""

import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final, NamedTuple

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


def packed(numbers: Sequence[int]) -> int:
    """Put numbers side by side into one."""
    if min(numbers) < 0:
        return sum(each << place * _BITS for place, each in enumerate(numbers))
    return int.from_bytes(struct.pack(f"<{len(numbers)}q", *numbers), "little")


def unpacked(number: int, lanes: int) -> list[int]:
    """Take them apart again."""
    raw = struct.unpack(f"<{lanes}q", number.to_bytes(lanes * _SIZE, "little", signed=True))
    if min(raw) >= 0:
        return list(raw)
    # A lane below nothing has borrowed from the one above it.
    lent = (0, *(each < 0 for each in raw))
    return [each + one for each, one in zip(raw, lent, strict=False)]


def by_hour(number: int) -> list[list[int]]:
    """Take apart the numbers of the hours of a day."""
    every = unpacked(number, HOURS * len(SHORT))
    return [every[at : at + len(SHORT)] for at in range(0, len(every), len(SHORT))]


def key_of(visitor: str) -> int:
    """Return a number that stands for somebody who came.

    It is a hash: who they are is not kept. That any two of a hundred thousand visitors of a link
    have the same is one chance in three thousand million.
    """
    return int.from_bytes(blake2b(visitor.encode(), digest_size=_SIZE).digest(), "little")


class Came(NamedTuple):
    """Who came by a link on a day: a key each, and the hours of it as the bits of a number."""

    keys: Sequence[int] = ()
    hours: Sequence[int] = ()


class Visitors:
    """Counts the different ones among those who came by one link on several days."""

    def __init__(self) -> None:
        """Begin without anybody."""
        self._seen: dict[int, int] = {}
        self.twice: dict[int, int] = {}
        """By the hour, how often somebody came in it who had come in it on another day."""

    def add(self, came: Came) -> None:
        """Add those of a day."""
        again = self._seen.keys() & came.keys
        if not again:
            self._seen.update(zip(came.keys, came.hours, strict=True))
            return
        today = dict(zip(came.keys, came.hours, strict=True))
        for key in again:
            before = self._seen[key]
            for hour in _bits(before & today[key]):
                self.twice[hour] = self.twice.get(hour, 0) + 1
            today[key] |= before
        self._seen.update(today)

    def __len__(self) -> int:
        """Return how many different ones there are."""
        return len(self._seen)


def _bits(number: int) -> Iterator[int]:
    while number:
        yield (number & -number).bit_length() - 1
        number &= number - 1


@dataclass(slots=True)
class Sheet:
    """What a day came to with one agent."""

    links: dict[str, int] = field(default_factory=dict)
    """By the link, packed."""
    hours: int = 0
    """By the hour of the day, the numbers of `SHORT`, one hour beside the other; of these links."""
    came: dict[str, Came] = field(default_factory=dict)
    """Who came, by the link."""


@dataclass(slots=True)
class Draft:
    """A sheet that is being made."""

    links: dict[str, int] = field(default_factory=dict)
    apart: dict[tuple[str, int], int] = field(default_factory=dict)
    """By the link and the hour."""
    came: dict[str, dict[int, int]] = field(default_factory=dict)
    """By the link and the key of a visitor, in which hours."""

    def add(self, link: str, hour: int, short: Sequence[int], waits: Sequence[int] = ()) -> None:
        """Add numbers in the order of `SHORT`, and waits."""
        self.links[link] = self.links.get(link, 0) + packed((*short, *waits))
        self.apart[link, hour] = self.apart.get((link, hour), 0) + packed(short)

    def visited(self, link: str, hour: int, visitor: str) -> None:
        """Note who came."""
        came = self.came.setdefault(link, {})
        key, bit = key_of(visitor), 1 << hour
        before = came.get(key, 0)
        if not before:
            self.links[link] = self.links.get(link, 0) + (1 << _VISITORS)
        if not before & bit:
            self.apart[link, hour] = self.apart.get((link, hour), 0) + (1 << _VISITORS)
        came[key] = before | bit

    def sheet(self) -> Sheet:
        """Return the whole."""
        hours = sum(each << hour * _OF_HOUR for (_, hour), each in self.apart.items())
        came = {link: Came([*each], [*each.values()]) for link, each in self.came.items()}
        return Sheet(dict(self.links), hours, came)


def written(draft: Draft) -> dict[str, Any]:
    """Return the columns under which a sheet is kept."""
    sheet = draft.sheet()
    links = sorted(sheet.links)
    came = [sheet.came.get(link, Came()) for link in links]
    return {
        "links": " ".join(links),
        "amounts": b"".join(_bytes(sheet.links[link], LANES) for link in links),
        "hours": _bytes(sheet.hours, HOURS * len(SHORT)),
        "came": b"".join(
            (
                struct.pack(f"<{len(links)}I", *(len(each.keys) for each in came)),
                *(struct.pack(f"<{len(each.keys)}I", *each.hours) for each in came),
                *(struct.pack(f"<{len(each.keys)}Q", *each.keys) for each in came),
            )
        ),
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


def _came(raw: bytes, links: int) -> list[Came]:
    counts = struct.unpack_from(f"<{links}I", raw)
    many = sum(counts)
    hours = struct.unpack_from(f"<{many}I", raw, 4 * links)
    keys = struct.unpack_from(f"<{many}Q", raw, 4 * (links + many))
    found, start = [], 0
    for each in counts:
        end = start + each
        found.append(Came(keys[start:end], hours[start:end]))
        start = end
    return found


def _bytes(number: int, lanes: int) -> bytes:
    return number.to_bytes(lanes * _SIZE, "little", signed=True)


def _int(raw: bytes) -> int:
    return int.from_bytes(raw, "little", signed=True)
