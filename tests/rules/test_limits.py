"""Counting in moving windows: exact, all or nothing, and bounded (RLB-04)."""

import pytest

from parlour.kit.limits import Limit, Windows
from parlour.kit.limits import memory as windows


class Ticks:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


def test_the_window_moves_with_every_event(ticks: Ticks) -> None:
    """RLB-04: no bucket's edge lets twice as many through; the wait is right to the millisecond."""
    counted, limit = Windows(ticks), [Limit("a", 3)]
    for after, left in ((0, 2), (20_000, 1), (39_999, 0)):
        ticks.now = 1_000_000 + after
        pace = counted.hit(limit)
        assert (pace.passed, pace.left) == (True, left)
    refused = counted.hit(limit)
    assert (refused.passed, refused.wait, refused.seconds) == (False, 20_001, 21)
    ticks.now = 1_059_999
    assert not counted.hit(limit).passed
    ticks.now = 1_060_000
    assert counted.hit(limit).passed, "the first of them left just now"
    assert counted.hit(limit).wait == 20_000, "a refused one was not counted"


def test_one_limit_reached_counts_against_none(ticks: Ticks) -> None:
    counted = Windows(ticks)
    small, large = Limit("small", 1), Limit("large", 10)
    assert counted.hit([large, small]).limit is small
    for _ in range(5):
        assert not counted.hit([large, small]).passed
    assert counted.hit([large]).left == 8, "one of ten was used, and this one"


def test_the_tightest_is_told_and_the_longest_wait(ticks: Ticks) -> None:
    counted = Windows(ticks)
    first, second = Limit("first", 1), Limit("second", 1)
    counted.hit([first])
    ticks.now += 10_000
    counted.hit([second])
    assert counted.hit([first, second]).wait == 60_000
    assert counted.hit([second, first]).limit is second


def test_whoever_was_here_before_keeps_a_share(ticks: Ticks) -> None:
    """RLB-13: newcomers use up a link's limit but for a part, which is there for the calm."""
    counted = Windows(ticks)

    def say(who: str, calm: int = 0) -> bool:
        return counted.hit([Limit(who, 20), Limit("link", 8, kept=2)], calm).passed

    assert [say(f"robot{n}") for n in range(8)] == [True] * 6 + [False] * 2
    assert say("regular", 3)
    assert say("regular", 3)
    assert not say("regular", 3), "all of it is used"


def test_the_share_is_not_for_who_said_much(ticks: Ticks) -> None:
    counted = Windows(ticks)
    limits = [Limit("loud", 20), Limit("link", 8, kept=2)]
    assert [counted.hit(limits, 3).passed for _ in range(8)] == [True] * 6 + [False] * 2


def test_what_is_taken_back_was_never_there(ticks: Ticks) -> None:
    counted, limit = Windows(ticks), [Limit("a", 1)]
    counted.hit(limit)
    counted.take_back(limit)
    assert counted.hit(limit).passed


def test_a_lowered_limit_holds_at_once(ticks: Ticks) -> None:
    """RLB-11: five were let through; with two allowed the wait is for the fourth to leave."""
    counted = Windows(ticks)
    for _ in range(5):
        ticks.now += 1_000
        counted.hit([Limit("a", 5)])
    refused = counted.hit([Limit("a", 2)])
    assert (refused.passed, refused.wait) == (False, 59_000)


@pytest.mark.parametrize(("most", "share", "through"), [(60, 2, 30), (60, 7, 8), (1, 4, 1)])
def test_a_process_that_counts_alone_has_its_share(
    ticks: Ticks, most: int, share: int, through: int
) -> None:
    """RLB-06."""
    counted = Windows(ticks)
    assert sum(counted.hit([Limit("a", most)], 0, share).passed for _ in range(100)) == through


def test_memory_is_bounded(ticks: Ticks, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys go when their windows are empty; beyond a number the longest quiet one goes."""
    monkeypatch.setattr(windows, "MOST_KEYS", 50)
    counted = Windows(ticks)
    for n in range(200):
        ticks.now += 1
        counted.hit([Limit(f"key{n}", 5)])
    assert len(counted) == 50
    ticks.now += 60_001
    for _ in range(30):
        counted.hit([Limit("other", 100)])
    assert len(counted) == 1
