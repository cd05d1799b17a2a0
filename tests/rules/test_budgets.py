"""Periods of budgets, and what an answer costs (RLB-09, RLB-10)."""

from datetime import UTC, datetime

import pytest

from parlour.budgets.model import Period, cost, estimate


def _moment(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("period", "now", "key", "ends"),
    [
        (Period.DAY, "2026-11-21T23:59:59.999", "2026-11-21", "2026-11-22T00:00:00"),
        (Period.DAY, "2026-11-22T00:00:00", "2026-11-22", "2026-11-23T00:00:00"),
        (Period.DAY, "2026-03-29T01:30:00", "2026-03-29", "2026-03-30T00:00:00"),
        (Period.MONTH, "2026-12-31T23:59:59.999", "2026-12", "2027-01-01T00:00:00"),
        (Period.MONTH, "2028-02-29T12:00:00", "2028-02", "2028-03-01T00:00:00"),
    ],
)
def test_periods_are_of_utc(period: Period, now: str, key: str, ends: str) -> None:
    """RLB-10: one period after the other, whatever clocks do elsewhere."""
    assert (period.key(_moment(now)), period.ends(_moment(now))) == (key, _moment(ends))


def test_in_all_never_ends() -> None:
    assert (Period.ALL.key(0), Period.ALL.ends(0)) == ("all", None)


@pytest.mark.parametrize(
    ("reported", "charged"),
    [(None, 100), (0, 100), (-5, 100), (1, 1), (340, 340), (11_000, 11_000), (10**12, 100)],
)
def test_a_report_is_believed_where_it_can_be_true(reported: int | None, charged: int) -> None:
    """RLB-09."""
    assert cost(100, reported) == charged


def test_our_own_count() -> None:
    assert estimate(["", "abcd", "abcde", "日本語"]) == 0 + 1 + 2 + 3
