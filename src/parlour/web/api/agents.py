"""Agents for programs: list, make, read, change, publish, switch, delete, and their documents."""

from typing import Annotated, Any, Final

import msgspec
from litestar import Response, delete, get, post, put
from msgspec import UNSET, Meta, UnsetType

from parlour.agents import keeping, picturing, readying, store
from parlour.agents.library import store as library
from parlour.agents.model import Agent
from parlour.agents.variables import Definition
from parlour.kit.errors import Conflict, NotFound, Stale
from parlour.rights import Permission, Who
from parlour.tools import Tools
from parlour.web import uploads
from parlour.web.api import asking, shapes
from parlour.web.api.asking import After, Limit, Page
from parlour.web.api.shapes import AgentMade, AgentShown, IndexShown, VersionShown
from parlour.web.api.strict import Strict
from parlour.web.gates import Asked, key

_SEE = {"gate": key(Permission.AGENTS_SEE)}
_MANAGE = {"gate": key(Permission.AGENTS_MANAGE)}
_ATTEMPTS = 4

Config = Annotated[dict[str, Any], Meta(description="How the backend is set up.")]


class NewAgent(Strict, frozen=True):
    """A new agent."""

    name: str
    backend: str
    config: Config
    display_name: str | None = None
    description: str | None = None
    welcome_message: str | None = None
    starters: list[str] | None = None
    placeholder: str | None = None
    variables: list[Definition] | None = None
    """What is collected in conversations, in the order in which a form asks for it."""
    follow_ups: bool | None = None
    """Whether answers offer what one may ask next; they do unless this is false."""
    accent: str | None = None
    """Its colour, such as `#1c4a63`; made fit to be read where it is shown."""
    publish: bool = True
    """Published and live at once; false leaves a draft that nobody reaches."""


class AgentEdit(Strict, frozen=True):
    """What to change of an agent's draft: absent stays, null is cleared."""

    config: Config | UnsetType = UNSET
    display_name: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    welcome_message: str | UnsetType | None = UNSET
    starters: list[str] | UnsetType | None = UNSET
    placeholder: str | UnsetType | None = UNSET
    variables: list[Definition] | UnsetType | None = UNSET
    follow_ups: bool | UnsetType | None = UNSET
    accent: str | UnsetType | None = UNSET


class AgentDeleted(msgspec.Struct, frozen=True):
    """An agent that is gone."""

    message: str
    agent_id: str


@get("/api/agents", opt=_SEE)
async def agents(
    tools: Tools, who: Who, limit: Limit = 50, after: After = None
) -> Page[AgentShown]:
    """List the agents by name."""
    found = await tools.db.read(
        store.every, who.workspace_id, who.agent_id, after=asking.place(after), limit=limit + 1
    )
    kept, cursor = asking.page(found, limit, lambda each: each.name)
    manages = who.may(Permission.AGENTS_MANAGE)
    return Page([shapes.agent(each, manages=manages) for each in kept], cursor)


@post("/api/agents", opt=_MANAGE, status_code=201)
async def make_agent(request: Asked, tools: Tools, who: Who, data: NewAgent) -> Response[AgentMade]:
    """Make an agent. Secrets that this makes are shown in the answer and never again."""
    given = {name: getattr(data, name) for name in keeping.TEXTS}
    texts = {name: value for name, value in given.items() if value is not None}
    wish = keeping.Wish(data.name, data.backend, data.config, texts)
    return await asking.made(
        request,
        tools,
        who,
        lambda tools: keeping.create(tools, who, wish, trusted=False, publish=data.publish),
        shapes.agent_made,
    )


@get("/api/agents/{name:str}", opt=_SEE)
async def agent(tools: Tools, who: Who, name: str) -> Response[AgentShown]:
    """Read an agent: its draft, and whether visitors can reach it."""
    found = await find(tools, who, name)
    shown = shapes.agent(found, manages=who.may(Permission.AGENTS_MANAGE))
    return asking.tagged(shown, found.updated_at)


@put("/api/agents/{name:str}", opt=_MANAGE)
async def edit_agent(
    request: Asked, tools: Tools, who: Who, name: str, data: AgentEdit
) -> Response[AgentMade]:
    """Change an agent's draft: absent stays, null is cleared. Visitors get it once published."""
    given = {name: getattr(data, name) for name in keeping.TEXTS}
    config = None if data.config is UNSET else data.config
    for _ in range(_ATTEMPTS):
        found = await find(tools, who, name)
        bound = asking.seen(request, found.updated_at) is not None
        empty = dict.fromkeys(given, "") | {"starters": (), "variables": (), "follow_ups": True}
        empty["display_name"] = found.name
        texts = {
            field: empty[field] if value is None else value
            for field, value in given.items()
            if value is not UNSET
        }
        try:
            made = await keeping.edit(tools, who, found, config, texts, trusted=False)
        except Stale:
            if bound:
                raise
        else:
            return asking.tagged(shapes.agent_made(made), made.agent.updated_at)
    raise Conflict("others are changing this agent just now; try again", retry_after=1)


@delete("/api/agents/{name:str}", opt=_MANAGE, status_code=200)
async def delete_agent(request: Asked, tools: Tools, who: Who, name: str) -> AgentDeleted:
    """Delete an agent. Its links answer as if they had never been; its name is free again."""
    found = await find(tools, who, name)
    await keeping.delete(tools, who, found, seen=asking.seen(request, found.updated_at))
    return AgentDeleted("the agent has been deleted", found.id)


@post("/api/agents/{name:str}/publish", opt=_MANAGE, status_code=200)
async def publish(tools: Tools, who: Who, name: str) -> Response[AgentShown]:
    """Make the draft what visitors get. A draft they already get is not published again."""
    found = await keeping.publish(tools, who, await find(tools, who, name))
    return asking.tagged(shapes.agent(found, manages=True), found.updated_at)


@post("/api/agents/{name:str}/live", opt=_MANAGE, status_code=200)
async def live(tools: Tools, who: Who, name: str) -> Response[AgentShown]:
    """Let an agent answer."""
    return await _switch(tools, who, name, live=True)


@post("/api/agents/{name:str}/offline", opt=_MANAGE, status_code=200)
async def offline(tools: Tools, who: Who, name: str) -> Response[AgentShown]:
    """Have all links of an agent say at once that it is away."""
    return await _switch(tools, who, name, live=False)


_AVATAR: Final = "/api/agents/{name:str}/avatar"


@put(_AVATAR, opt=_MANAGE, request_max_body_size=uploads.PICTURE_BYTES)
async def put_avatar(request: Asked, tools: Tools, who: Who, name: str) -> Response[AgentShown]:
    """Have a picture stand for an agent: PNG, JPEG or WebP, told by its content, at most 5 MB.

    The body is the picture, or a form (multipart) with it as `picture`. It is cut to a square and
    made anew, so that nothing else in the file is kept. Visitors see it once it is published.
    """
    found = await find(tools, who, name)
    sent = await uploads.picture(request)
    return await _pictured(request, tools, who, found, sent.content)


@delete(_AVATAR, opt=_MANAGE, status_code=200)
async def remove_avatar(request: Asked, tools: Tools, who: Who, name: str) -> Response[AgentShown]:
    """Take an agent's picture away; the first letter of its name stands for it again."""
    return await _pictured(request, tools, who, await find(tools, who, name), None)


async def _pictured(
    request: Asked, tools: Tools, who: Who, found: Agent, content: bytes | None
) -> Response[AgentShown]:
    seen = asking.seen(request, found.updated_at)
    changed = await picturing.put(tools, who, found, content, seen)
    return asking.tagged(shapes.agent(changed, manages=True), changed.updated_at)


@get("/api/agents/{name:str}/versions", opt=_SEE)
async def versions(
    tools: Tools, who: Who, name: str, limit: Limit = 50, after: After = None
) -> Page[VersionShown]:
    """List an agent's published versions, newest first."""
    found = await find(tools, who, name)
    before = asking.place(after)
    if before and not before.isdigit():
        raise asking.bad_cursor()
    newest = await tools.db.read(
        store.every_version, found.id, before=int(before) if before else None, limit=limit + 1
    )
    kept, cursor = asking.page(newest, limit, lambda each: str(each.number))
    manages = who.may(Permission.AGENTS_MANAGE)
    return Page([shapes.version(each, manages=manages) for each in kept], cursor)


@get("/api/agents/{name:str}/index", opt=_SEE)
async def index(tools: Tools, who: Who, name: str) -> IndexShown:
    """Tell how far the documents of an agent have been read."""
    found = await _of_documents(tools, who, name)
    return shapes.index(await tools.db.read(library.state_of, found.id))


@post("/api/agents/{name:str}/index", opt=_MANAGE, status_code=202)
async def read_again(tools: Tools, who: Who, name: str) -> IndexShown:
    """Read an agent's documents again; only what has changed since is read anew."""
    found = await _of_documents(tools, who, name)
    await readying.refresh(tools, found)
    return shapes.index(await tools.db.read(library.state_of, found.id))


async def find(tools: Tools, who: Who, name: str) -> Agent:
    """Find an agent that is in scope; NotFound else."""
    return await tools.db.read(store.find, who.workspace_id, name, who.agent_id)


async def _of_documents(tools: Tools, who: Who, name: str) -> Agent:
    found = await find(tools, who, name)
    if found.draft.backend != "documents":
        raise NotFound(f"{name} does not answer from documents")
    return found


async def _switch(tools: Tools, who: Who, name: str, *, live: bool) -> Response[AgentShown]:
    found = await keeping.switch(tools, who, await find(tools, who, name), live=live)
    return asking.tagged(shapes.agent(found, manages=True), found.updated_at)


HANDLERS = [
    agents,
    make_agent,
    agent,
    edit_agent,
    delete_agent,
    publish,
    live,
    offline,
    put_avatar,
    remove_avatar,
    versions,
    index,
    read_again,
]
