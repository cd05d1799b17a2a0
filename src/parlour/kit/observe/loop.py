"""A watch over the event loop: says how late it is, and where it hangs when it does."""

import asyncio
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from parlour.kit.observe.logs import places
from parlour.kit.observe.metrics import LOOP_BLOCKED, LOOP_LAG_SECONDS

log = structlog.get_logger("parlour.loop")

_EVERY = 0.5
_TOO_LATE = 1.0


@contextmanager
def watching_loop(every: float = _EVERY, too_late: float = _TOO_LATE) -> Iterator[None]:
    """Watch the running event loop from a thread of its own, for as long as the block lasts.

    While a loop hangs it cannot tell anybody, so the thread does: once after `too_late` seconds,
    with the place where it hangs, and once when it goes on.
    """
    watch = _Watch(asyncio.get_running_loop(), threading.get_ident(), every, too_late)
    thread = threading.Thread(target=watch.run, name="parlour-loop-watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        watch.over.set()


class _Watch:
    def __init__(
        self, loop: asyncio.AbstractEventLoop, ident: int, every: float, too_late: float
    ) -> None:
        self.over = threading.Event()
        self._loop = loop
        self._ident = ident
        self._every = every
        self._too_late = too_late

    def run(self) -> None:
        while not self.over.wait(self._every):
            asked, answer = time.monotonic(), threading.Event()
            try:
                self._loop.call_soon_threadsafe(answer.set)
            except RuntimeError:
                return  # the loop is closed
            if not answer.wait(self._too_late):
                self._tell(asked, answer)
            LOOP_LAG_SECONDS.set(time.monotonic() - asked)

    def _tell(self, asked: float, answer: threading.Event) -> None:
        LOOP_BLOCKED.inc()
        log.warning("loop.blocked", seconds=self._too_late, where=self._where())
        while not answer.wait(self._every) and not self.over.is_set():
            LOOP_LAG_SECONDS.set(time.monotonic() - asked)
        log.warning("loop.freed", seconds=round(time.monotonic() - asked, 2))

    def _where(self) -> str:
        frame = sys._current_frames().get(self._ident)  # noqa: SLF001 - there is no other way
        if frame is None:
            return ""
        stack = traceback.extract_stack(frame, limit=20)
        return places([(each.filename, each.lineno, each.name) for each in stack])
