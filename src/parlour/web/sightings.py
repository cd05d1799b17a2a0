"""Counting in which sites' pages chats stand: in memory first, so that showing one stores nothing.

What is counted goes to the database together, a little later; of a process that ends meanwhile the
last seconds are lost. Whoever asks says themselves where they come from, so this is for owners to
look at, and opens nothing.
"""

import asyncio
import contextlib
from typing import Final

from parlour.kit.errors import Problem
from parlour.links import sightings
from parlour.tools import Tools

_LATER: Final = 2.0
"""Seconds after which what was counted is kept."""
_MOST: Final = 1_000
"""Pairs of link and site that are counted at once; more are not, until those are kept."""


class Sightings:
    """Counts the sites that browsers name."""

    def __init__(self, tools: Tools) -> None:
        """Count nothing yet."""
        self._tools = tools
        self._counts: dict[tuple[str, str], tuple[int, int]] = {}
        self._keeping: asyncio.Task[None] | None = None

    def note(self, link_id: str, origin: str, *, opened: bool = False) -> None:
        """Count that a page of a site showed a link's button, or `opened` its chat."""
        key = link_id, origin
        if not origin or (len(self._counts) >= _MOST and key not in self._counts):
            return
        shown, times = self._counts.get(key, (0, 0))
        self._counts[key] = (shown + (not opened), times + opened)
        if self._keeping is None:
            self._keeping = asyncio.create_task(self._keep(), name="sightings")

    async def _keep(self) -> None:
        await asyncio.sleep(_LATER)
        counts, self._counts, self._keeping = self._counts, {}, None
        with contextlib.suppress(Problem):
            await self._tools.db.write(sightings.add, counts, self._tools.clock.now())
