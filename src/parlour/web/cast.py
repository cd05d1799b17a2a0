"""A page rendered once and cast again and again, with gaps for what differs between visits."""

import zlib
from collections.abc import Callable, Sequence
from html import escape
from secrets import token_hex
from typing import Final

Fill = Callable[..., bytes]

_MOULDS: Final = 3
"""For how many lengths of its values a page is pressed."""
_RAW: Final = -zlib.MAX_WBITS
_GZIP: Final = b"\x1f\x8b\x08\0\0\0\0\0\2\xff"
_BETWEEN: Final = "\0"
"""Stands in no value: a page cannot hold it."""


def cast(render: Callable[..., str], gaps: int) -> Fill:
    """Render a page with unguessable marks in place of `gaps` values; return what fills them.

    The returned function takes the values in the same order and joins ready bytes: a few
    microseconds, whatever the page weighs. Values are escaped for text and attributes.
    """
    marks = [f"gap{token_hex(16)}" for _ in range(gaps)]
    join = _joining(_cut(render(*marks), marks), marks)

    def fill(*values: str) -> bytes:
        return join(_escaped(values))

    return fill


def cast_pressed(render: Callable[..., str], gaps: int) -> Fill:
    """Cast a page as gzip, pressed once: what differs stands in it as it is, at its first place.

    Everywhere else the page refers to that place, so a mould is good for values of some lengths.
    Where there is none the returned function answers with nothing.
    """
    marks = [f"gap{token_hex(16)}" for _ in range(gaps)]
    pieces = _cut(render(*marks), marks)
    join = _joining(pieces, marks)
    moulds: dict[tuple[int, ...], list[bytes | int]] = {}

    def fill(*values: str) -> bytes:
        escaped = _escaped(values)
        lengths = tuple(map(len, escaped))
        mould = moulds.get(lengths)
        if mould is None and len(moulds) < _MOULDS:
            mould = moulds[lengths] = _mould(pieces, marks, lengths)
        if not mould:
            return b""
        body = b"".join(_stored(escaped[at]) if isinstance(at, int) else at for at in mould)
        page = join(escaped)
        tail = zlib.crc32(page).to_bytes(4, "little") + len(page).to_bytes(4, "little")
        return _GZIP + body + tail

    return fill


def _escaped(values: Sequence[str]) -> list[bytes]:
    # All at once: looking for each sign in each value costs more than filling the page.
    return escape(_BETWEEN.join(values)).encode().split(_BETWEEN.encode())


def _joining(pieces: Sequence[str], marks: list[str]) -> Callable[[Sequence[bytes]], bytes]:
    """Return what joins the pieces of a page with values in place of the marks."""
    ready = [b"" if piece in marks else piece.encode() for piece in pieces]
    places = [(at, marks.index(piece)) for at, piece in enumerate(pieces) if piece in marks]

    def join(values: Sequence[bytes]) -> bytes:
        made = ready.copy()
        for at, which in places:
            made[at] = values[which]
        return b"".join(made)

    return join


def _mould(pieces: Sequence[str], marks: list[str], lengths: Sequence[int]) -> list[bytes | int]:
    """Press a page around values of these lengths; nothing if one does not come out as it went in.

    To the compressor a value is bytes that no page holds, so that nothing else refers to it. What
    it makes of the first place is thrown away, for the value itself to stand there.
    """
    fillers = [_filler(at, length) for at, length in enumerate(lengths)]
    press = zlib.compressobj(9, zlib.DEFLATED, _RAW)
    mould: list[bytes | int] = []
    seen: set[int] = set()
    for piece in pieces:
        at = marks.index(piece) if piece in marks else None
        if at is None or at in seen:
            mould.append(press.compress(piece.encode() if at is None else fillers[at]))
            continue
        seen.add(at)
        mould += [press.flush(zlib.Z_SYNC_FLUSH), at]
        press.compress(fillers[at])
        press.flush(zlib.Z_SYNC_FLUSH)
    mould.append(press.flush())
    tried = [token_hex(length)[:length].encode() for length in lengths]
    body = b"".join(_stored(tried[each]) if isinstance(each, int) else each for each in mould)
    wanted = b"".join(
        tried[marks.index(each)] if each in marks else each.encode() for each in pieces
    )
    try:
        came = zlib.decompress(body, _RAW)
    except zlib.error:
        return []
    return mould if came == wanted else []


def _filler(at: int, length: int) -> bytes:
    """Return bytes of which no three stand together in any text, and that are unlike another's."""
    pairs = (pair for n in range(length // 2 + 1) for pair in (0x80 | at, n & 0x7F))
    return bytes(pairs)[:length]


def _stored(value: bytes) -> bytes:
    """Write a value into a pressed page as it is."""
    length = len(value).to_bytes(2, "little")
    return b"\0" + length + bytes(each ^ 0xFF for each in length) + value


def _cut(page: str, marks: list[str]) -> list[str]:
    """Split a page at every mark, keeping the marks as pieces of their own."""
    pieces = [page]
    for mark in marks:
        cut: list[str] = []
        for piece in pieces:
            for part in piece.split(mark):
                cut += [part, mark]
            cut.pop()
        pieces = cut
    return pieces
