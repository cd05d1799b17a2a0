"""The list of conversations: filtered, page by page, and moving while one looks."""

from typing import Annotated, Any, Final

from litestar import Response, get
from litestar.params import HeaderParameter

from parlour.agents import store as agents
from parlour.chat import wire
from parlour.chat.live import Live
from parlour.conversations.model import Place, Wanted
from parlour.rights import Permission, Who
from parlour.staff import people, sessions
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.transcripts import finding
from parlour.transcripts.finding import Talk
from parlour.web import seats
from parlour.web.assets import assets
from parlour.web.gates import Asked, person
from parlour.web.sheets import template
from parlour.web.sse import EventStream
from parlour.web.studio import shell, sieve
from parlour.web.studio.sieve import PATH, Sieve

SEE: Final = {"gate": person(Permission.CONVERSATIONS_SEE)}
AT_ONCE: Final = 50
"""Rows of a page."""
_MISSED: Final = 200
"""Rows that are told at most to somebody who comes back."""

LastEvent = Annotated[str | None, HeaderParameter(name="Last-Event-ID")]


@get(PATH, opt=SEE)
async def listed(request: Asked, tools: Tools, seat: Seat) -> Response[Any]:
    """List conversations, the one with the newest message first."""
    given = dict(request.query_params)
    chosen = Sieve.of(given)
    return shell.inside(
        request,
        seat,
        "studio/conversations.html",
        "conversations",
        talk=None,
        **await lane(tools, seat.who, chosen, sieve.place(given.get("after", ""))),
    )


@get(PATH + "/live", opt=SEE)
async def live_list(
    request: Asked,
    tools: Tools,
    live: Live,
    seat: Seat,
    last_event_id: LastEvent = None,
) -> Response[Any] | Any:
    """Tell of conversations as they begin and go on, each as its row."""
    given = dict(request.query_params)
    chosen = Sieve.of(given)
    secret = seats.secret_of(request, tools.settings)
    place = sieve.place(last_event_id or given.get("since", "")) or (tools.clock.now(), "")

    async def tell(ids: list[str] | None) -> bytes | None:
        nonlocal place
        who = (await sessions.seat(tools, secret)).who
        if not who.may(Permission.CONVERSATIONS_SEE):
            return None
        wanted = await chosen.wanted(tools, who)
        talks, gone = await _moved(tools, who, wanted, ids, place)
        if not talks and not gone:
            return b""
        place = max([place, *(talk.place for talk in talks)])
        rows = [{"id": talk.id, "html": row(talk, chosen)} for talk in talks]
        return wire.event("rows", {"rows": rows, "gone": gone}, sieve.written(place))

    topics = (wire.all_of(seat.who.workspace_id), people.topic(seat.person.id))
    return EventStream(live.watch(topics, tell))


async def lane(tools: Tools, who: Who, chosen: Sieve, after: Place | None = None) -> dict[str, Any]:
    """Return what the pane with the list shows."""
    wanted = await chosen.wanted(tools, who)
    now = tools.clock.now()
    found = await tools.db.browse(finding.page, who, wanted, after=after, limit=AT_ONCE + 1)
    kept = found[:AT_ONCE]
    first = kept[0].place if kept and after is None else (now, "")
    return {
        "talks": kept,
        "chosen": chosen,
        "states": sieve.TABS,
        "periods": sieve.PERIODS,
        "standings": sieve.STANDINGS,
        "agents": await tools.db.read(agents.every, who.workspace_id, who.agent_id),
        "link_name": await chosen.link_name(tools) if chosen.link else "",
        "first": after is None,
        "since": sieve.written(first),
        "older": sieve.written(kept[-1].place) if len(found) > AT_ONCE else "",
    }


def row(talk: Talk, chosen: Sieve) -> str:
    """Return a row of the list as a part of a page."""
    sheet = template("studio/talk-row.html")
    return sheet.render(base=assets().base, each=talk, chosen=chosen, standings=sieve.STANDINGS)


async def _moved(
    tools: Tools, who: Who, wanted: Wanted, ids: list[str] | None, place: Place
) -> tuple[list[Talk], list[str]]:
    """Read what moved: these conversations, or (None) all with a message behind a place."""
    if ids is None:
        return await tools.db.read(finding.newer, who, wanted, place, _MISSED), []
    if not ids:
        return [], []
    return await tools.db.read(finding.changed, who, wanted, ids)


HANDLERS = [listed, live_list]
