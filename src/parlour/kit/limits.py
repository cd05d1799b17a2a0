"""Counting what happens too often, in a moving window."""

import math
import time
from typing import Any


class PerMinute:
    """Lets a number of hits a minute through for each key, in this process."""

    def __init__(self, most: int) -> None:
        """Allow `most` hits in any sixty seconds."""
        self.most = most
        self._rate: Any = None
        self._window: Any = None

    def hit(self, key: str) -> int | None:
        """Count a hit; return None, or, when it was one too many, the seconds to wait."""
        if self._window is None:
            self._prepare()
        if self._window.hit(self._rate, key):
            return None
        resets: float = self._window.get_window_stats(self._rate, key).reset_time
        return max(1, math.ceil(resets - time.time()))

    def _prepare(self) -> None:
        # At first use: most processes never see a hit, and the import takes a tenth of a second.
        from limits import RateLimitItemPerMinute  # noqa: PLC0415
        from limits.storage import MemoryStorage  # noqa: PLC0415
        from limits.strategies import MovingWindowRateLimiter  # noqa: PLC0415

        self._rate = RateLimitItemPerMinute(self.most)
        self._window = MovingWindowRateLimiter(MemoryStorage())
