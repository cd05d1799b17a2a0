"""Making a public link in the studio: its policy as a sentence while it is typed."""

from typing import Annotated, Any, Final

from litestar import Response, get, post
from litestar.params import QueryParameter

from parlour.agents import store as agents
from parlour.agents.model import Agent
from parlour.agents.sharing import asks_email, by_invitation, sharing_of
from parlour.kit.errors import FieldError, Invalid, NotFound
from parlour.kit.hours import ALWAYS
from parlour.links import keeping, telling
from parlour.links.keeping import Wish
from parlour.links.telling import Policy
from parlour.rights import Permission
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web.gates import Asked, person
from parlour.web.studio import shell
from parlour.web.studio.links.forms import FORM, PRESETS, LinkForm
from parlour.web.studio.shell import Filled
from parlour.web.studio.telling import Told

_NEW: Final = "/studio/links/new"
_MANAGE = {"gate": person(Permission.LINKS_MANAGE)}


@get(_NEW, opt=_MANAGE)
async def new_link(
    request: Asked,
    tools: Tools,
    seat: Seat,
    agent: Annotated[str, QueryParameter(max_length=100)] = "",
) -> Response[Any]:
    """Show the form of a new link."""
    return await _form(request, tools, seat, LinkForm(agent=agent, enabled="1"))


@post(_NEW, opt=_MANAGE)
async def make_link(
    request: Asked, tools: Tools, seat: Seat, data: Annotated[LinkForm, FORM]
) -> Response[Any]:
    """Make a link, and lead to its page, where its address is; or say what it would be."""
    try:
        wish = data.wish(enabled=data.enabled == "1")
        if data.preview:
            return await _form(request, tools, seat, data)
        agent = await _agent(tools, seat, data.agent)
        made = await keeping.create(tools, seat.who, agent.id, wish)
    except Invalid as problem:
        form = Filled.after(problem, data.typed())
        return await _form(request, tools, seat, data, form)
    told = Told("The link is made. Here is its address.")
    return shell.tell(request, seat, f"/studio/links/{made.id}", told)


async def _agent(tools: Tools, seat: Seat, name: str) -> Agent:
    try:
        return await tools.db.read(agents.find, seat.person.workspace_id, name)
    except NotFound as problem:
        raise Invalid(problem.detail, errors=[FieldError("agent", "choose an agent")]) from None


async def _form(
    request: Asked, tools: Tools, seat: Seat, data: LinkForm, form: Filled | None = None
) -> Response[Any]:
    every = await tools.db.browse(agents.every, seat.person.workspace_id)
    filled = form or Filled(data.typed())
    chosen = next((each for each in every if each.name == data.agent), None)
    if chosen is None and every:
        chosen = every[0]
    wish: Wish | None = None
    try:
        wish = data.wish(enabled=data.enabled == "1")
        sentence = sentence_of(tools, wish, chosen)
    except Invalid:
        sentence = ()
    return shell.inside(
        request,
        seat,
        "studio/link-new.html",
        "links",
        status=filled.status,
        form=filled,
        agents=every,
        chosen=chosen,
        presets=PRESETS,
        sentence=sentence,
    )


def sentence_of(tools: Tools, wish: Wish, agent: Agent | None) -> tuple[str | int, ...]:
    """Restate the policy of a link that is not there yet; Invalid when it does not fit."""
    now = tools.clock.now()
    policy = Policy(
        kind=wish.kind,
        expires_at=keeping.ending(wish, now),
        enabled=wish.enabled,
        welcomes=wish.welcome_message is not None,
        published=agent is None or agent.published is not None,
        live=agent is None or agent.live,
        invited=agent is not None and by_invitation(agent),
        asks_email=_asks(wish, agent),
        listed=_listed(wish, agent),
        schedule=ALWAYS if agent is None else sharing_of(agent.sharing).schedule,
        rate_limit=wish.rate_limit_per_minute,
        daily_tokens=wish.daily_token_limit,
        budget=wish.budget_tokens,
        budget_period=wish.budget_period,
    )
    return telling.sentence(policy, now)


def _asks(wish: Wish, agent: Agent | None) -> int | None:
    if wish.require_email is None:
        return None if agent is None else asks_email(agent)
    return 0 if wish.require_email else None


def _listed(wish: Wish, agent: Agent | None) -> bool:
    emails = wish.emails
    if emails is None and agent is not None:
        emails = sharing_of(agent.sharing).emails
    return bool(emails)


HANDLERS = [new_link, make_link]
