"""The Sharing tab: whether an agent answers, who may come in, its widgets, its links.

Each of its forms is a part of the template of its own, `studio/sharing/<name>.html`, and a module
here, which shows the page again by `show` when something does not fit.
"""

from typing import Any, Final

from litestar import Response, get

from parlour.agents import doing, instead, keeping
from parlour.agents import sharing as terms
from parlour.agents.model import Agent
from parlour.budgets import spending
from parlour.budgets.model import Period
from parlour.kit.errors import Invalid, Stale
from parlour.links import listing
from parlour.links import private as private_links
from parlour.links.listing import Search
from parlour.links.rules import Kind
from parlour.rights import Permission
from parlour.staff.sessions import Seat
from parlour.staff.teams import store as teams
from parlour.tools import Tools
from parlour.verification import keys
from parlour.verification.keys import Made
from parlour.web.gates import Asked, person
from parlour.web.studio import opening
from parlour.web.studio.agents import frame
from parlour.web.studio.agents.sharing.refusals import languages, refusals
from parlour.web.studio.agents.sharing.signing import signing
from parlour.web.studio.links.rows import rows
from parlour.web.studio.shell import NOTHING, Filled
from parlour.web.studio.widgets.cards import Card, ink_sheet
from parlour.widgets import store as widgets

OWN: Final = frame.LIST + "/{name:str}/sharing"
_AT_ONCE: Final = 25


@get(OWN, opt={"gate": person(Permission.LINKS_SEE)})
async def sharing(request: Asked, tools: Tools, seat: Seat, name: str) -> Response[Any]:
    """Show how an agent is shared."""
    return await show(request, tools, seat, await frame.find(tools, seat, name))


async def show(
    request: Asked,
    tools: Tools,
    seat: Seat,
    agent: Agent,
    form: Filled = NOTHING,
    *,
    of: str = "",
    made: Made | None = None,
) -> Response[Any]:
    """Show the tab, with the form `of` that name as it was filled, and the key that was made."""
    workspace, now = seat.person.workspace_id, tools.clock.now()
    search = Search(agents=[agent.id], without=Kind.PRIVATE)
    found = await tools.db.browse(listing.page, workspace, search, now, limit=_AT_ONCE + 1)
    invited = await tools.db.browse(private_links.every, agent.id)
    identity_keys = await tools.db.browse(keys.of_agent, agent.id)
    looks = (await tools.db.browse(widgets.of_agents, workspace, [agent.id]))[agent.id]
    cards = [Card(each, agent) for each in looks]
    named = {agent.id: agent}
    shown = await rows(tools, seat, found[:_AT_ONCE], named)
    kept = terms.sharing_of(agent.sharing)
    account = (f"agent:{agent.id}", Period(kept.budget_period))
    spent = await tools.db.browse(spending.spent_of, [account], now)
    return await frame.page(
        request,
        tools,
        seat,
        agent,
        "studio/sharing/page.html",
        tab="sharing",
        status=form.status,
        form_of=lambda name: form if name == of else NOTHING,
        terms=kept,
        hours=opening.kept(kept.schedule),
        languages=languages(),
        refusals=refusals(kept.words),
        tool_lines=doing.lines(kept.labels),
        spent=spent[account[0]],
        answerers=await _answerers(tools, agent),
        defaults=tools.settings,
        looked_after=await tools.db.read(teams.of_agent, workspace, agent.id),
        takes=_takes(agent),
        mails=tools.mail.way,
        rows=shown,
        identity_keys=identity_keys,
        made=made,
        signing=signing(made.key if made else next(iter(identity_keys), None), shown),
        more=len(found) > _AT_ONCE,
        invited=await rows(tools, seat, invited, named),
        most=tools.settings.max_private_links,
        open_links=await tools.db.browse(private_links.count_open, agent.id, now),
        cards=cards,
        inks=ink_sheet(cards),
        hands_out=seat.who.may(Permission.LINKS_MANAGE),
    )


def _takes(agent: Agent) -> frozenset[str]:
    """Return which kinds of files the backend of the draft takes."""
    kind = keeping.kind_of(agent.draft.backend)
    return kind.attaches(kind.load(agent.draft.config))


async def _answerers(tools: Tools, agent: Agent) -> list[tuple[str, str]]:
    """Say what may happen when a budget is spent, as a choice."""
    found = await tools.db.browse(instead.choices, agent)
    named = [(each.name, f"{each.draft.display_name} answers from documents") for each in found]
    return [("", "Visitors read so"), *named]


def after(problem: Invalid | Stale, typed: dict[str, str]) -> Filled:
    """Make the form that follows a problem: what was typed stands in it, whoever was first."""
    if not isinstance(problem, Stale):
        return Filled.after(problem, typed)
    trouble = problem.detail.partition(";")[0]
    said = f"{trouble}. What you chose is kept below: look, and save again if you still want it."
    return Filled(typed, {}, said, problem.status)


def path_of(agent: Agent) -> str:
    """Return the address of the tab."""
    return f"{frame.path_of(agent)}/sharing"


HANDLERS = [sharing]
