"""An answer handed part by part to whoever takes it, and an iterator made of one that is poured."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeGuard

from parlour.agents.contract import Backend, Enough, Part, Pouring, Question, Take

_TURN_OF_LOOP = 0.02
"""Seconds after which an answer lets others have the event loop."""


async def pour(backend: Backend, question: Question, take: Take) -> None:
    """Ask, and give the parts of the answer to `take`, until it has enough; fails as `answer`."""
    with suppress(Enough):
        if _is_pouring(backend):
            await backend.pour(question, take)
        else:
            await _iterate(backend.answer(question), take)


async def flowing(
    poured: Callable[[Take], Coroutine[Any, Any, None]],
) -> AsyncGenerator[Part, None]:
    """Yield the parts that are poured, for whoever waits in between; closed, it ends that."""
    parts, came = deque[Part](), asyncio.Event()

    def take(part: Part) -> None:
        parts.append(part)
        came.set()

    pouring = asyncio.create_task(poured(take))
    pouring.add_done_callback(lambda _: came.set())
    try:
        while not pouring.done():
            await came.wait()
            came.clear()
            while parts:
                yield parts.popleft()
        while parts:
            yield parts.popleft()
        pouring.result()
    finally:
        pouring.cancel()
        await asyncio.gather(pouring, return_exceptions=True)


def _is_pouring(backend: Backend) -> TypeGuard[Pouring]:
    return hasattr(backend, "pour")


async def _iterate(answer: AsyncIterator[Part], take: Take) -> None:
    loop = asyncio.get_running_loop()
    try:
        gave_way = loop.time()
        async for part in answer:
            take(part)
            if loop.time() - gave_way > _TURN_OF_LOOP:
                # A backend that never waits would keep everybody else waiting.
                await asyncio.sleep(0)
                gave_way = loop.time()
    finally:
        close = getattr(answer, "aclose", None)
        if close is not None:
            await close()
