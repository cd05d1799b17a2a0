"""Cutting bytes into lines and events, however the network cut them before (STR-12, SSR-08)."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parlour.kit.http import EventReader, LineReader, LineTooLong

STREAM = (
    'data: {"a": "ü€😀"}\n\n'
    ": a comment\r\n"
    "event: x\r\nid: 7\r\ndata: two\r\ndata:  lines\r\n\r\n"
    "data:none\rdata\r\r"
    "retry: 5\n\n\n"
    "data: \u2028 stays\x00\n\n"
    "data: last"
).encode()
EVENTS = ['{"a": "ü€😀"}', "two\n lines", "none", "\u2028 stays\x00", "last"]


def read(*pieces: bytes) -> list[bytes]:
    reader = EventReader()
    return [event for piece in pieces for event in reader.feed(piece)] + reader.rest()


@settings(max_examples=300)
@given(st.lists(st.integers(0, len(STREAM)), max_size=40))
def test_events_are_the_same_however_they_are_cut(places: list[int]) -> None:
    """STR-12: CR, LF and CRLF, comments, characters cut in two."""
    cuts = [0, *sorted(places), len(STREAM)]
    pieces = [STREAM[a:b] for a, b in itertools.pairwise(cuts)]
    assert [event.decode() for event in read(*pieces)] == EVENTS


def test_a_byte_at_a_time() -> None:
    assert [event.decode() for event in read(*(bytes([b]) for b in STREAM))] == EVENTS


@pytest.mark.parametrize("piece", [b"x", b"x" * 1_000, b"x" * 70_000])
def test_a_line_without_end_is_cut_early(piece: bytes) -> None:
    """SSR-08."""
    reader = LineReader(longest=100_000)
    with pytest.raises(LineTooLong):
        any(reader.feed(piece) for _ in range(100_002))


def test_an_event_without_end_is_cut_early() -> None:
    """SSR-08: many short lines of one event."""
    reader = EventReader(longest=100_000)
    with pytest.raises(LineTooLong):
        any(reader.feed(b"data: more\n") for _ in range(100_000))


def test_comments_cost_no_memory() -> None:
    """SSR-08: comments that never end are dropped one by one."""
    reader = EventReader()
    assert not any(reader.feed(b": still here\n\n") for _ in range(10_000))
    assert reader.rest() == []
