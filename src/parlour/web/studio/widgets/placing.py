"""A widget on pages of other sites: what to put there, and where it was seen and may stand."""

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Response, post

from parlour.agents import store as agents
from parlour.agents.model import Agent
from parlour.kit.errors import Invalid
from parlour.links import address
from parlour.links import store as links
from parlour.rights import Permission
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web import framing, snippets, standing
from parlour.web.gates import Asked, person
from parlour.web.standing import Site
from parlour.web.studio import shell
from parlour.web.studio.links.forms import FORM
from parlour.web.studio.telling import Told
from parlour.web.studio.widgets.cards import LIST
from parlour.widgets import keeping, store
from parlour.widgets.model import Widget

_SITES: Final = LIST + "/{name:str}/{widget_id:str}/sites"
_WORDS: Final = {
    "bubble": "A button in the corner",
    "inline": "A part of the page",
    "page": "The whole page",
}


@dataclass(frozen=True, slots=True)
class Placed:
    """What the page of a widget says of other sites."""

    snippets: tuple[tuple[str, str], ...]
    """Each form in words, and its lines; empty without a permanent link, or for who may not."""
    policy: str
    sites: list[Site]
    is_kept: bool = True
    """Whether browsers keep a chat's session in pages of other sites."""


class SiteForm(msgspec.Struct, frozen=True):
    """A site, and whether the chat may stand there from now on."""

    origin: str = ""
    act: Literal["allow", "remove"] = "allow"


@post(_SITES, opt={"gate": person(Permission.LINKS_MANAGE)})
async def change_site(
    request: Asked,
    tools: Tools,
    seat: Seat,
    name: str,
    widget_id: str,
    data: Annotated[SiteForm, FORM],
) -> Response[Any]:
    """Let the chat stand on a site where it was seen, or take that back."""
    _, found = await find(tools, seat, name, widget_id)
    if data.act == "allow":
        wanted = (*found.origins, data.origin)
    else:
        wanted = tuple(each for each in found.origins if each != data.origin)
    back = f"{LIST}/{name}/{widget_id}"
    try:
        await keeping.change(tools, seat.who, found, {"origins": wanted})
    except Invalid as problem:
        said = Told(problem.errors[0].message + ".", trouble=True)
        return shell.tell(request, seat, back, said)
    done = "may" if data.act == "allow" else "may no longer"
    said = Told(f"The chat {done} stand on {data.origin}.")
    return shell.tell(request, seat, back, said)


async def placed(tools: Tools, seat: Seat, agent: Agent, found: Widget) -> Placed:
    """Find out what there is to say of a widget on other sites."""
    sites = await standing.of_widget(tools, found)
    link = await tools.db.read(links.standing, found.id)
    if link is None or not seat.who.may(Permission.LINKS_MANAGE):
        return Placed((), "", sites)
    url = address.url(address.home(tools, link.workspace_id), tools.keys, link)
    named = found.title or agent.draft.display_name
    lines = tuple((_WORDS[form], snippets.snippet(url, named, form)) for form in snippets.FORMS)
    return Placed(lines, snippets.policy(url), sites, framing.keeps_cookies(tools.settings))


async def find(tools: Tools, seat: Seat, name: str, widget_id: str) -> tuple[Agent, Widget]:
    """Find a widget of an agent of the person's workspace; NotFound else."""
    workspace = seat.person.workspace_id
    agent = await tools.db.read(agents.find, workspace, name)
    return agent, await tools.db.read(store.find, workspace, agent.id, widget_id)


HANDLERS = [change_site]
