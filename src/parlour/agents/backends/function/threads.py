"""Runs blocking code in a thread of its own, and stops it between two items."""

import asyncio
import contextvars
import inspect
import threading
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from parlour.agents.contract import BackendFailure

_AHEAD: Final = 64
"""Items a generator may be ahead of whoever takes them."""

_running: Counter[str] = Counter()
_guard: Final = threading.Lock()


@dataclass(frozen=True, slots=True)
class Returned:
    """Something to be awaited or iterated on the loop."""

    value: Any


@dataclass(frozen=True, slots=True)
class _Raised:
    error: BaseException


_END: Final = object()


async def in_thread(
    work: Callable[[], Any], *, owner: str, limit: int
) -> AsyncGenerator[Any, None]:
    """Call `work` in a thread and yield its items, or its one result.

    A thread cannot be killed: what never returns keeps its thread, so an owner gets `limit` of
    them, and BackendFailure beyond. The threads are daemons and do not hold up the end of the
    process.
    """
    with _guard:
        if _running[owner] >= limit:
            raise BackendFailure("rate_limited", f"{limit} calls have not returned yet")
        _running[owner] += 1
    thread = _Thread(work, owner)
    thread.start()
    try:
        while (item := await thread.items.get()) is not _END:
            thread.room.release()
            if isinstance(item, _Raised):
                raise item.error
            yield item
    finally:
        thread.stop()


class _Thread:
    def __init__(self, work: Callable[[], Any], owner: str) -> None:
        self.items: asyncio.Queue[Any] = asyncio.Queue()
        self.room = threading.Semaphore(_AHEAD)
        self._loop = asyncio.get_running_loop()
        self._work = work
        self._owner = owner
        self._stopped = False
        self._context = contextvars.copy_context()

    def start(self) -> None:
        name = f"function {self._owner}"
        threading.Thread(
            target=self._context.run, args=(self._run,), name=name, daemon=True
        ).start()

    def stop(self) -> None:
        self._stopped = True
        self.room.release()

    def _run(self) -> None:
        try:
            self._call()
        except BaseException as error:  # noqa: BLE001 - SystemExit included: a bot ends no server
            self._post(_Raised(error))
        finally:
            with _guard:
                _running[self._owner] -= 1
            self._post(_END)

    def _call(self) -> None:
        result = self._work()
        if inspect.isawaitable(result) or hasattr(result, "__aiter__"):
            self._post(Returned(result))
        elif hasattr(result, "__next__"):
            try:
                while not self._stopped:
                    try:
                        item = next(result)
                    except StopIteration:
                        break
                    self.room.acquire()
                    self._post(item)
            finally:
                if hasattr(result, "close"):
                    result.close()
        else:
            self._post(result)

    def _post(self, item: object) -> None:
        with suppress(RuntimeError):  # the loop has gone, and with it whoever asked
            self._loop.call_soon_threadsafe(self.items.put_nowait, item)
