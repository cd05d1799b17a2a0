"""The list of conversations: filtered, page by page, and moving while one looks."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final

from litestar import Response, get
from litestar.params import HeaderParameter

from parlour.agents import store as agents
from parlour.agents.model import Agent
from parlour.chat import wire
from parlour.chat.live import Live
from parlour.conversations import hints
from parlour.conversations.model import Group, Place, Wanted
from parlour.kit.clock import Moment
from parlour.rights import Permission, Who
from parlour.staff import people, sessions
from parlour.staff.sessions import Seat
from parlour.staff.teams import store as teams
from parlour.tools import Tools
from parlour.transcripts import finding
from parlour.transcripts.finding import Talk
from parlour.web import seats
from parlour.web.assets import assets
from parlour.web.gates import Asked, person
from parlour.web.sheets import template
from parlour.web.sse import EventStream
from parlour.web.studio import shell, sieve, today
from parlour.web.studio.sieve import DESK, PATH, Sieve

SEE: Final = {"gate": person(Permission.CONVERSATIONS_SEE)}
AT_ONCE: Final = 50
"""Rows of a page."""
_MISSED: Final = 200
"""Rows that are told at most to somebody who comes back."""

LastEvent = Annotated[str | None, HeaderParameter(name="Last-Event-ID")]


@get([PATH, DESK], opt=SEE)
async def listed(request: Asked, tools: Tools, seat: Seat) -> Response[Any]:
    """List conversations, the one with the newest message first; at the desk, who waits longest."""
    chosen = Sieve.of(request)
    after = sieve.place(request.query_params.get("after", ""))
    return shell.inside(
        request,
        seat,
        "studio/conversations.html",
        chosen.here,
        talk=None,
        **await lane(tools, seat.who, chosen, after),
    )


@get([PATH + "/live", DESK + "/live"], opt=SEE)
async def live_list(
    request: Asked,
    tools: Tools,
    live: Live,
    seat: Seat,
    last_event_id: LastEvent = None,
) -> Response[Any] | Any:
    """Tell of conversations as they begin and go on, each as its row; at the desk, of counts."""
    chosen = Sieve.of(request)
    secret = seats.secret_of(request, tools.settings)
    onlooker = sessions.onlooker(tools, secret, Permission.CONVERSATIONS_SEE)
    since = last_event_id or request.query_params.get("since", "")
    place = sieve.place(since or "") or (tools.clock.now(), "")
    counted: dict[str, int] = {}

    async def tell(ids: list[str] | None) -> bytes | None:
        nonlocal place, counted
        who = await tools.db.read(onlooker)
        if not isinstance(who, Who) or who.elsewhere != seat.who.elsewhere:
            return None
        wanted = await chosen.wanted(tools, who)
        told = b""
        if chosen.is_desk and (counts := await _counts(tools, who, chosen, wanted)) != counted:
            counted = counts
            told = wire.event("counts", counts)
        # At the desk things move without a word said: of what was missed nobody knows the place.
        is_whole = ids is None and chosen.is_desk
        if is_whole:
            talks, gone = await _page(tools, who, wanted), list[str]()
        else:
            talks, gone = await _moved(tools, who, wanted, ids, place)
        if not (talks or gone or is_whole):
            return told
        place = max([place, *(talk.place for talk in talks)])
        now = tools.clock.now()
        rows = [{"id": talk.id, "html": row(talk, chosen, faces, who, now)} for talk in talks]
        data = {"rows": rows, "gone": gone, "whole": is_whole}
        return told + wire.event("rows", data, sieve.written(place))

    faces = _faces(await tools.db.read(agents.every, seat.who.workspace_id, seat.who.agent_id))
    topics = (hints.all_of(seat.who.workspace_id), people.topic(seat.person.id))
    return EventStream(live.watch(topics, tell))


@get("/studio/waiting/live", opt={"gate": person(Permission.CONVERSATIONS_ANSWER)})
async def live_waiting(request: Asked, tools: Tools, live: Live, seat: Seat) -> Response[Any] | Any:
    """Tell how many visitors wait for a person, whenever that changes: for the rail's Desk."""
    secret = seats.secret_of(request, tools.settings)
    onlooker = sessions.onlooker(tools, secret, Permission.CONVERSATIONS_ANSWER)
    told = -1

    async def tell(_ids: list[str] | None) -> bytes | None:
        nonlocal told
        who = await tools.db.read(onlooker)
        if not isinstance(who, Who) or who.elsewhere != seat.who.elsewhere:
            return None
        before, told = told, await tools.db.read(finding.waiting, who, tools.clock.now())
        return b"" if told == before else wire.event("waiting", {"count": told})

    topics = (hints.all_of(seat.who.workspace_id), people.topic(seat.person.id))
    return EventStream(live.watch(topics, tell))


async def lane(tools: Tools, who: Who, chosen: Sieve, after: Place | None = None) -> dict[str, Any]:
    """Return what the pane with the list shows."""
    wanted = await chosen.wanted(tools, who)
    now = tools.clock.now()
    found = await _page(tools, who, wanted, after)
    kept = found[:AT_ONCE]
    first = max(talk.place for talk in kept) if kept and after is None else (now, "")
    every = await tools.db.read(agents.every, who.workspace_id, who.agent_id)
    return {
        "talks": kept,
        "now": now,
        "who": who,
        "chosen": chosen,
        "counts": await _counts(tools, who, chosen, wanted) if chosen.is_desk else {},
        "none_here": sieve.NONE_HERE,
        "periods": sieve.PERIODS,
        "standings": sieve.STANDINGS,
        "agents": [each for each in every if who.sees(each.id)],
        "teams": await tools.db.read(teams.open_to, who),
        **_faces(every),
        "link_name": await chosen.link_name(tools, who) if chosen.link else "",
        "first": after is None,
        "since": sieve.written(first),
        "older": sieve.written(min(talk.place for talk in kept)) if len(found) > AT_ONCE else "",
    }


def row(
    talk: Talk, chosen: Sieve, faces: Mapping[str, Mapping[str, str]], who: Who, now: Moment
) -> str:
    """Return a row of the list as a part of a page; `faces` are agents as visitors see them."""
    sheet = template("studio/talk-row.html")
    return sheet.render(
        base=assets().base,
        each=talk,
        chosen=chosen,
        **faces,
        now=now,
        who=who,
        standings=sieve.STANDINGS,
    )


def _faces(every: Iterable[Agent]) -> dict[str, dict[str, str]]:
    found = list(every)
    return {
        "faces": {agent.id: today.named(agent) for agent in found},
        "portraits": {agent.id: agent.draft.avatar for agent in found},
    }


async def _counts(tools: Tools, who: Who, chosen: Sieve, wanted: Wanted) -> dict[str, int]:
    found = await tools.db.read(finding.counts, who, wanted, chosen.desk(tools, who))
    return {group.value: number for group, number in found.items()}


async def _page(tools: Tools, who: Who, wanted: Wanted, after: Place | None = None) -> list[Talk]:
    """Read a page of the list, and one more, if there is one; in line, who waits for a person."""
    found = await tools.db.browse(finding.page, who, wanted, after=after, limit=AT_ONCE + 1)
    if wanted.desk is None or wanted.desk.group is not Group.WAITING:
        return found
    in_line = sorted(found[:AT_ONCE], key=lambda talk: talk.waits_since)
    return in_line + found[AT_ONCE:]


async def _moved(
    tools: Tools, who: Who, wanted: Wanted, ids: list[str] | None, place: Place
) -> tuple[list[Talk], list[str]]:
    """Read what moved: these conversations, or (None) all with a message behind a place."""
    if ids is None:
        return await tools.db.read(finding.newer, who, wanted, place, _MISSED), []
    if not ids:
        return [], []
    return await tools.db.read(finding.changed, who, wanted, ids)


HANDLERS = [listed, live_list, live_waiting]
