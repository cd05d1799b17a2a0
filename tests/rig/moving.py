"""A clock that a test moves while a server of its own goes by it: the same file for both."""

import mmap
import time
from pathlib import Path
from typing import Final

SETTING: Final = "TESTS_CLOCK"
"""What tells a server of the nursery its file; the program itself knows nothing of it."""
_BYTES: Final = 8


class MovedClock:
    """Real time, and what the test has added to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            path.write_bytes(bytes(_BYTES))
        with path.open("r+b") as file:
            self._ahead = mmap.mmap(file.fileno(), _BYTES)

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self._ahead[:] = (self._nanoseconds() + round(seconds * 1e9)).to_bytes(_BYTES, "little")

    def wall(self) -> int:
        return time.time_ns() + self._nanoseconds()

    def ticks(self) -> int:
        return time.monotonic_ns() + self._nanoseconds()

    def _nanoseconds(self) -> int:
        return int.from_bytes(self._ahead[:], "little")
