"""Handoffs for programs: who waits for a person, who was told, and saying that one sees to it."""

from typing import Annotated, Final

from litestar import Response, get, post, put
from litestar.params import QueryParameter

from parlour import calling
from parlour.calling import looking
from parlour.rights import Permission, Who
from parlour.staff.teams import hooks, store
from parlour.staff.teams.hooks import Told, Ways
from parlour.tools import Tools
from parlour.web.api import asking
from parlour.web.api.asking import After, Limit, Page
from parlour.web.api.handoff_shapes import HandoffShown, WaysShown, shown, ways_shown
from parlour.web.api.strict import Strict
from parlour.web.gates import Asked, key

_SEE: Final = {"gate": key(Permission.CONVERSATIONS_SEE)}
_ANSWER: Final = {"gate": key(Permission.CONVERSATIONS_ANSWER)}
_TEAMS: Final = {"gate": key(Permission.TEAMS_MANAGE)}

Open = Annotated[
    bool | None,
    QueryParameter(name="open", description="Only those that wait, or only those that are over."),
]


class WaysEdit(Strict, frozen=True):
    """How a team is told that a visitor waits."""

    mails: bool
    hook_url: str | None = None
    """A program that is called, signed as Standard Webhooks say; null for none."""
    new_secret: bool = False


@get("/api/handoffs", opt=_SEE)
async def list_handoffs(
    tools: Tools, who: Who, is_open: Open = None, limit: Limit = 50, after: After = None
) -> Page[HandoffShown]:
    """List the requests for a person, the latest first."""
    at, _, last = asking.place(after).partition(" ")
    if after is not None and not (at.isascii() and at.isdigit() and len(at) < 19):
        raise asking.bad_cursor()
    before = (int(at), last) if after is not None else None
    found = await tools.db.browse(
        looking.page, who, limit=limit + 1, is_open=is_open, before=before
    )
    kept, cursor = asking.page(found, limit, lambda e: f"{e.handoff.asked_at} {e.handoff.id}")
    return Page(await shown(tools, kept), cursor)


@post("/api/conversations/{conversation_id:str}/acknowledge", opt=_ANSWER, status_code=200)
async def acknowledge_handoff(tools: Tools, who: Who, conversation_id: str) -> HandoffShown:
    """Say that one sees to a visitor who waits: they read so, and nobody else is called."""
    await calling.acknowledge(tools, who, conversation_id)
    found = await tools.db.read(looking.latest, who, conversation_id)
    return (await shown(tools, [] if found is None else [found]))[0]


@get("/api/teams/{team_id:str}/ways", opt={"gate": key(Permission.TEAMS_SEE)})
async def read_ways(tools: Tools, who: Who, team_id: str) -> Response[WaysShown]:
    """Read how a team is told that a visitor waits."""
    found = await tools.db.read(store.find, who.workspace_id, team_id)
    return asking.tagged(ways_shown(Told(found, None)), found.updated_at)


@put("/api/teams/{team_id:str}/ways", opt=_TEAMS)
async def change_ways(
    request: Asked, tools: Tools, who: Who, team_id: str, data: WaysEdit
) -> Response[WaysShown]:
    """Say how a team is told that a visitor waits; a program at another host gets a new secret."""
    found = await tools.db.read(store.find, who.workspace_id, team_id)
    wanted = Ways(data.mails, data.hook_url or "", data.new_secret)
    seen = asking.seen(request, found.updated_at)
    told = await hooks.change(tools, who, team_id, wanted, seen)
    return asking.tagged(ways_shown(told), told.team.updated_at)


HANDLERS = [list_handoffs, acknowledge_handoff, read_ways, change_ways]
