"""Message analysis in the studio: messages found, as a table; saved views; what had no answer."""

import re
from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import msgspec
from litestar import Response, get, post
from litestar.response import Redirect

from parlour.agents import store as agents
from parlour.conversations.model import State
from parlour.insights import analysis, views
from parlour.insights.analysis import AUTHORS
from parlour.insights.candidates import Wanted
from parlour.insights.indexing import first_id
from parlour.insights.spans import today
from parlour.kit.errors import Invalid, NotFound
from parlour.kit.mail import Attachment, Mail, paragraphs
from parlour.links import address
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web import counting, figures, sought
from parlour.web.gates import Asked
from parlour.web.studio import metrics, shell
from parlour.web.studio.agents.forms import FORM
from parlour.web.studio.metrics import SEE, Looked
from parlour.web.studio.telling import Told

PATH: Final = "/studio/messages"
_AT_ONCE: Final = 50
_ID: Final = re.compile(r"\d{1,19}\Z", re.ASCII)
_FIELDS: Final = ("q", "author", "failed", "lack", "rating", "conversation", "visitor",
                  "columns", "show")  # fmt: skip

WHO: Final = dict(zip(AUTHORS, ("Visitor", "Agent", "Person", "Guest"), strict=True))
LACKED: Final = {
    "failed": ("stop", "Answer failed"),
    "nothing": ("wait", "Nothing found"),
    "person": ("person", "A person had to"),
}
RATED: Final = {"up": "Thumbs up", "down": "Thumbs down", "any": "Rated"}
COLUMNS: Final = {
    "at": "Said",
    "link": "Link",
    "agent": "Agent",
    "state": "State",
    "conversation": "Conversation",
    "id": "Message",
}
"""What can stand beside who said what: by the names that addresses carry."""
_USUAL: Final = ("at", "link", "state")
SHOWS: Final = (("", "Messages"), ("conversations", "Conversations"), ("questions", "No answer"))


@dataclass(frozen=True, slots=True)
class Sieve:
    """What the page is narrowed to, with all that its address carries."""

    at: Looked
    fields: dict[str, str]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are shown."""
        chosen = self.fields.get("columns", "").split(".")
        return tuple(each for each in COLUMNS if each in chosen) or _USUAL

    @property
    def is_fine(self) -> bool:
        """Whether more is chosen than words, days and columns: phones fold the rest away."""
        return bool(self.fields.keys() - {"q", "show", "columns"} or self.at.asked.agent)

    def address(self, path: str = PATH, **more: str) -> str:
        """Return an address with these filters."""
        return path + self.at.query(**{**self.fields, **more})


class Named(msgspec.Struct, frozen=True):
    """The form that saves a view."""

    name: str = ""
    query: str = ""


async def _looked(request: Asked, tools: Tools, seat: Seat) -> tuple[Sieve, Wanted]:
    given = {name: value for name, value in request.query_params.items() if value}
    given["columns"] = ".".join(request.query_params.getall("columns", []))
    trouble = ""
    try:
        wanted, asked = await sought.wanted(tools, seat.who, given)
    except (Invalid, NotFound) as problem:
        trouble = shell.sentence(problem.detail)
        given = {"q": given.get("q", "")}
        wanted, asked = await sought.wanted(tools, seat.who, given)
    fields = {name: given[name][:200] for name in _FIELDS if given.get(name)}
    return Sieve(Looked(asked, asked.chosen.link_id or "", trouble), fields), wanted


@get(PATH, opt=SEE)
async def page(request: Asked, tools: Tools, seat: Seat) -> Response[Any]:
    """Show the messages that are looked for; by conversation; or questions without an answer."""
    await counting.spared(request, tools, "searches")
    sieve, wanted = await _looked(request, tools, seat)
    show = sieve.fields.get("show", "")
    before = _place(request.query_params.get("before", ""))
    alike, looked = analysis.Alike([], None), analysis.Found([], None)
    if show == "questions":
        alike = await tools.db.browse(
            analysis.questions, seat.who, analysis.without_answer(wanted), before=before
        )
        looked = analysis.Found([], alike.below)
    else:
        looked = await tools.db.browse(
            analysis.look, seat.who, wanted, before=before, limit=_AT_ONCE + 1
        )
    found = looked.hits[:_AT_ONCE]
    # Where it ended early, more may be found from there on.
    ended = looked.below if len(looked.hits) <= _AT_ONCE else None
    below = found[-1].id if len(looked.hits) > _AT_ONCE else looked.below
    every = await tools.db.read(agents.every, seat.who.workspace_id, seat.who.agent_id)
    return shell.inside(
        request,
        seat,
        "studio/messages.html",
        "messages",
        sieve=sieve,
        at=sieve.at,
        hits=found,
        alike=alike.groups,
        talks=_talks(found),
        show=show,
        shows=SHOWS,
        authors=WHO,
        lacked=LACKED,
        rated=RATED,
        columns=COLUMNS,
        badly=(State.FAILED, State.INTERRUPTED),
        views=await tools.db.read(views.of, seat.who),
        query=sieve.at.query(**sieve.fields).removeprefix("?"),
        agents=[each for each in every if seat.who.sees(each.id)],
        link_name=await metrics.link_name(tools, seat.who, sieve.at.link),
        periods=figures.PERIODS,
        today=today(tools.clock.now(), sieve.at.asked.span.zone).isoformat(),
        first=before is None,
        older="" if below is None else sieve.address(before=str(below)),
        ended=None if ended is None else analysis.said_at(ended),
        masked=not seat.who.sees_personal,
    )


def _talks(found: list[analysis.Hit]) -> dict[str, list[analysis.Hit]]:
    talks: dict[str, list[analysis.Hit]] = {}
    for each in found:
        talks.setdefault(each.conversation_id, []).append(each)
    return talks


def _place(text: str) -> int | None:
    return int(text) if _ID.match(text) and int(text) < first_id(2**42) else None


@get(PATH + ".csv", opt=SEE)
async def as_csv(request: Asked, tools: Tools, seat: Seat) -> Response[bytes]:
    """Download the messages that are looked for."""
    await counting.spared(request, tools, "searches")
    _, wanted = await _looked(request, tools, seat)
    found, content = await _csv(tools, seat, wanted)
    return figures.file(content, sought.file_name(found), "text/csv")


async def _csv(tools: Tools, seat: Seat, wanted: Wanted) -> tuple[analysis.Found, bytes]:
    found = await sought.every(tools, seat.who, wanted)
    return found, sought.as_csv(found.hits, address.home(tools, seat.who.workspace_id))


@post(PATH + "/mail", opt=SEE)
async def mail(request: Asked, tools: Tools, seat: Seat) -> Redirect:
    """Send the messages that are looked for as CSV to one's own address."""
    await counting.spared(request, tools, "searches")
    sieve, wanted = await _looked(request, tools, seat)
    found, content = await _csv(tools, seat, wanted)
    told = "The messages you asked for are in the attached file."
    if found.below is not None:
        told = f"The attached file has the latest {len(found.hits):,} messages; there are more."
    await tools.mail.send(
        Mail(
            seat.person.email,
            "Messages as CSV",
            told,
            paragraphs(told),
            (Attachment(sought.file_name(found), "text", "csv", content),),
        )
    )
    return shell.tell(request, seat, sieve.address(), Told(f"Sent to {seat.person.email}."))


@get(PATH + "/next", opt=SEE)
async def next_bad(request: Asked, tools: Tools, seat: Seat) -> Redirect:
    """Lead to the next conversation with a question that had no answer, or a poor one."""
    before = _place(request.query_params.get("before", ""))
    found = await tools.db.browse(analysis.next_bad, seat.who, before)
    if found is None:
        told = Told(
            "There is no further one."
            if before
            else "Every question has an answer, and no answer thumbs down."
        )
        return shell.tell(request, seat, f"{PATH}?show=questions", told)
    query = urlencode({"bad": found[0]})
    return Redirect(f"/studio/conversations/{found[1]}?{query}", status_code=303)


@post(PATH + "/views", opt=SEE)
async def save_view(
    request: Asked, tools: Tools, seat: Seat, data: Annotated[Named, FORM]
) -> Redirect:
    """Save what is looked at just now under a name."""
    back = f"{PATH}?{data.query}"
    if shell.own_path(back) != back:
        back = PATH
    try:
        view = await views.save(tools, seat.who, data.name, data.query)
    except Invalid as problem:
        told = Told(shell.sentence(problem.detail), trouble=True)
        return shell.tell(request, seat, back, told)
    return shell.tell(request, seat, back, Told(f"Saved as “{view.name}”."))


@post(PATH + "/views/{view_id:str}/delete", opt=SEE)
async def delete_view(tools: Tools, seat: Seat, view_id: str) -> Redirect:
    """Delete one of one's own views."""
    await views.delete(tools, seat.who, view_id)
    return shell.go(PATH, "view-deleted")


HANDLERS = [page, as_csv, mail, next_bad, save_view, delete_view]
