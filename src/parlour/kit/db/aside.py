"""A second event loop, in a thread: for work that takes its time and must hold up nobody."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

from parlour.kit.db.base import T


class Aside:
    """Runs coroutines on a loop of its own, which begins with the first of them."""

    def __init__(self, name: str) -> None:
        """Name the thread; there is none yet."""
        self._name = name
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine over there and return what it returns; whoever leaves cancels it."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(
                target=self._loop.run_forever, name=self._name, daemon=True
            )
            self._thread.start()
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    async def close(self, last: Coroutine[Any, Any, None]) -> None:
        """Run one last coroutine there, if anything ever ran, and end the thread."""
        loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            last.close()
            return
        await self.run(last)
        loop.call_soon_threadsafe(loop.stop)
        await asyncio.to_thread(thread.join)
        loop.close()
        self._loop = self._thread = None
