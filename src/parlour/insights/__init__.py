"""Insights: what happened, counted and kept, so that looking is cheap and chatting pays nothing."""

from parlour.insights.days import DAYS, Failing, Figures, count, counted, failing, figures
from parlour.insights.folding import fold
from parlour.insights.gathering import gather
from parlour.insights.renewing import renew
from parlour.insights.rolling import roll_up
from parlour.tools import Tools

__all__ = [
    "DAYS",
    "Failing",
    "Figures",
    "count",
    "counted",
    "failing",
    "figures",
    "fold",
    "gather",
    "read_on",
    "renew",
    "roll_up",
]


async def read_on(tools: Tools) -> None:
    """Count and keep what happened since last time; for a clock."""
    await count(tools)
    await roll_up(tools)
    await gather(tools)
    await fold(tools)
