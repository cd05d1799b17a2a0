"""Share Chat Link: the dialog behind the button of a widget's card, and the link that it makes."""

from typing import Annotated, Any, Final

from litestar import Response, get, post

from parlour.agents.model import Agent
from parlour.kit.errors import Invalid
from parlour.links import keeping as links
from parlour.links.store import Link
from parlour.rights import Permission
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web.gates import Asked, person
from parlour.web.studio import shell
from parlour.web.studio.links.forms import FORM, PRESETS, LinkForm
from parlour.web.studio.links.making import sentence_of
from parlour.web.studio.links.rows import mail, rows
from parlour.web.studio.shell import Filled
from parlour.web.studio.widgets.cards import LIST
from parlour.web.studio.widgets.placing import find
from parlour.widgets import keeping
from parlour.widgets.model import Widget

_SHARE: Final = LIST + "/{name:str}/{widget_id:str}/share"
_MANAGE = {"gate": person(Permission.LINKS_MANAGE)}


@get(_SHARE, opt=_MANAGE)
async def share(
    request: Asked, tools: Tools, seat: Seat, name: str, widget_id: str
) -> Response[Any]:
    """Ask which link: permanent, or temporary for some hours."""
    agent, widget = await find(tools, seat, name, widget_id)
    return await _dialog(request, tools, seat, (agent, widget), LinkForm())


@post(_SHARE, opt=_MANAGE)
async def generate(
    request: Asked,
    tools: Tools,
    seat: Seat,
    name: str,
    widget_id: str,
    data: Annotated[LinkForm, FORM],
) -> Response[Any]:
    """Generate the link and show its address; a widget's permanent one is the same each time."""
    agent, widget = await find(tools, seat, name, widget_id)
    if data.preview:
        return await _dialog(request, tools, seat, (agent, widget), data)
    try:
        wish = data.wish(enabled=True, widget_id=widget.id)
        links.ending(wish, tools.clock.now())  # before anything is stored
        await keeping.rooted(tools, widget)
        made, _ = await links.share(tools, seat.who, agent.id, wish)
    except Invalid as problem:
        form = Filled.after(problem, data.typed())
        return await _dialog(request, tools, seat, (agent, widget), data, form=form)
    return await _dialog(request, tools, seat, (agent, widget), data, made=made)


async def _dialog(
    request: Asked,
    tools: Tools,
    seat: Seat,
    found: tuple[Agent, Widget],
    data: LinkForm,
    *,
    form: Filled | None = None,
    made: Link | None = None,
) -> Response[Any]:
    agent, widget = found
    filled = form or Filled(data.typed())
    row = None if made is None else (await rows(tools, seat, [made], {agent.id: agent}))[0]
    try:
        sentence = sentence_of(tools, data.wish(enabled=True), agent)
    except Invalid:
        sentence = ()
    return shell.inside(
        request,
        seat,
        "studio/widget-share.html",
        "widgets",
        status=filled.status,
        form=filled,
        agent=agent,
        widget=widget,
        presets=PRESETS,
        sentence=sentence if row is None else row.sentence,
        row=row,
        mail=mail(row) if row else {},
        path=f"{LIST}/{agent.name}/{widget.id}/share",
    )


HANDLERS = [share, generate]
