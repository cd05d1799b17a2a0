"""The clock of a process, whatever is done to the machine's."""

import random

import pytest
from structlog.testing import capture_logs

from parlour.kit.clock import DAY, HOUR, MINUTE, SECOND, Moment
from parlour.kit.steady import GRACE, LEAP, TRUSTED, SteadyClock

START: Moment = 1_800_000_000_000
MS = 1_000_000


class Machine:
    """A machine's clock, which can be set, and its even count."""

    def __init__(self) -> None:
        self.wall, self.ticks = START * MS, 0
        self.clock = SteadyClock(lambda: self.wall, lambda: self.ticks)

    def passes(self, time: Moment) -> Moment:
        """Let time pass as it does; return what it is then."""
        self.wall += time * MS
        self.ticks += time * MS
        return self.clock.now() - START

    def set(self, by: Moment) -> Moment:
        self.wall += by * MS
        return self.clock.now() - START


def test_left_alone_it_is_the_machine_s() -> None:
    machine = Machine()
    assert machine.passes(HOUR) == HOUR
    assert machine.set(2 * SECOND) == HOUR + 2 * SECOND
    assert machine.passes(7) == HOUR + 2 * SECOND + 7


def test_set_back_it_goes_on_and_is_caught_up_with() -> None:
    """EXP-03: never back, never still, and right again in the end."""
    machine = Machine()
    machine.passes(HOUR)
    with capture_logs() as said:
        assert machine.set(-HOUR) == HOUR
        assert machine.passes(MINUTE) == HOUR + 54 * SECOND
        assert machine.passes(10 * HOUR) > 10 * HOUR
        assert machine.passes(10 * HOUR) == 20 * HOUR + MINUTE
    assert [each["event"] for each in said] == ["clock.set_back", "clock.caught_up"]
    assert said[0]["behind_seconds"] == 3_600


def test_a_leap_that_is_taken_back_was_never_there() -> None:
    """EXP-04: two days ahead and back again, within the grace; it is in the log."""
    machine = Machine()
    with capture_logs() as said:
        assert machine.set(2 * DAY) == 0
        assert machine.passes(GRACE - 1) == GRACE - 1
        assert machine.set(-2 * DAY) == GRACE - 1
        assert machine.passes(HOUR) == GRACE - 1 + HOUR
    assert [each["event"] for each in said] == ["clock.leapt"]


def test_a_leap_that_stays_is_followed() -> None:
    machine = Machine()
    with capture_logs() as said:
        machine.set(2 * DAY)
        assert machine.passes(GRACE) == GRACE + 2 * DAY
        assert machine.passes(SECOND) == GRACE + 2 * DAY + SECOND
    assert [each["event"] for each in said] == ["clock.leapt", "clock.followed"]
    assert machine.set(LEAP) == GRACE + 2 * DAY + SECOND + LEAP  # a small one is followed at once


@pytest.mark.parametrize(
    ("ahead", "expected"),
    [(-HOUR, 0), (0, 0), (HOUR, HOUR), (TRUSTED, TRUSTED), (TRUSTED + 1, 0), (400 * DAY, 0)],
)
def test_who_begins_goes_on_from_those_before(ahead: Moment, expected: Moment) -> None:
    """EXP-03: also after a restart; but what a clock that was wrong has left is not believed."""
    machine = Machine()
    machine.clock.lift(START + ahead, TRUSTED)
    assert machine.clock.now() - START == expected


def test_it_never_goes_back_whatever_happens() -> None:
    """EXP-03: a thousand random steps, some of time and some of the hand."""
    machine, random_ = Machine(), random.Random(3)
    last = 0
    for _ in range(1_000):
        if random_.random() < 0.7:
            now = machine.passes(random_.randrange(MINUTE))
        else:
            now = machine.set(random_.randrange(-2 * DAY, 2 * DAY))
        assert now >= last
        last = now


def test_the_machine_s_own_clock_serves() -> None:
    clock = SteadyClock()
    first = clock.now()
    assert all(clock.now() >= first for _ in range(100))
