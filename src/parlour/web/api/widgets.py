"""Widgets for programs: list, make, read, change, delete, and the chat link of each."""

from typing import Any

import msgspec
from litestar import Response, delete, get, post, put
from msgspec import UNSET, UnsetType

from parlour.agents import store as agents
from parlour.agents.model import Agent
from parlour.links import keeping as links
from parlour.links import rules
from parlour.rights import Permission, Who
from parlour.tools import Tools
from parlour.web import standing, uploads
from parlour.web.api import asking, widget_shapes
from parlour.web.api.agents import find
from parlour.web.api.asking import After, Limit, Page
from parlour.web.api.links import kind_of, shown
from parlour.web.api.shapes import LinkShown
from parlour.web.api.strict import Strict
from parlour.web.api.widget_shapes import SiteShown, WidgetShown
from parlour.web.gates import Asked, key
from parlour.widgets import keeping, store
from parlour.widgets.model import Widget

_SEE = {"gate": key(Permission.LINKS_SEE)}
_MANAGE = {"gate": key(Permission.LINKS_MANAGE)}
_PATH = "/api/agents/{name:str}/widgets"
_ONE = _PATH + "/{widget_id:str}"


class NewWidget(Strict, frozen=True):
    """A new widget of an agent."""

    name: str
    title: str | None = None
    welcome_message: str | None = None
    accent: str | None = None
    origins: tuple[str, ...] = ()
    position: str = "right"
    size: str = "regular"
    theme: str = "auto"
    label: str | None = None
    teaser: str | None = None


class WidgetEdit(Strict, frozen=True):
    """What to change of a widget: absent stays, null is cleared."""

    name: str | UnsetType = UNSET
    title: str | UnsetType | None = UNSET
    welcome_message: str | UnsetType | None = UNSET
    accent: str | UnsetType | None = UNSET
    origins: tuple[str, ...] | UnsetType = UNSET
    position: str | UnsetType = UNSET
    size: str | UnsetType = UNSET
    theme: str | UnsetType = UNSET
    label: str | UnsetType | None = UNSET
    teaser: str | UnsetType | None = UNSET


class NewShare(Strict, frozen=True):
    """Which chat link of a widget."""

    kind: str | None = None
    hours: float | None = None
    name: str | None = None


class WidgetDeleted(msgspec.Struct, frozen=True):
    """A widget that is gone."""

    message: str
    widget_id: str


@get("/api/widgets", opt=_SEE)
async def all_widgets(
    tools: Tools, who: Who, limit: Limit = 50, after: After = None
) -> Page[WidgetShown]:
    """List the widgets of all agents, by the name of their agent.

    `limit` counts agents, and an agent's widgets always stand on one page.
    """
    place = asking.place(after)
    rows = await tools.db.browse(
        agents.every, who.workspace_id, who.agent_id, after=place, limit=limit + 1
    )
    kept, cursor = asking.page(rows, limit, lambda last: str(last.name))
    found = await tools.db.browse(store.of_agents, who.workspace_id, [each.id for each in kept])
    return Page(
        [widget_shapes.widget(w, each.name) for each in kept for w in found[each.id]], cursor
    )


@get(_PATH, opt=_SEE)
async def widgets(tools: Tools, who: Who, name: str) -> list[WidgetShown]:
    """List an agent's widgets: the one it has from the start, then the others by age."""
    agent = await find(tools, who, name)
    found = await tools.db.read(store.of_agents, who.workspace_id, [agent.id])
    return [widget_shapes.widget(each, agent.name) for each in found[agent.id]]


@post(_PATH, opt=_MANAGE, status_code=201)
async def make_widget(
    request: Asked, tools: Tools, who: Who, name: str, data: NewWidget
) -> Response[WidgetShown]:
    """Make another widget of an agent."""
    agent = await find(tools, who, name)
    wish = keeping.Wish(**{each: getattr(data, each) for each in NewWidget.__struct_fields__})
    return await asking.made(
        request,
        tools,
        who,
        lambda tools: keeping.create(tools, who, agent.id, wish),
        lambda made: widget_shapes.widget(made, agent.name),
    )


@get(_ONE, opt=_SEE)
async def widget(tools: Tools, who: Who, name: str, widget_id: str) -> Response[WidgetShown]:
    """Read one widget."""
    agent, found = await _find(tools, who, name, widget_id)
    return asking.tagged(widget_shapes.widget(found, agent.name), found.updated_at)


@put(_ONE, opt=_MANAGE)
async def edit_widget(
    request: Asked, tools: Tools, who: Who, name: str, widget_id: str, data: WidgetEdit
) -> Response[WidgetShown]:
    """Change how an agent looks by this widget's links; visitors see it at their next visit."""
    agent, found = await _find(tools, who, name, widget_id)
    seen = asking.seen(request, found.updated_at)
    given: dict[str, Any] = {each: getattr(data, each) for each in WidgetEdit.__struct_fields__}
    wanted = {field: value for field, value in given.items() if value is not UNSET}
    changed = await keeping.change(tools, who, found, wanted, seen)
    return asking.tagged(widget_shapes.widget(changed, agent.name), changed.updated_at)


@put(_ONE + "/logo", opt=_MANAGE, request_max_body_size=uploads.PICTURE_BYTES)
async def put_logo(
    request: Asked, tools: Tools, who: Who, name: str, widget_id: str
) -> Response[WidgetShown]:
    """Have a picture stand for the agent by this widget's links, instead of the agent's own.

    PNG, JPEG or WebP, told by its content, at most 5 MB: the body, or a form (multipart) with it as
    `picture`. All of it is kept, on a square, and nothing else of the file.
    """
    agent, found = await _find(tools, who, name, widget_id)
    sent = await uploads.picture(request)
    return await _logo(request, tools, who, (agent, found), sent.content)


@delete(_ONE + "/logo", opt=_MANAGE, status_code=200)
async def remove_logo(
    request: Asked, tools: Tools, who: Who, name: str, widget_id: str
) -> Response[WidgetShown]:
    """Take a widget's picture away; the agent's own stands there again."""
    return await _logo(request, tools, who, await _find(tools, who, name, widget_id), None)


async def _logo(
    request: Asked, tools: Tools, who: Who, held: tuple[Agent, Widget], content: bytes | None
) -> Response[WidgetShown]:
    agent, found = held
    seen = asking.seen(request, found.updated_at)
    changed = await keeping.put_logo(tools, who, found, content, seen)
    return asking.tagged(widget_shapes.widget(changed, agent.name), changed.updated_at)


@delete(_ONE, opt=_MANAGE, status_code=200)
async def delete_widget(
    request: Asked, tools: Tools, who: Who, name: str, widget_id: str
) -> WidgetDeleted:
    """Delete a widget. Its links stay open and look as their agent does."""
    _, found = await _find(tools, who, name, widget_id)
    await keeping.delete(tools, who, found, asking.seen(request, found.updated_at))
    return WidgetDeleted("the widget has been deleted", found.id)


@post(_ONE + "/links", opt=_MANAGE, status_code=201)
async def share_widget(
    request: Asked, tools: Tools, who: Who, name: str, widget_id: str, data: NewShare
) -> Response[LinkShown]:
    """Make a chat link of a widget. Its permanent one is the same each time: 200 when it was there.

    Without a kind it is temporary when it has hours.
    """
    agent, found = await _find(tools, who, name, widget_id)
    wish = links.Wish(
        kind=rules.kind_meant(kind_of(data.kind), data.hours, None),
        hours=data.hours,
        name=data.name,
        widget_id=found.id,
    )
    links.ending(wish, tools.clock.now())  # before anything is stored
    await keeping.rooted(tools, found)
    if wish.kind is not rules.Kind.PERMANENT:
        return await asking.made(
            request,
            tools,
            who,
            lambda tools: links.create(tools, who, agent.id, wish),
            lambda made: shown(tools, who, agent, made),
        )
    link, is_new = await links.share(tools, who, agent.id, wish)
    return Response(shown(tools, who, agent, link), status_code=201 if is_new else 200)


@get(_ONE + "/sites", opt=_SEE)
async def widget_sites(tools: Tools, who: Who, name: str, widget_id: str) -> list[SiteShown]:
    """List the sites whose pages asked for the chats of a widget's links, the last seen first.

    At most fifty of each link, and none that was not seen for ninety days. It is what browsers
    say, and programs can say anything.
    """
    _, found = await _find(tools, who, name, widget_id)
    return [widget_shapes.site(each) for each in await standing.of_widget(tools, found)]


async def _find(tools: Tools, who: Who, name: str, widget_id: str) -> tuple[Agent, Widget]:
    agent = await find(tools, who, name)
    return agent, await tools.db.read(store.find, who.workspace_id, agent.id, widget_id)


HANDLERS = [
    all_widgets,
    widgets,
    make_widget,
    widget,
    edit_widget,
    put_logo,
    remove_logo,
    delete_widget,
    share_widget,
    widget_sites,
]
