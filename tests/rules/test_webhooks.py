"""When webhooks are told again, for how long they are left alone; and that no event is left out."""

import pytest

from parlour.events import Kind
from parlour.kit.clock import DAY, SECOND
from parlour.webhooks import catalogue, rules

SCHEDULE = (5.0, 300.0)


@pytest.mark.parametrize(
    ("attempts", "dice", "asked", "wait"),
    [
        (1, 0.5, None, 5 * SECOND),
        (1, 0.0, None, 4 * SECOND),
        (1, 1.0, None, 6 * SECOND),
        (2, 0.5, None, 300 * SECOND),
        (2, 0.5, 900.0, 900 * SECOND),
        (3, 0.5, None, None),
    ],
)
def test_tries_follow_the_schedule(
    attempts: int, dice: float, asked: float | None, wait: int | None
) -> None:
    """WHK-02: with jitter, never sooner than the program asked."""
    assert rules.wait(attempts, SCHEDULE, dice, asked) == wait


def test_the_rest_grows_to_a_bound() -> None:
    assert [rules.rest(n, (5.0, 86_400.0)) // SECOND for n in (1, 2, 3, 20, 500)] == [
        *(1, 2, 4),
        *(600, 600),
    ]
    assert rules.rest(20, SCHEDULE) == 300 * SECOND
    assert rules.rest(1, SCHEDULE, 3600.0) == 3600 * SECOND


def test_only_lasting_failure_turns_off() -> None:
    assert not rules.is_lasting(None, 9 * DAY, DAY)
    assert not rules.is_lasting(9 * DAY, 9 * DAY + 1, DAY)
    assert rules.is_lasting(8 * DAY, 9 * DAY, DAY)


def test_every_event_can_be_told_and_is_in_a_group() -> None:
    assert set(catalogue.TOLD) == set(Kind)
    groups = catalogue.grouped()
    assert sum(len(kinds) for kinds in groups.values()) == len(Kind)
    words = {word for each in catalogue.GROUPS.values() for word in each}
    assert {kind.value.partition(".")[0] for kind in Kind} <= words
