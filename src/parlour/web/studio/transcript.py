"""One conversation as its visitor saw it, live, with how answers were made and what is known."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Final

import orjson
from litestar import Response, get
from litestar.params import HeaderParameter
from markupsafe import Markup

from parlour import transcripts
from parlour.agents import keeping
from parlour.agents import store as agents
from parlour.chat.live import Live, View
from parlour.conversations.model import NOWHERE, Cursor, State, read_cursor
from parlour.kit.clock import Moment
from parlour.kit.errors import NotFound
from parlour.rights import Permission
from parlour.staff import people, sessions
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.transcripts import Shown, finding, record
from parlour.transcripts.finding import Machine, Talk
from parlour.web import passages, seats, showing
from parlour.web.gates import Asked
from parlour.web.pages import Face, ShownMessage
from parlour.web.sse import EventStream
from parlour.web.studio import shell
from parlour.web.studio.conversations import SEE, lane
from parlour.web.studio.sieve import PATH, Sieve
from parlour.web.words import spoken

_ONE: Final = PATH + "/{conversation_id:str}"
_NEWEST: Final = 200
"""Messages of a conversation that the page shows."""
_MOST: Final = 2_000
"""Messages that it shows to somebody who asks for all."""

LastEvent = Annotated[str | None, HeaderParameter(name="Last-Event-ID")]


@dataclass(frozen=True, slots=True)
class Said:
    """A message on the page; a reply with how it was made."""

    message: ShownMessage
    machine: Machine | None

    @property
    def first_after(self) -> Moment | None:
        """Milliseconds from the question to the first word."""
        return self._since(None if self.machine is None else self.machine.attempt.first_text_at)

    @property
    def took(self) -> Moment | None:
        """Milliseconds from the question to the end."""
        return self._since(None if self.machine is None else self.machine.attempt.ended_at)

    def _since(self, moment: Moment | None) -> Moment | None:
        if self.machine is None or moment is None:
            return None
        return max(0, moment - self.machine.attempt.asked_at)


@get(_ONE, opt=SEE)
async def one(request: Asked, tools: Tools, seat: Seat, conversation_id: str) -> Response[Any]:
    """Show a conversation. That it was read is written down."""
    who = seat.who
    talk = await tools.db.read(finding.find, who, conversation_id)
    await record.note(tools, who, talk)
    newest = _MOST if "all" in request.query_params else _NEWEST
    shown = await tools.db.browse(transcripts.shown_to, who, talk.id, newest=newest)
    machines = await tools.db.browse(finding.machines, talk, shown[0].seq - 1 if shown else 0)
    chosen = Sieve.of(dict(request.query_params))
    above, below = await tools.db.browse(finding.beside, who, await chosen.wanted(tools, who), talk)
    face = await _face(tools, talk)
    pane = request.query_params.get("pane", "talk")
    return shell.inside(
        request,
        seat,
        "studio/conversations.html",
        "conversations",
        talk=talk,
        pane=pane if pane in {"talk", "facts", "list"} else "talk",
        lines=[_said(each, talk, machines) for each in shown],
        cut=bool(shown) and shown[0].seq > 1,
        can_all=newest < _MOST,
        above=above,
        below=below,
        series=await tools.db.read(finding.series, talk),
        tokens=_tokens(machines),
        version=max((each.attempt.agent_version for each in machines.values()), default=None),
        resume=_resume(shown),
        face=face,
        token="",
        reading=True,
        staff=True,
        w={**spoken("en")[1].page, "you": talk.visitor, **_STAFF_WORDS},
        words_json=_words(),
        **await lane(tools, who, chosen),
    )


@get(_ONE + "/live", opt=SEE)
async def live_one(
    request: Asked,
    tools: Tools,
    live: Live,
    seat: Seat,
    conversation_id: str,
    after: str = "",
    last_event_id: LastEvent = None,
) -> Response[Any] | Any:
    """Follow a conversation as server-sent events: with every word, or masked and whole."""
    who = seat.who
    talk = await tools.db.read(finding.find, who, conversation_id)
    text = last_event_id or after
    cursor = read_cursor(text) if text else Cursor()
    view = View(
        conversation_id=talk.id,
        cursor=cursor or NOWHERE,
        present=lambda shown: showing.event(shown, "", f"{PATH}/{talk.id}"),
        judge=sessions.judge(
            tools,
            seats.secret_of(request, tools.settings),
            who,
            Permission.CONVERSATIONS_SEE,
        ),
        topics=(people.topic(seat.person.id),),
        read=partial(_read, who),
        whole=not who.sees_personal,
        stays=True,
    )
    return EventStream(live.follow(view))


@get(_ONE + "/sources/{message_id:str}/{n:int}", opt=SEE)
async def source(
    request: Asked, tools: Tools, seat: Seat, conversation_id: str, message_id: str, n: int
) -> Response[Any]:
    """Show a passage that an answer cites, inside its document."""
    talk = await tools.db.read(finding.find, seat.who, conversation_id)
    shown = await tools.db.read(transcripts.one_shown_to, seat.who, talk.id, message_id)
    cited = None if shown is None else next((c for c in shown.citations if c["n"] == n), None)
    if cited is None:
        raise NotFound("there is nothing here")
    around = passages.alone(cited)
    if seat.who.sees_personal:
        around = await passages.around(tools, await _library(tools, talk), cited)
    before, passage, after = (Markup(part) for part in around)  # noqa: S704 - from `prose`
    return shell.inside(
        request,
        seat,
        "studio/source.html",
        "conversations",
        talk=talk,
        message_id=message_id,
        n=n,
        heading=cited.get("section", "").rpartition(" › ")[2] or cited["title"],
        trail=" › ".join(filter(None, (cited["source"], cited.get("section", "")))),
        before=before,
        passage=passage,
        after=after,
    )


_STAFF_WORDS: Final = {
    "stopped": "The visitor stopped the answer.",
    "half_kept": "What came so far is kept.",
    "none_kept": "The question is kept.",
}


def _words() -> Markup:
    words = {**spoken("en")[1].script, **_STAFF_WORDS}
    text = orjson.dumps(words).decode().replace("<", "\\u003c").replace("&", "\\u0026")
    return Markup(text)  # noqa: S704 - our own words, and nothing in them ends the element


def _read(who: Any, conn: Any, conversation_id: str, *, after: int, newest: int) -> list[Shown]:
    return transcripts.shown_to(conn, who, conversation_id, after=after, newest=newest)


def _said(shown: Shown, talk: Talk, machines: dict[str, Machine]) -> Said:
    is_reply = shown.author_kind == "agent"
    return Said(
        showing.message(shown, "", f"{PATH}/{talk.id}"),
        machines.get(shown.turn_id or "") if is_reply else None,
    )


async def _face(tools: Tools, talk: Talk) -> Face:
    found = await tools.db.read(agents.by_id, talk.agent_id)
    name = talk.agent_name if found is None else found.draft.display_name or found.name
    return Face(name=name, initial=name.strip()[:1].upper())


async def _library(tools: Tools, talk: Talk) -> str:
    """Return whose library holds the documents that answers of this agent cite."""
    found = await tools.db.read(agents.by_id, talk.agent_id)
    if found is None or found.published is None:
        return talk.agent_id
    content = await tools.db.read(agents.published_content, found.id, found.published)
    return keeping.library_of(content, found.id)


def _resume(shown: list[Shown]) -> str:
    """Return the cursor that stands for everything these messages tell."""
    settled = 0
    for message in shown:
        if message.state is State.WRITING:
            break
        settled = message.seq
    return str(Cursor(settled))


def _tokens(machines: dict[str, Machine]) -> tuple[int, int] | None:
    counted = [each.attempt for each in machines.values() if each.attempt.input_tokens is not None]
    if not counted:
        return None
    return (
        sum(each.input_tokens or 0 for each in counted),
        sum(each.output_tokens or 0 for each in counted),
    )


HANDLERS = [one, live_one, source]
