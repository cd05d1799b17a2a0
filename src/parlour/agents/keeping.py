"""Making, editing, publishing, switching and deleting agents; each is one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from parlour import events
from parlour.agents import store
from parlour.agents.backends import KINDS
from parlour.agents.contract import Backend
from parlour.agents.kinds import Kind, wrong
from parlour.agents.library import store as library
from parlour.agents.model import Agent, Content, checked_name, checked_texts
from parlour.kit.clock import SECOND, Moment
from parlour.kit.errors import Conflict, NotAllowed, Stale
from parlour.kit.tokens import new_id
from parlour.rights import Who
from parlour.tools import Tools

PREPARE = "agents.prepare"
"""The job that makes a published version ready to answer: reads its documents."""

FORGET = "agents.forget"
"""The job that removes what was made ready for an agent that has been deleted."""

_PAUSE = SECOND
"""How long a preparation that goes on is left alone before the next one takes over."""

TEXTS = ("display_name", "description", "welcome_message", "starters", "placeholder")


@dataclass(frozen=True, slots=True)
class Made:
    """An agent just made or edited, with secrets that are shown this once."""

    agent: Agent
    secrets: dict[str, str]


@dataclass(frozen=True, slots=True)
class Wish:
    """What a new agent shall be; `texts` are those of `Content` that somebody gave."""

    name: str
    backend: str
    config: Mapping[str, Any]
    texts: Mapping[str, Any] = field(default_factory=dict)


async def create(tools: Tools, who: Who, wish: Wish, *, trusted: bool, publish: bool) -> Made:
    """Make an agent; live when `publish`, else a draft, offline. Conflict when the name is taken.

    `trusted`: whoever asks has a shell on this machine, see `kinds.Kind`. NotAllowed for one who
    has only one agent in scope.
    """
    if who.agent_id is not None:
        raise NotAllowed("this key is for one agent alone and makes no others")
    name = checked_name(wish.name)
    kind = _kind(wish.backend)
    accepted, secrets = await _accepted(tools, kind, wish.config, None, trusted=trusted)
    texts = {"display_name": name, **wish.texts}
    content = _content(wish.backend, kind.stored(accepted), texts)

    def unit(conn: sa.Connection) -> Made:
        now = tools.clock.now()
        agent = Agent(
            id=new_id("agt"),
            workspace_id=who.workspace_id,
            name=name,
            live=publish,
            published=None,
            draft=content,
            created_at=now,
            updated_at=now,
        )
        store.insert(conn, agent)
        events.record(conn, events.Kind.AGENT_CREATED, who, now, agent_id=agent.id)
        return Made(_publish(conn, tools, who, agent) if publish else agent, secrets)

    try:
        return await tools.db.write(unit)
    except IntegrityError as error:
        raise Conflict(f"there already is an agent {name!r}", code="name_taken") from error


async def edit(
    tools: Tools,
    who: Who,
    agent: Agent,
    config: Mapping[str, Any] | None,
    texts: Mapping[str, Any],
    *,
    trusted: bool,
) -> Made:
    """Change an agent's draft; visitors get it when it is published.

    Stale when the agent is no longer as `agent`, which the caller has read, says.
    """
    kind = _kind(agent.draft.backend)
    stored = agent.draft.config
    secrets: dict[str, str] = {}
    if config is not None:
        previous = kind.load(stored)
        accepted, secrets = await _accepted(tools, kind, config, previous, trusted=trusted)
        stored = kind.stored(accepted)
    kept = {name: getattr(agent.draft, name) for name in TEXTS}
    draft = _content(agent.draft.backend, stored, {**kept, **texts})

    def unit(conn: sa.Connection) -> Made:
        now = tools.clock.now()
        held = store.hold(conn, agent.id)
        if held.updated_at != agent.updated_at:
            raise Stale("the agent was changed meanwhile; read it again")
        at = store.change(conn, held, now, draft=msgspec.to_builtins(draft))
        events.record(conn, events.Kind.AGENT_CHANGED, who, now, agent_id=agent.id)
        return Made(msgspec.structs.replace(held, draft=draft, updated_at=at), secrets)

    return await tools.db.write(unit)


async def publish(tools: Tools, who: Who, agent: Agent) -> Agent:
    """Make the draft what visitors get; the versions before it are kept.

    A draft that visitors already get is not published again.
    """

    def unit(conn: sa.Connection) -> Agent:
        return _publish(conn, tools, who, store.hold(conn, agent.id))

    return await tools.db.write(unit)


async def switch(tools: Tools, who: Who, agent: Agent, *, live: bool) -> Agent:
    """Let an agent answer, or have all its links say at once that it is away."""

    def unit(conn: sa.Connection) -> Agent:
        held = store.hold(conn, agent.id)
        if held.live == live:
            return held
        now = tools.clock.now()
        at = store.change(conn, held, now, live=live)
        kind = events.Kind.AGENT_LIVE if live else events.Kind.AGENT_OFFLINE
        events.record(conn, kind, who, now, agent_id=agent.id)
        return msgspec.structs.replace(held, live=live, updated_at=at)

    return await tools.db.write(unit)


async def delete(tools: Tools, who: Who, agent: Agent, *, seen: Moment | None = None) -> None:
    """Delete an agent: its links answer as if they had never been; its name is free again.

    `seen`: its `updated_at` when the caller last looked; Stale when it was changed since.
    """

    def unit(conn: sa.Connection) -> None:
        held = store.hold(conn, agent.id)
        if seen is not None and held.updated_at != seen:
            raise Stale("the agent was changed meanwhile; read it again")
        now = tools.clock.now()
        store.change(conn, held, now, deleted_at=now, live=False)
        tools.queue.enqueue(conn, FORGET, {"agent": agent.id})
        events.record(conn, events.Kind.AGENT_DELETED, who, now, agent_id=agent.id)

    await tools.db.write(unit)


async def prepare(tools: Tools, work: Mapping[str, Any]) -> None:
    """Do what `PREPARE` asks for; nothing stays of an agent that is deleted meanwhile."""
    agent = await tools.db.read(store.by_id, work["agent"])
    if agent is None:  # a run that broke off may have left something
        await forget(tools, work)
    elif agent.published is not None:
        content = (await tools.db.read(store.version, agent.id, agent.published)).content
        kind = _kind(content.backend)
        if kind.prepare is not None:
            try:
                await kind.prepare(kind.load(content.config), agent.id, tools)
            finally:
                # `FORGET` may have been through before this began to write.
                if await tools.db.read(store.by_id, agent.id) is None:
                    await forget(tools, work)


async def forget(tools: Tools, work: Mapping[str, Any]) -> None:
    """Do what `FORGET` asks for."""
    for kind in KINDS.values():
        if kind.forget is not None:
            await kind.forget(work["agent"], tools)


async def refresh(tools: Tools, agent: Agent) -> None:
    """Have an agent made ready again, such as after its documents changed.

    What is asked for while it is being made ready waits as one, and is begun after that: a run
    that goes on may have passed what has changed since. Conflict while nothing of it is published,
    because a draft is not made ready.
    """
    if agent.published is None:
        raise Conflict("publish the agent first", code="not_published")

    def unit(conn: sa.Connection) -> None:
        state = library.state_of(conn, agent.id)
        # The key names the run that this one comes after, so it is free once that one has begun.
        after = "" if state is None else state.run
        going_on = state is not None and state.state == "indexing"
        tools.queue.enqueue(
            conn,
            PREPARE,
            {"agent": agent.id},
            key=f"{PREPARE}:{agent.id}:{after}",
            run_at=tools.clock.now() + _PAUSE if going_on else None,
        )

    await tools.db.write(unit)


def shown_config(content: Content) -> dict[str, Any]:
    """Return a backend's config as its owner may see it, without secrets."""
    kind = _kind(content.backend)
    return kind.shown(kind.load(content.config))


async def backend_of(tools: Tools, agent_id: str, version: int) -> Backend:
    """Bring the backend of a published version to life; NotFound when there is none."""
    found = await tools.db.read(store.version, agent_id, version)
    kind = _kind(found.content.backend)
    return kind.build(kind.load(found.content.config), agent_id, tools)


def _publish(conn: sa.Connection, tools: Tools, who: Who, held: Agent) -> Agent:
    if held.published is not None:
        present = store.version(conn, held.id, held.published)
        if present.content == held.draft:
            return held
    now = tools.clock.now()
    number = store.add_version(conn, held.id, held.draft, now)
    at = store.change(conn, held, now, published=number)
    tools.queue.enqueue(conn, PREPARE, {"agent": held.id})
    about = {"version": number}
    events.record(conn, events.Kind.AGENT_PUBLISHED, who, now, agent_id=held.id, data=about)
    return msgspec.structs.replace(held, published=number, updated_at=at)


async def _accepted(
    tools: Tools, kind: Kind[Any], given: Mapping[str, Any], previous: Any, *, trusted: bool
) -> tuple[Any, dict[str, str]]:
    accepted = kind.accept(given, previous, tools, trusted=trusted)
    await kind.check(accepted, tools, trusted=trusted)
    return accepted, kind.made(previous, accepted, tools)


def _content(backend: str, config: dict[str, Any], texts: Mapping[str, Any]) -> Content:
    values = {"backend": backend, "config": config, **texts}
    try:
        return checked_texts(msgspec.convert(values, Content))
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at `$.")
        raise wrong(where.strip("`") or "agent", message.replace("`", "")) from None


def _kind(name: str) -> Kind[Any]:
    kind = KINDS.get(name)
    if kind is None:
        raise wrong("backend", f"must be one of {', '.join(KINDS)}")
    return kind
