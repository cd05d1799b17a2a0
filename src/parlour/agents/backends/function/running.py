"""Runs a callable for one turn; whatever it does or raises ends as parts or as one failure."""

import asyncio
import inspect
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing, suppress
from typing import Any

from parlour.agents.backends.function.target import (
    Target,
    Unusable,
    arguments,
    described,
    is_async,
    load,
)
from parlour.agents.backends.function.threads import Returned, in_thread
from parlour.agents.contract import (
    Action,
    BackendFailure,
    Citation,
    Part,
    Question,
    Remember,
    Status,
    Suggestion,
    Text,
    Usage,
    Variable,
)
from parlour.agents.parts import answer_of, bounded, part_of

_PARTS = (Text, Status, Citation, Variable, Remember, Usage, Action, Suggestion)


class FunctionBackend:
    """A callable on this machine."""

    repeatable = False

    def __init__(self, target: str, agent_id: str, *, limit: int) -> None:
        """Get ready; the target is imported at the first question. At most `limit` threads run."""
        self._name = target
        self._agent_id = agent_id
        self._limit = limit
        self._target: Target | None = None

    async def answer(self, question: Question) -> AsyncGenerator[Part, None]:
        """Call the target and yield what it says."""
        target = await self._loaded()
        async with aclosing(self._items(target, question)) as items:
            while (parts := await self._next(items)) is not None:
                for part in parts:
                    yield part

    async def _next(self, items: AsyncGenerator[Any, None]) -> list[Part] | None:
        """Take the next item; None at the end. Only here does the target's own code run."""
        try:
            return list(parts_of(await anext(items)))
        except StopAsyncIteration:
            return None
        except BackendFailure:
            raise
        except BaseException as error:
            task = asyncio.current_task()
            if isinstance(error, asyncio.CancelledError) and task and task.cancelling():
                raise  # we were told to end; any other cancelling is the target's own doing
            raise BackendFailure("bad_answer", f"{self._name}: {described(error)}") from error

    async def _loaded(self) -> Target:
        if self._target is None:
            try:
                self._target = await asyncio.to_thread(load, self._name)
            except Unusable as error:
                raise BackendFailure("misconfigured", f"{self._name}: {error}") from error
        return self._target

    async def _items(self, target: Target, question: Question) -> AsyncGenerator[Any, None]:
        given = arguments(target, question)
        if is_async(target):
            async with aclosing(self._unfolded(target(*given))) as items:
                async for item in items:
                    yield item
            return
        async with aclosing(self._threaded(target, given)) as items:
            async for item in items:
                if not isinstance(item, Returned):
                    yield item
                    continue
                async with aclosing(self._unfolded(item.value)) as unfolded:
                    async for each in unfolded:
                        yield each

    def _threaded(self, target: Target, given: tuple[Any, ...]) -> AsyncGenerator[Any, None]:
        return in_thread(lambda: target(*given), owner=self._agent_id, limit=self._limit)

    async def _unfolded(self, result: Any) -> AsyncGenerator[Any, None]:
        """Yield the items of whatever an async target returned."""
        if inspect.isawaitable(result):
            result = await result
        if hasattr(result, "__aiter__"):
            try:
                async for item in result:
                    yield item
            finally:
                if hasattr(result, "aclose"):
                    with suppress(Exception):  # what it says at its end is of no use
                        await result.aclose()
        elif hasattr(result, "__next__"):
            async with aclosing(self._threaded(lambda: result, ())) as items:
                async for item in items:
                    yield item
        else:
            yield result


def parts_of(item: object) -> Iterator[Part]:
    """Read what a target returned or yielded."""
    if item is None or item == "":
        return
    if isinstance(item, str):
        item = Text(item)
    if isinstance(item, _PARTS):
        if (part := bounded(item)) is not None:
            yield part
    elif isinstance(item, Mapping):
        if "type" not in item:
            yield from answer_of(item)
        elif (part := part_of(item)) is not None:
            yield part
    elif isinstance(item, list | tuple):
        for each in item:
            yield from parts_of(each)
    else:
        raise BackendFailure("bad_answer", f"a {type(item).__name__} is no part of an answer")
