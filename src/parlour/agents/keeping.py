"""Making, editing, publishing, switching and deleting agents; each is one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from parlour import events
from parlour.agents import files, store
from parlour.agents.backends import KINDS
from parlour.agents.contract import Backend
from parlour.agents.kinds import Kind, wrong
from parlour.agents.model import Agent, Content, checked_name, checked_texts
from parlour.kit.clock import Moment
from parlour.kit.errors import Conflict, NotAllowed, Stale
from parlour.kit.tokens import new_id
from parlour.pictures import store as pictures
from parlour.rights import Who
from parlour.tools import Tools

PREPARE = "agents.prepare"
"""The job that makes a published version ready to answer: reads its documents."""

FORGET = "agents.forget"
"""The job that removes what was made ready for an agent that has been deleted."""

TEXTS = (
    *("display_name", "description", "welcome_message", "starters", "placeholder"),
    *("variables", "follow_ups", "accent"),
)


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
    kind = kind_of(wish.backend)
    accepted, secrets = await _accepted(tools, kind, wish.config, None, trusted=trusted)
    texts = {"display_name": name, **wish.texts}
    content = _content(wish.backend, kind.stored(accepted), texts)
    if publish and (said := kind.lacking(accepted)):
        raise wrong("publish", f"{said}, then publish")

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
            updated_by=who.name,
        )
        store.insert(conn, agent)
        events.record(conn, events.Kind.AGENT_CREATED, who, now, agent_id=agent.id)
        return Made(put_up(conn, tools, who, agent) if publish else agent, secrets)

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
    kind = kind_of(agent.draft.backend)
    stored = agent.draft.config
    secrets: dict[str, str] = {}
    if config is not None:
        previous = kind.load(stored)
        accepted, secrets = await _accepted(tools, kind, config, previous, trusted=trusted)
        stored = kind.stored(accepted)
    kept = {name: getattr(agent.draft, name) for name in (*TEXTS, "avatar")}
    draft = _content(agent.draft.backend, stored, {**kept, **texts})

    def unit(conn: sa.Connection) -> Made:
        now = tools.clock.now()
        held = store.hold(conn, agent.id)
        if held.updated_at != agent.updated_at:
            raise stale(held)
        if draft == held.draft:
            return Made(held, secrets)
        return Made(redraft(conn, who, held, draft, now), secrets)

    return await tools.db.write(unit)


def redraft(
    conn: sa.Connection, who: Who, held: Agent, draft: Content, now: Moment, **about: Any
) -> Agent:
    """Put another draft in the place of a held agent's, and write down who did."""
    at = store.change(conn, held, now, draft=msgspec.to_builtins(draft), updated_by=who.name)
    events.record(conn, events.Kind.AGENT_CHANGED, who, now, agent_id=held.id, data=about)
    return msgspec.structs.replace(held, draft=draft, updated_at=at, updated_by=who.name)


def drop_unnamed(conn: sa.Connection, held: Agent) -> None:
    """Delete uploaded files and pictures that neither a version nor a held agent's draft names."""
    kind = kind_of(held.draft.backend)
    files.drop(conn, held.id, kind.files(kind.load(held.draft.config)))
    pictures.drop(conn, held.id, held.draft.avatar)


def stale(held: Agent) -> Stale:
    """Make the refusal of a change to an agent that is not as the caller saw it."""
    return Stale(f"{held.updated_by or 'somebody'} changed this meanwhile; read it again")


async def publish(tools: Tools, who: Who, agent: Agent, *, live: bool = False) -> Agent:
    """Make the draft what visitors get; the versions before it are kept.

    With `live` one that was never published before goes live, too.

    A draft that visitors already get is not published again. Conflict when it lacks something.
    """

    def unit(conn: sa.Connection) -> Agent:
        held = store.hold(conn, agent.id)
        published = put_up(conn, tools, who, held)
        goes_live = live and held.published is None and not held.live
        return _switched(conn, tools, who, published, live=True) if goes_live else published

    return await tools.db.write(unit)


async def switch(tools: Tools, who: Who, agent: Agent, *, live: bool) -> Agent:
    """Let an agent answer, or have all its links say at once that it is away."""

    def unit(conn: sa.Connection) -> Agent:
        held = store.hold(conn, agent.id)
        return held if held.live == live else _switched(conn, tools, who, held, live=live)

    return await tools.db.write(unit)


def _switched(conn: sa.Connection, tools: Tools, who: Who, held: Agent, *, live: bool) -> Agent:
    now = tools.clock.now()
    at = store.change(conn, held, now, live=live, updated_by=who.name)
    kind = events.Kind.AGENT_LIVE if live else events.Kind.AGENT_OFFLINE
    events.record(conn, kind, who, now, agent_id=held.id)
    return msgspec.structs.replace(held, live=live, updated_at=at, updated_by=who.name)


async def delete(tools: Tools, who: Who, agent: Agent, *, seen: Moment | None = None) -> None:
    """Delete an agent: its links answer as if they had never been; its name is free again.

    `seen`: its `updated_at` when the caller last looked; Stale when it was changed since.
    """

    def unit(conn: sa.Connection) -> None:
        held = store.hold(conn, agent.id)
        if seen is not None and held.updated_at != seen:
            raise stale(held)
        now = tools.clock.now()
        for each in filter(None, (held, store.preview_of(conn, held.id))):
            store.change(conn, each, now, deleted_at=now, live=False)
            tools.queue.enqueue(conn, FORGET, {"agent": each.id})
        events.record(conn, events.Kind.AGENT_DELETED, who, now, agent_id=agent.id)

    await tools.db.write(unit)


def shown_config(content: Content) -> dict[str, Any]:
    """Return a backend's config as its owner may see it, without secrets."""
    kind = kind_of(content.backend)
    return kind.shown(kind.load(content.config))


def secrets_of(content: Content) -> dict[str, Moment]:
    """Tell which secrets are kept, by field, and when each was set; 0: before that was noted."""
    kind = kind_of(content.backend)
    return kind.secrets(kind.load(content.config))


def lacking(content: Content) -> str:
    """Say what keeps a content from being published; empty when nothing does."""
    kind = kind_of(content.backend)
    return kind.lacking(kind.load(content.config))


def library_of(content: Content, agent_id: str) -> str:
    """Return whose library holds the documents that an agent's answers cite."""
    kind = kind_of(content.backend)
    return kind.library(kind.load(content.config), agent_id)


async def backend_of(tools: Tools, agent_id: str, version: int) -> Backend:
    """Bring the backend of a published version to life; NotFound when there is none."""
    found = await tools.db.read(store.version, agent_id, version)
    kind = kind_of(found.content.backend)
    return kind.build(kind.load(found.content.config), agent_id, tools)


def put_up(
    conn: sa.Connection,
    tools: Tools,
    who: Who,
    held: Agent,
    content: Content | None = None,
    *,
    restored_from: int | None = None,
) -> Agent:
    """Publish a held agent's draft, or a `content` of an earlier version, as the next version.

    What visitors already get is not published again. Conflict when it lacks something.
    """
    new = held.draft if content is None else content
    if held.published is not None and store.version(conn, held.id, held.published).content == new:
        return held
    kind = kind_of(new.backend)
    config = kind.load(new.config)
    if said := kind.lacking(config):
        raise Conflict(said, code="not_ready")
    now = tools.clock.now()
    number = store.add_version(conn, held.id, new, now, who.name, restored_from=restored_from)
    files.keep(conn, kind.files(config))
    pictures.keep(conn, held.id, new.avatar)
    at = store.change(conn, held, now, published=number, updated_by=who.name)
    tools.queue.enqueue(conn, PREPARE, {"agent": held.id})
    about = {"version": number} | ({"from": restored_from} if restored_from else {})
    told = events.Kind.AGENT_ROLLED_BACK if restored_from else events.Kind.AGENT_PUBLISHED
    events.record(conn, told, who, now, agent_id=held.id, data=about)
    return msgspec.structs.replace(held, published=number, updated_at=at, updated_by=who.name)


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


def kind_of(name: str) -> Kind[Any]:
    """Find a kind of backend; Invalid when there is none of that name."""
    kind = KINDS.get(name)
    if kind is None:
        raise wrong("backend", f"must be one of {', '.join(KINDS)}")
    return kind
