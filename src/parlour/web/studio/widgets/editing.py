"""How a widget looks: its form with a picture beside it, making another one, and deleting one."""

from typing import Annotated, Any, Final

import msgspec
from litestar import Response, get, post
from litestar.params import QueryParameter

from parlour.agents import store as agents
from parlour.agents.model import Agent
from parlour.kit import inks
from parlour.kit.errors import Conflict, FieldError, Invalid, NotFound, Stale, TooLarge
from parlour.rights import Permission
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web import inks as sheets
from parlour.web import uploads
from parlour.web.gates import Asked, person
from parlour.web.studio import shell
from parlour.web.studio.links.forms import FORM
from parlour.web.studio.links.one import after
from parlour.web.studio.shell import NOTHING, Filled
from parlour.web.studio.telling import Told
from parlour.web.studio.widgets import placing
from parlour.web.studio.widgets.cards import LIST
from parlour.web.studio.widgets.placing import Placed, find
from parlour.widgets import keeping
from parlour.widgets.model import Widget

_NEW: Final = LIST + "/new"
_ONE: Final = LIST + "/{name:str}/{widget_id:str}"
_SEE = {"gate": person(Permission.LINKS_SEE)}
_MANAGE = {"gate": person(Permission.LINKS_MANAGE)}

CHOICES: Final = {
    "position": (("right", "At the right"), ("left", "At the left")),
    "size": (("regular", "Regular"), ("small", "Small"), ("large", "Large")),
    "theme": (("auto", "As their device is"), ("light", "Light"), ("dark", "Dark")),
}
"""What can be chosen, in words."""


class WidgetForm(msgspec.Struct, frozen=True):
    """The form of a widget; `seen` says which state was on the page."""

    agent: str = ""
    name: str = ""
    title: str = ""
    welcome_message: str = ""
    accent: str = ""
    own: str = ""
    """A colour of one's own, which goes before the one that was chosen."""
    theme: str = "auto"
    origins: str = ""
    """Sites on which the chat may stand, one a line."""
    position: str = "right"
    size: str = "regular"
    label: str = ""
    teaser: str = ""
    seen: str = ""
    preview: str = ""
    """Asked while somebody types: nothing is changed."""

    def texts(self) -> dict[str, Any]:
        """Return what it says of the widget; empty is the agent's own."""
        return {
            "name": self.name.strip(),
            "title": self.title.strip() or None,
            "welcome_message": self.welcome_message.replace("\r\n", "\n").strip() or None,
            "accent": self.own.strip() or self.accent or None,
            "theme": self.theme,
            "origins": tuple(self.origins.replace(",", "\n").splitlines()),
            "position": self.position,
            "size": self.size,
            "label": self.label.strip() or None,
            "teaser": self.teaser.strip() or None,
        }

    def typed(self) -> dict[str, str]:
        """Return what was typed, to stand in the form again."""
        return {
            "agent": self.agent[:100],
            "name": self.name[:300],
            "title": self.title[:300],
            "welcome_message": self.welcome_message[:2000],
            "accent": "own" if self.own.strip() else self.accent[:10],
            "own": self.own[:20],
            "theme": self.theme[:10],
            "origins": self.origins[:5000],
            "position": self.position[:10],
            "size": self.size[:10],
            "label": self.label[:200],
            "teaser": self.teaser[:500],
        }


Sent = Annotated[WidgetForm, FORM]


@get(_NEW, opt=_MANAGE)
async def new_widget(
    request: Asked,
    tools: Tools,
    seat: Seat,
    agent: Annotated[str, QueryParameter(max_length=100)] = "",
) -> Response[Any]:
    """Show the form of another widget."""
    every = await tools.db.browse(agents.every, seat.person.workspace_id)
    return _page(request, seat, every, form=Filled({"agent": agent}))


@post(_NEW, opt=_MANAGE)
async def make_widget(request: Asked, tools: Tools, seat: Seat, data: Sent) -> Response[Any]:
    """Make another widget."""
    every = await tools.db.browse(agents.every, seat.person.workspace_id)
    agent = next((each for each in every if each.name == data.agent), None)
    if data.preview:
        return _page(request, seat, every, agent=agent, form=Filled(data.typed()))
    try:
        if agent is None:
            raise Invalid("choose an agent", errors=[FieldError("agent", "choose an agent")])
        made = await keeping.create(tools, seat.who, agent.id, keeping.Wish(**data.texts()))
    except Invalid as problem:
        return _page(request, seat, every, agent=agent, form=Filled.after(problem, data.typed()))
    told = Told(f"“{made.name}” is made. Share its chat link from its card.")
    return shell.tell(request, seat, LIST, told)


@get(_ONE, opt=_SEE)
async def widget_page(
    request: Asked, tools: Tools, seat: Seat, name: str, widget_id: str
) -> Response[Any]:
    """Show how a widget looks."""
    agent, found = await find(tools, seat, name, widget_id)
    stands = await placing.placed(tools, seat, agent, found)
    return _page(request, seat, [agent], agent=agent, widget=found, form=NOTHING, stands=stands)


@post(_ONE, opt=_MANAGE)
async def edit_widget(
    request: Asked, tools: Tools, seat: Seat, name: str, widget_id: str, data: Sent
) -> Response[Any]:
    """Change how a widget looks, unless somebody else did so meanwhile."""
    agent, found = await find(tools, seat, name, widget_id)
    if data.preview:
        return _page(request, seat, [agent], agent=agent, widget=found, form=Filled(data.typed()))
    seen = shell.seen(data.seen)
    try:
        await keeping.change(tools, seat.who, found, data.texts(), seen)
    except (Invalid, Stale) as problem:
        agent, found = await find(tools, seat, name, widget_id)
        form, stands = after(problem, data.typed()), await placing.placed(tools, seat, agent, found)
        return _page(request, seat, [agent], agent=agent, widget=found, form=form, stands=stands)
    return shell.go(f"{LIST}/{name}/{widget_id}", "saved")


@post(_ONE + "/logo", opt=_MANAGE, request_max_body_size=uploads.PICTURE_BYTES)
async def put_logo(
    request: Asked, tools: Tools, seat: Seat, name: str, widget_id: str
) -> Response[Any]:
    """Have a picture stand for the agent by this widget's links, or the agent's own again."""
    agent, found = await find(tools, seat, name, widget_id)
    form = NOTHING
    try:
        sent = await uploads.picture(request)
        seen = shell.seen(sent.seen) if sent.seen else None
        found = await keeping.put_logo(tools, seat.who, found, sent.content, seen)
    except (Invalid, Stale, TooLarge) as problem:
        form = Filled({}, {"picture": uploads.told(problem)}, "", problem.status)
    if form is NOTHING and not shell.partly(request):
        return shell.go(f"{LIST}/{name}/{widget_id}", "saved")
    stands = await placing.placed(tools, seat, agent, found)
    return _page(request, seat, [agent], agent=agent, widget=found, form=form, stands=stands)


@post(_ONE + "/delete", opt=_MANAGE)
async def delete_widget(
    request: Asked, tools: Tools, seat: Seat, name: str, widget_id: str
) -> Response[Any]:
    """Delete a widget."""
    agent, found = await find(tools, seat, name, widget_id)
    try:
        await keeping.delete(tools, seat.who, found)
    except Conflict as problem:
        form, stands = Filled.after(problem, {}), await placing.placed(tools, seat, agent, found)
        return _page(request, seat, [agent], agent=agent, widget=found, form=form, stands=stands)
    told = Told(f"“{found.name}” is deleted. Its links look as the agent does.")
    return shell.tell(request, seat, LIST, told)


def _page(
    request: Asked,
    seat: Seat,
    every: list[Agent],
    *,
    form: Filled,
    agent: Agent | None = None,
    widget: Widget | None = None,
    stands: Placed | None = None,
) -> Response[Any]:
    if not every:
        raise NotFound("there is no agent yet")
    agent = agent or next((e for e in every if e.name == form.typed.get("agent")), every[0])
    accent, odd = _accent(form, widget)
    agent_s = agent.draft.accent
    accent = accent or agent_s or None
    return shell.inside(
        request,
        seat,
        "studio/widget.html",
        "widgets",
        status=form.status,
        form=form,
        agents=every,
        agent=agent,
        widget=widget,
        path=_NEW if widget is None else f"{LIST}/{agent.name}/{widget.id}",
        swatches=sheets.OFFERED,
        accent=accent,
        ink=None if accent is None else inks.ink(accent),
        odd=odd,
        inks=sheets.address({*sheets.OFFERED, agent_s} - {""}),
        shown=sheets.address({accent} if accent else set()),
        choices=CHOICES,
        stands=stands,
        manages=seat.who.may(Permission.LINKS_MANAGE),
    )


def _accent(form: Filled, widget: Widget | None) -> tuple[str | None, str]:
    """Return the accent that the form shows, and what is wrong with what was typed for it."""
    present = None if widget is None else widget.accent
    if "accent" not in form.typed:
        return present, ""
    try:
        return inks.checked(form.typed["own"] or form.typed["accent"]), ""
    except Invalid as problem:
        return present, problem.errors[0].message


HANDLERS = [new_widget, make_widget, widget_page, edit_widget, put_logo, delete_widget]
