"""The function backend: every form a callable can have, and every way it can misbehave (CRH-14)."""

import asyncio
import contextvars
import functools
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, NoReturn

import pytest

from parlour.agents.backends.function.running import FunctionBackend
from parlour.agents.backends.function.threads import _running
from parlour.agents.contract import (
    Action,
    BackendFailure,
    Citation,
    Part,
    Question,
    Status,
    Text,
    Usage,
    Variable,
)
from tests.rig.outgoing import failing, parts_of, question, text_of
from tests.rig.waiting import PATIENCE, eventually

HERE = "tests.rooms.test_backend_function"


def agent(target: str | Callable[..., Any], *, limit: int = 4, owner: str = "agt_1") -> Any:
    if isinstance(target, str):
        return FunctionBackend(target, owner, limit=limit)
    made = FunctionBackend("somewhere:target", owner, limit=limit)
    made._target = target
    return made


def plain(text: str) -> str:
    return f"You said {text}"


async def coroutine(text: str) -> str:
    await asyncio.sleep(0)
    return f"You said {text}"


def generator(text: str) -> Iterator[str]:
    yield "You said "
    yield text


async def async_generator(text: str) -> AsyncIterator[str]:
    yield "You said "
    await asyncio.sleep(0)
    yield text


def with_question(text: str, question: Question | None = None) -> str:
    assert question is not None
    return f"You said {question.text}"


def with_two(text: str, whole: Question) -> str:
    return f"You said {whole.messages[-1].text}"


def with_another_default(text: str, verb: str = "said") -> str:
    return f"You {verb} {text}"


async def returning_a_generator(text: str) -> Iterator[str]:
    return generator(text)


def returning_an_async_generator(text: str) -> AsyncIterator[str]:
    return async_generator(text)


def returning_a_coroutine(text: str) -> Any:
    return coroutine(text)


class Bot:
    def __call__(self, text: str) -> str:
        return f"You said {text}"

    def method(self, text: str) -> list[str]:
        return ["You said ", text]


class AsyncBot:
    async def __call__(self, text: str, question: Question) -> AsyncIterator[str]:
        assert text == question.text
        return async_generator(text)


bot = Bot()

FORMS = [
    plain,
    coroutine,
    generator,
    async_generator,
    with_question,
    with_two,
    with_another_default,
    returning_a_generator,
    returning_an_async_generator,
    returning_a_coroutine,
    bot,
    bot.method,
    AsyncBot(),
    functools.partial(with_another_default, verb="said"),
    "You said {}".format,
]


@pytest.mark.parametrize("target", FORMS)
async def test_every_form_answers(target: Callable[..., Any]) -> None:
    assert text_of(await parts_of(agent(target), question("hm", "this"))) == "You said this"


@pytest.mark.parametrize("path", ["plain", "async_generator", "bot", "bot.method"])
async def test_a_target_is_found_by_name(path: str) -> None:
    assert text_of(await parts_of(agent(f"{HERE}:{path}"), question("this"))) == "You said this"


async def test_every_form_of_part() -> None:
    def target(_: str) -> Iterator[Any]:
        yield Status("Thinking")
        yield None
        yield ""
        yield ["a", Text("b"), {"type": "text", "text": "c"}]
        yield {"text": "d", "usage": {"input_tokens": 1, "output_tokens": 2}}
        yield Citation(1, "T", "s", "q", passage="psg_1")
        yield {"type": "unknown"}
        yield Usage(-1, 2)
        yield "e\0\ud83d"
        yield Action("resolve")

    texts: list[Part] = [Text("a"), Text("b"), Text("c"), Text("d")]
    rest = [Usage(1, 2), Citation(1, "T", "s", "q"), Text("e\ufffd\ufffd"), Action("resolve")]
    assert await parts_of(agent(target)) == [Status("Thinking"), *texts, *rest]


@dataclass
class Learnt:
    text: str


STORED = {"k\0": "\0", "list": ["\ud83d", "two"], "number": float("nan"), "own": Learnt("x\0")}
KEPT = {"k\ufffd": "\ufffd", "list": ["\ufffd", "two"], "number": None, "own": {"text": "x\ufffd"}}


async def test_what_it_learnt_is_plain_and_storable() -> None:
    """INP-07: to the last corner, because one NUL has the database refuse the whole reply."""

    def target(_: str) -> Iterator[Any]:
        yield Text("hi")
        yield Variable("v\0", STORED)
        yield Action("handoff", STORED)
        for url in ("https://a.example/\0", "https://a.example/\ud83d", "https://a.example/a b"):
            yield Citation(1, "T", "s", "q", url=url)
        yield Citation(2, "T", "s", "q", url="https://a.example/é?q=1#x")

    assert await parts_of(agent(target)) == [
        Text("hi"),
        Variable("v\ufffd", KEPT),
        Action("handoff", KEPT),
        *[Citation(1, "T", "s", "q")] * 3,
        Citation(2, "T", "s", "q", url="https://a.example/é?q=1#x"),
    ]


def knotted() -> list[Any]:
    knot: list[Any] = []
    knot.append(knot)
    return knot


@pytest.mark.parametrize(
    "part",
    [
        Variable("v", knotted()),
        Variable("v", object()),
        Variable("v", 2**70),
        Variable("v", "x" * 20_000),
        Variable("", 1),
        Action("format_disk"),  # type: ignore[arg-type]
    ],
    ids=["knot", "object", "huge number", "long", "no name", "unknown action"],
)
async def test_what_cannot_be_kept_is_a_bad_answer(part: Part) -> None:
    _, failure = await failing(agent(lambda _: ["so far", part]))
    assert failure.code == "bad_answer"


class Unprintable(Exception):
    def __str__(self) -> NoReturn:
        raise RuntimeError


def recursing(text: str) -> str:
    return recursing(text)


def stopping(_: str) -> NoReturn:
    raise StopIteration


RAISES = [ValueError("no"), SystemExit(3), KeyboardInterrupt(), MemoryError(), Unprintable()]
RAISES += [asyncio.CancelledError(), GeneratorExit(), StopAsyncIteration(), TimeoutError()]


@pytest.mark.parametrize("error", RAISES, ids=lambda error: type(error).__name__)
async def test_whatever_it_raises_is_one_failure(error: BaseException) -> None:
    """CRH-14: in a thread, on the loop, at once and after some text."""

    def now(_: str) -> NoReturn:
        raise error

    async def now_on_the_loop(_: str) -> NoReturn:
        raise error

    def later(_: str) -> Iterator[str]:
        yield "so far"
        raise error

    async def later_on_the_loop(_: str) -> AsyncIterator[str]:
        yield "so far"
        raise error

    for target, said in [(now, ""), (now_on_the_loop, ""), (later, "so far")]:
        parts, failure = await failing(agent(target))
        assert (text_of(parts), failure.code) == (said, "bad_answer")
    parts, failure = await failing(agent(later_on_the_loop))
    assert (text_of(parts), failure.code) == ("so far", "bad_answer")


@pytest.mark.parametrize("target", [recursing, stopping, lambda _: 7])
async def test_other_ways_to_say_nothing(target: Callable[..., Any]) -> None:
    """CRH-14."""
    _, failure = await failing(agent(target))
    assert failure.code == "bad_answer"


@pytest.mark.parametrize("said", [None, "", [], {}, Action("resolve"), Variable("plan", "pro")])
async def test_whether_anything_was_said_is_not_for_a_backend_to_judge(said: Any) -> None:
    """One place decides what counts as an answer, for all backends alike."""
    parts = await parts_of(agent(lambda _: said))
    assert parts == ([said] if isinstance(said, Action | Variable) else [])


async def test_its_own_failure_keeps_its_code() -> None:
    def target(_: str) -> NoReturn:
        raise BackendFailure("rate_limited", "the CRM is busy")

    assert (await failing(agent(target)))[1].code == "rate_limited"


async def test_a_target_that_has_gone() -> None:
    _, failure = await failing(agent("no_such_module_here:answer"))
    assert failure.code == "misconfigured"


async def test_a_module_that_exits_when_imported(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CRH-14."""
    (tmp_path / "exiting_bot.py").write_text("raise SystemExit('bye')")
    monkeypatch.syspath_prepend(tmp_path)
    _, failure = await failing(agent("exiting_bot:answer"))
    assert failure.code == "misconfigured"
    assert "bye" in str(failure)


async def test_modules_beside_the_server_are_found(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bot_in_this_folder.py").write_text("def answer(text): return 'found'")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    assert text_of(await parts_of(agent("bot_in_this_folder:answer"))) == "found"


async def test_stop_closes_a_generator_between_items() -> None:
    closed = threading.Event()

    def talking(_: str) -> Iterator[str]:
        try:
            while True:
                yield "more "
        finally:
            closed.set()

    async with aclosing(agent(talking).answer(question())) as parts:
        await anext(parts)
    assert await asyncio.to_thread(closed.wait, PATIENCE)
    await eventually(lambda: _running["agt_1"] == 0)


async def test_a_generator_is_not_far_ahead_of_its_reader() -> None:
    made = 0

    def talking(_: str) -> Iterator[str]:
        nonlocal made
        while True:
            made += 1
            yield "x"

    async with aclosing(agent(talking).answer(question())) as parts:
        await anext(parts)
        await eventually(lambda: made > 60)
        await asyncio.sleep(0.05)
        assert made < 80


async def test_stop_closes_an_async_generator_and_cancels_a_coroutine() -> None:
    ended, waits = list[str](), asyncio.Event()

    async def talking(_: str) -> AsyncIterator[str]:
        try:
            yield "so far"
            await asyncio.Event().wait()
        finally:
            ended.append("closed")

    async def waiting(_: str) -> str:
        try:
            waits.set()
            await asyncio.Event().wait()
        finally:
            ended.append("cancelled")
        return ""

    async with aclosing(agent(talking).answer(question())) as parts:
        await anext(parts)
    assert ended == ["closed"]
    task = asyncio.create_task(parts_of(agent(waiting)))
    await waits.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == ["closed", "cancelled"]


async def test_what_never_returns_costs_its_owner_alone() -> None:
    """CRH-14: a bounded number of threads, and other agents go on."""
    release = threading.Event()

    def stuck(_: str) -> str:
        release.wait(PATIENCE)
        return "at last"

    asking = [asyncio.create_task(parts_of(agent(stuck, limit=2))) for _ in range(2)]
    await eventually(lambda: _running["agt_1"] == 2)
    _, failure = await failing(agent(stuck, limit=2))
    assert failure.code == "rate_limited"
    assert await parts_of(agent(plain, owner="agt_2", limit=2))
    release.set()
    assert [text_of(parts) for parts in await asyncio.gather(*asking)] == ["at last"] * 2
    await eventually(lambda: _running["agt_1"] == 0)


async def test_the_loop_is_not_blocked() -> None:
    entered, leave = threading.Event(), threading.Event()

    def slow(_: str) -> str:
        entered.set()
        leave.wait(5)
        return "done"

    task = asyncio.create_task(parts_of(agent(slow)))
    await eventually(entered.is_set)
    leave.set()
    assert text_of(await task) == "done"


async def test_the_context_comes_along() -> None:
    """What a log line of the turn carries, the function's own log lines carry too."""
    where: contextvars.ContextVar[str] = contextvars.ContextVar("where")
    where.set("in this turn")
    assert text_of(await parts_of(agent(lambda _: where.get()))) == "in this turn"
