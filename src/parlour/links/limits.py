"""What may stand in the limits of a link; pure."""

from collections.abc import Mapping
from typing import Any, Final

from parlour.kit.errors import FieldError, Invalid

MOST_A_MINUTE: Final = 10_000
MOST_SEATS: Final = 100_000
MOST_TOKENS: Final = 10**12
PERIODS: Final = ("day", "month", "all")
_MOST: Final = {
    "rate_limit_per_minute": MOST_A_MINUTE,
    "daily_token_limit": MOST_TOKENS,
    "budget_tokens": MOST_TOKENS,
    "seats": MOST_SEATS,
}


def check(values: Mapping[str, Any]) -> None:
    """Check what is there of a link's limits; Invalid names every field that does not fit."""
    errors = [
        FieldError(field, f"must be 0, for no limit, or at most {most}")
        for field, most in _MOST.items()
        if (value := values.get(field)) is not None and not 0 <= value <= most
    ]
    period = values.get("budget_period")
    if period is not None and period not in PERIODS:
        errors.append(FieldError("budget_period", f"must be one of {', '.join(PERIODS)}"))
    if errors:
        told = "; ".join(f"{each.field} {each.message}" for each in errors)
        raise Invalid(told, errors=errors)
