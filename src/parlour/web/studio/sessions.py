"""Logs in the studio: one line per session, which opens its conversation; and as a file."""

import re
from typing import Any, Final

from litestar import Response, get

from parlour.agents import store as agents
from parlour.insights import logs
from parlour.insights.logs import How, Over
from parlour.insights.spans import today
from parlour.kit.clock import Moment
from parlour.kit.errors import Invalid
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web import figures
from parlour.web.gates import Asked
from parlour.web.studio import metrics, shell
from parlour.web.studio.metrics import SEE, SESSIONS

_AT_ONCE: Final = 50
_PLACE: Final = re.compile(r"(\d{1,15})-(sit_[0-9A-Za-z]{22})\Z", re.ASCII)

HOWS: Final = (
    ("", "All"),
    (How.ANSWERED.value, "Answered"),
    (How.UNANSWERED.value, "Not answered"),
    (How.FAILED.value, "Failed"),
    (How.PERSON.value, "With a person"),
    (How.RATED.value, "With thumbs"),
    (How.POOR.value, "Thumbs down"),
)
OVERS: Final = {
    None: ("live", "Goes on"),
    Over.NEW: ("off", "Began anew"),
    Over.COMPLETED: ("off", "Completed"),
    Over.SILENCE: ("plain", "Silence"),
    Over.LONGEST: ("plain", "Longest time"),
}
"""Why a session ended: the kind of its mark, and its words."""


@get(SESSIONS, opt=SEE)
async def page(request: Asked, tools: Tools, seat: Seat) -> Response[Any]:
    """List sessions, the latest first."""
    at = await metrics.looked(request, tools, seat.who)
    how = _how(request)
    after = _place(request.query_params.get("after", ""))
    wanted = figures.wanted_sessions(at.asked, how)
    found = await figures.lines(tools, seat.who, wanted, after=after, limit=_AT_ONCE + 1)
    more, found = len(found) > _AT_ONCE, found[:_AT_ONCE]
    every = await tools.db.read(agents.every, seat.who.workspace_id, seat.who.agent_id)
    kept = {"how": how.value if how else ""}
    zone = at.asked.span.zone
    return shell.inside(
        request,
        seat,
        "studio/sessions.html",
        "sessions",
        at=at,
        lines=found,
        count=await tools.db.browse(logs.count, seat.who, wanted),
        how=kept["how"],
        hows=HOWS,
        overs=OVERS,
        agents=[each for each in every if seat.who.sees(each.id)],
        link_name=await metrics.link_name(tools, seat.who, at.link),
        periods=figures.PERIODS,
        today=today(tools.clock.now(), zone).isoformat(),
        csv=f"{SESSIONS}.csv{at.query(**kept)}",
        first=after is None,
        latest=at.sessions(**kept),
        older=at.sessions(**kept, after="{}-{}".format(*found[-1].session.place)) if more else "",
    )


@get(SESSIONS + ".csv", opt=SEE)
async def as_csv(request: Asked, tools: Tools, seat: Seat) -> Response[bytes]:
    """Download all of them."""
    at = await metrics.looked(request, tools, seat.who)
    wanted = figures.wanted_sessions(at.asked, _how(request))
    found = await figures.every_line(tools, seat.who, wanted)
    return figures.file(figures.sessions_csv(found), "sessions.csv", "text/csv")


def _how(request: Asked) -> How | None:
    try:
        return figures.how_of(request.query_params.get("how", ""))
    except Invalid:
        return None


def _place(text: str) -> tuple[Moment, str] | None:
    found = _PLACE.match(text)
    return (int(found[1]), found[2]) if found else None


HANDLERS = [page, as_csv]
