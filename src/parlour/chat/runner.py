"""Running a turn: start it, let its backend answer, keep what comes, and end it once."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import msgspec
import sqlalchemy as sa
import structlog

from parlour import events, memory
from parlour.agents import doing, variables
from parlour.agents.contract import Backend, BackendFailure, Question, Status
from parlour.agents.pouring import pour
from parlour.agents.sharing import sharing_of
from parlour.agents.store import published_content
from parlour.agents.variables import Definition
from parlour.attachments import store as attachments
from parlour.chat import doors, handing, measures, prompt, settling, wire
from parlour.chat.breaker import Breaker
from parlour.chat.discreet import discreet
from parlour.chat.running import SAVE_EVERY, Run, Running
from parlour.chat.turns import RUN
from parlour.chat.writing import Writing
from parlour.conversations import hints, reading, store
from parlour.conversations import turns as rows
from parlour.conversations.model import Message, State, Turn, TurnState
from parlour.kit.db import after_commit
from parlour.kit.errors import Invalid, NotFound, Problem
from parlour.kit.observe import traces
from parlour.kit.queue import Job
from parlour.rights import Who
from parlour.tools import Tools

log = structlog.get_logger("parlour.chat")

_BACKENDS = 200
_PATIENCE = 30
"""Seconds for which a reply's end is offered again to a database that is away."""

BackendOf = Callable[[Tools, str, int], Awaitable[Backend]]
"""Makes the backend of an agent's version."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What the agent that answers in a conversation may know of it."""

    messages: list[Message]
    recalled: memory.Recalled
    definitions: tuple[Definition, ...] = ()

    @property
    def collected(self) -> dict[str, Any]:
        """What was learnt of what the agent defines."""
        known = self.recalled.learnt.variables
        return {each.name: known[each.name] for each in self.definitions if each.name in known}


@dataclass(frozen=True, slots=True)
class _End:
    """How a turn came to its end; `writing` is None when it never began to answer."""

    state: TurnState
    problem: str | None = None
    writing: Writing | None = None
    recalled: memory.Recalled | None = None
    """Of a reply that came: for whom it is counted."""


class Runner:
    """Runs this process's turns."""

    def __init__(self, tools: Tools, backend_of: BackendOf) -> None:
        """Listen for stops. `close` ends the listening."""
        self._tools = tools
        self._backend_of = backend_of
        self._backends: OrderedDict[tuple[str, int], Backend] = OrderedDict()
        self._running = Running(tools)
        self._breaker = Breaker()
        self._stops = tools.bus.subscribe(hints.STOPS, self._on_stop)

    def close(self) -> None:
        """Stop listening."""
        self._stops.close()
        self._running.close()

    async def run(self, job: Job) -> None:
        """Run the turn that a job names, from its start to its one end."""
        tools = self._tools
        found = await tools.db.read(_found, job)
        if found is None:
            return
        turn, asked = found
        try:
            backend = await self._backend(turn.agent_id, turn.agent_version)
        except (BackendFailure, Invalid, NotFound) as error:
            log.warning("turn.no_backend", turn=turn.id, error=str(error))
            backend = None
        if asked is not None:
            known, over = asked, False
        else:
            begun = await tools.db.write(_begin, tools, turn.id, backend)
            if begun is None:
                return
            turn, known, over = begun
        if turn.stop_at is not None:
            await self._end(job, turn, _End(TurnState.STOPPED))
        elif over:
            await self._end(job, turn, _End(TurnState.FAILED, "expired"))
        elif backend is None:
            await self._end(job, turn, _End(TurnState.FAILED, "misconfigured"))
        elif turn.epoch > 1 and not backend.repeatable:
            await self._end(job, turn, _End(TurnState.INTERRUPTED, "interrupted"))
        elif not self._breaker.lets_through(turn.agent_id, asyncio.get_running_loop().time()):
            await self._end(job, turn, _End(TurnState.FAILED, "unreachable"))
        else:
            await self._answer(job, turn, backend, known)

    def buried(self, conn: sa.Connection, job: Job) -> None:
        """End a turn whose job is given up for good, so that its conversation goes on."""
        turn = rows.find(conn, job.payload["turn"])
        if turn is not None:
            _finish(conn, self._tools, turn, _End(TurnState.FAILED, "error"))

    async def _backend(self, agent_id: str, version: int) -> Backend:
        key = (agent_id, version)
        found = self._backends.get(key)
        if found is not None:
            self._backends.move_to_end(key)
        else:
            found = self._backends[key] = await self._backend_of(self._tools, *key)
            if len(self._backends) > _BACKENDS:
                self._backends.popitem(last=False)
        return found

    async def _answer(self, job: Job, turn: Turn, backend: Backend, known: _Known) -> None:
        tools = self._tools
        live = tools.bus.begin_log(wire.log_key(turn.id, turn.epoch))
        say = partial(_public, known.recalled)
        writing = Writing(turn, live, tools.settings.max_reply_chars, tools.clock, say)
        contents: Mapping[str, bytes] = {}
        if came := prompt.attached(known.messages, turn.question_seq):
            contents = await tools.db.browse(attachments.contents, came)
        size = tools.settings.prompt_chars
        question = Question(
            prompt.assemble(known.messages, turn.question_seq, size, contents),
            turn.agent_id,
            turn.conversation_id,
            turn.id,
            language=known.recalled.learnt.language,
            variables=known.recalled.learnt.variables,
            collected=known.collected,
            memory=known.recalled.memory,
        )
        # Announced again, now that there is a log to follow.
        tools.bus.publish(hints.topic(turn.conversation_id), "changed")
        answering = asyncio.create_task(_traced(backend, question, writing))
        loop = asyncio.get_running_loop()
        run = Run(job, turn, writing, answering, loop.time())
        self._running.add(run)
        try:
            await asyncio.wait({answering})
            end = _judge(run, question, known.recalled)
            if writing.heard or not run.stopped:
                self._breaker.tell(turn.agent_id, end.problem, loop.time())
            await self._end_undisturbed(run, end)
            measures.SECONDS.observe(loop.time() - run.began)
        except asyncio.CancelledError:
            await asyncio.shield(self._hand_back(run, backend))
            raise
        finally:
            answering.cancel()
            self._running.drop(run)
            live.end()

    async def _end_undisturbed(self, run: Run, end: _End) -> None:
        """End a turn even when this process is told to stop while it does: nobody ends it twice."""
        ending = asyncio.create_task(self._end(run.job, run.turn, end))
        try:
            await asyncio.shield(ending)
        except asyncio.CancelledError:
            await ending

    async def _end(self, job: Job, turn: Turn, end: _End) -> None:
        def unit(conn: sa.Connection) -> None:
            _finish(conn, self._tools, turn, end)
            self._tools.queue.finish(conn, job)

        loop = asyncio.get_running_loop()
        patience = loop.time() + _PATIENCE
        while True:
            try:
                await self._tools.db.write(unit)
            except Problem as error:
                if loop.time() > patience:
                    raise
                log.warning("turn.end_not_stored", turn=turn.id, error=str(error))
                await asyncio.sleep(SAVE_EVERY)
            else:
                measures.ENDED.labels(end.state.value).inc()
                return

    async def _hand_back(self, run: Run, backend: Backend) -> None:
        """Leave a turn to whoever is next: to be run again where that is free, else interrupted."""
        run.answering.cancel()
        if backend.repeatable:
            await self._running.save([run])
        else:
            end = _End(TurnState.INTERRUPTED, "interrupted", run.writing)
            await self._end(run.job, run.turn, end)

    def _on_stop(self) -> None:
        for turn_id in self._stops.take():
            self._running.stop(turn_id)


def _public(recalled: memory.Recalled, status: Status) -> str:
    """Say what an agent does, in its visitor's language and its owner's words for tools."""
    labels = sharing_of(recalled.sharing).labels if status.tool else None
    return doing.said(status, recalled.learnt.language, labels)


async def _traced(backend: Backend, question: Question, writing: Writing) -> None:
    # One span for the whole answer: what it is made of comes too often to be told of.
    about = {"parlour__agent": question.agent_id, "parlour__turn": question.turn_id}
    with traces.span("backend", "client", **about) as span:
        try:
            await pour(backend, question, writing.take)
        except BackendFailure as error:
            span.fail(error.code)
            raise
        finally:
            told = writing.told()
            span.tell(
                gen_ai__usage__input_tokens=told.get("input"),
                gen_ai__usage__output_tokens=told.get("output"),
                parlour__first_text_ms=told.get("wait"),
            )


def _judge(run: Run, question: Question, recalled: memory.Recalled) -> _End:
    """Say how an answer ended; failures are told to the owner's log, without what was said."""
    if run.stopped:
        return _End(TurnState.STOPPED, None, run.writing)
    if run.late or run.answering.cancelled():
        return _End(TurnState.FAILED, "timeout", run.writing)
    error = run.answering.exception()
    if error is None:
        if run.writing.offset or run.writing.actions:
            return _End(TurnState.DONE, None, run.writing, recalled)
        error = BackendFailure("bad_answer", "the answer was empty")
    said = [each.text for each in question.messages] + [each.name for each in question.files]
    if isinstance(error, BackendFailure):
        told = discreet(str(error), said)
        log.warning("turn.failed", turn=run.turn.id, code=error.code, error=told)
        return _End(TurnState.FAILED, error.code, run.writing)
    told = discreet(f"{type(error).__name__}: {error}", said)
    log.error("turn.broke", turn=run.turn.id, error=told)
    return _End(TurnState.FAILED, "error", run.writing)


def _found(conn: sa.Connection, job: Job) -> tuple[Turn, _Known | None] | None:
    """Find a job's turn and, where who asked has begun it already, what its agent may be shown."""
    turn = rows.find(conn, job.payload["turn"])
    if turn is None:
        return None
    return turn, _asked(conn, turn) if turn.epoch == job.epoch == 1 else None


def _asked(conn: sa.Connection, turn: Turn) -> _Known:
    """Read what the agent may be shown: the newest messages up to the question, what it knows."""
    place = turn.conversation_id
    messages = reading.read(conn, place, upto=turn.question_seq, newest=prompt.LOOKED_AT)
    recalled = memory.recall(conn, place, turn.agent_id)
    return _Known(messages, recalled, _definitions(conn, turn) if recalled.learnt.variables else ())


def _begin(
    conn: sa.Connection, tools: Tools, turn_id: str, backend: Backend | None
) -> tuple[Turn, _Known, bool] | None:
    """Start a turn; tell also what its agent may be shown, and whether it comes too late."""
    now = tools.clock.now()
    turn = rows.start(conn, turn_id, now)
    if turn is None:
        settling.settle_ended(conn, tools, turn_id, None)
        return None
    if doors.shut(conn, [turn_id]):
        turn = replace(turn, stop_at=now)
    # A reply that was being written when its link ended is finished, also after a crash.
    over = turn.epoch == 1 and doors.over(conn, turn_id, now)
    if turn.epoch > 1 and backend is not None and backend.repeatable:
        store.change(conn, turn.conversation_id, turn.reply_seq, epoch=turn.epoch, text="")
    else:
        store.change(conn, turn.conversation_id, turn.reply_seq, epoch=turn.epoch)
    return turn, _asked(conn, turn), over


def _extra(conn: sa.Connection, turn: Turn, writing: Writing) -> dict[str, Any]:
    """Return what stands below a reply: a form that it asks for, and what one may ask next."""
    extra: dict[str, Any] = {}
    if writing.actions and (form := handing.form(_definitions(conn, turn), writing)):
        extra["form"] = form
    if writing.suggestions:
        content = published_content(conn, turn.agent_id, turn.agent_version)
        if content.follow_ups:
            extra["suggestions"] = writing.suggestions
    return extra


def _definitions(conn: sa.Connection, turn: Turn) -> tuple[Definition, ...]:
    return published_content(conn, turn.agent_id, turn.agent_version).variables


def _finish(conn: sa.Connection, tools: Tools, turn: Turn, end: _End) -> None:
    """End a turn, its reply, and the wait of the next turn in line, all at once."""
    now, writing = tools.clock.now(), end.writing
    store.lock(conn, turn.conversation_id)
    columns: dict[str, Any] = {} if writing is None else writing.stored()
    if not rows.end(conn, turn, end.state, now, **columns):
        settling.settle_ended(conn, tools, turn.id, writing)
        return
    ended = State(end.state.value)
    reply: dict[str, Any] = {"state": ended.value, "problem": end.problem}
    if writing is not None:
        reply["text"] = writing.text
        reply["citations"] = msgspec.to_builtins(writing.citations) or None
        if extra := _extra(conn, turn, writing):
            reply["extra"] = extra
    store.change(conn, turn.conversation_id, turn.reply_seq, **reply)
    workspace_id, agent_id, link_id = store.count_reply(conn, turn.conversation_id, ended, now)
    settling.settle(conn, tools, turn, end.state, writing)
    if writing is not None and writing.variables:
        learnt = variables.learnt(_definitions(conn, turn), writing.variables)
        store.set_variables(conn, turn.conversation_id, learnt)
    who = Who("system", turn.agent_id, "agent", workspace_id)
    if writing is not None and end.state is TurnState.DONE:
        handing.hand_off(conn, tools, who, turn, writing)
        handing.share(conn, tools, turn, writing)
        handing.resolve(conn, tools, who, turn, writing)
        if end.recalled is not None:
            memory.counted(conn, tools, end.recalled, workspace_id, writing.noted)
    following = rows.next_in_line(conn, turn.conversation_id)
    if following is not None:
        tools.queue.enqueue(conn, RUN, {"turn": following})
    told = {"turn": turn.id, "state": end.state.value, "problem": end.problem}
    counted = {} if writing is None else writing.told()
    events.record(
        conn,
        events.Kind.TURN_ENDED,
        who,
        now,
        agent_id=agent_id,
        link_id=link_id,
        conversation_id=turn.conversation_id,
        data={**told, **counted},
    )
    if writing is not None:
        after_commit(conn, writing.log.end)
    hints.announce(conn, tools, turn.conversation_id, workspace_id)
