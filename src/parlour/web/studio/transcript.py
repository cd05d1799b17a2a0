"""One conversation as its visitor saw it, live, with how answers were made and what is known."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Final

import orjson
from litestar import Response, get
from litestar.params import HeaderParameter
from markupsafe import Markup

from parlour import memory, privacy, transcripts
from parlour.agents import keeping
from parlour.agents import store as agents
from parlour.agents.contract import Status
from parlour.agents.doing import said
from parlour.calling import looking
from parlour.chat.live import Live, View
from parlour.chat.overhearing import Overhearing
from parlour.chat.rereading import Judge
from parlour.chat.typing import for_staff
from parlour.conversations.internal import InternalNote
from parlour.conversations.model import NOWHERE, Cursor, State, read_cursor
from parlour.entrance import devices
from parlour.kit.clock import Moment
from parlour.kit.errors import NotFound
from parlour.kit.texts import initial_of
from parlour.links import address
from parlour.rights import Permission, Who
from parlour.staff import people, sessions
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.transcripts import Shown, asides, finding, neighbours, record, revealing
from parlour.transcripts.finding import Machine, Talk
from parlour.transcripts.revealing import Sight
from parlour.web import passages, seats, showing
from parlour.web.gates import Asked
from parlour.web.pages import Face
from parlour.web.shown import ShownMessage
from parlour.web.sse import EventStream, at_once
from parlour.web.studio import dock, shell
from parlour.web.studio.conversations import SEE, lane
from parlour.web.studio.shell import NOTHING, Filled
from parlour.web.studio.sieve import DESK, PATH, Sieve
from parlour.web.words import spoken

_ONE: Final = PATH + "/{conversation_id:str}"
_HERE: Final = [_ONE, DESK + "/{conversation_id:str}"]
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


@get(_HERE, opt=SEE)
async def one(request: Asked, tools: Tools, seat: Seat, conversation_id: str) -> Response[Any]:
    """Show a conversation. That it was read is written down."""
    return await show(request, tools, seat, conversation_id)


async def show(
    request: Asked, tools: Tools, seat: Seat, conversation_id: str, form: Filled = NOTHING
) -> Response[Any]:
    """Show a conversation, with a form below it as it was filled in when it did not work."""
    sight = await tools.db.read(revealing.find, seat.who, conversation_id, tools.clock.now())
    who, talk = sight.who, sight.talk
    await record.note(tools, who, talk)
    newest = _MOST if "all" in request.query_params else _NEWEST
    shown = await tools.db.browse(transcripts.shown_to, who, talk.id, newest=newest)
    machines = await tools.db.browse(finding.machines, talk, shown[0].seq - 1 if shown else 0)
    chosen = Sieve.of(request)
    wanted = await chosen.wanted(tools, seat.who)
    face = await _face(tools, talk)
    called = await tools.db.read(looking.latest, seat.who, talk.id)
    coming = called.handoff.seen_by if called and called.handoff.ended_at is None else None
    at = shown[-1].seq if shown else 0
    pane = request.query_params.get("pane", "talk")
    return shell.inside(
        request,
        seat,
        "studio/conversations.html",
        chosen.here,
        talk=talk,
        sight=sight,
        pane=pane if pane in {"talk", "facts", "list"} else "talk",
        lines=[_said(each, talk, machines) for each in shown],
        cut=bool(shown) and shown[0].seq > 1,
        can_all=newest < _MOST,
        beside=await tools.db.browse(neighbours.beside, seat.who, wanted, talk),
        counted=neighbours.COUNTED,
        dock=await dock.below(tools, who, talk, chosen, at, seen_by=coming or ""),
        called=called,
        form=form,
        status=form.status,
        chat_link=address.home(tools, seat.who.workspace_id) + f"{PATH}/{talk.id}",
        devices=await tools.db.read(devices.of_visitor, who, talk.visitor_id, tools.clock.now()),
        remembered=await tools.db.read(memory.seen_by, who, talk.visitor_id),
        series=await tools.db.read(neighbours.series, talk),
        tokens=_tokens(machines),
        version=max((each.attempt.agent_version for each in machines.values()), default=None),
        resume=_resume(shown),
        around=await tools.db.read(asides.mark, talk.id),
        notes=_placed(shown, await tools.db.read(asides.internal_notes, who, talk.id)),
        face=face,
        token="",
        reading=True,
        staff=True,
        w={**spoken("en")[1].page, "you": talk.visitor, **_STAFF_WORDS},
        words_json=_words(),
        **await lane(tools, seat.who, chosen),
    )


@get([f"{each}/live" for each in _HERE], opt=SEE)
async def live_one(
    request: Asked,
    tools: Tools,
    live: Live,
    seat: Seat,
    conversation_id: str,
    after: str = "",
    around: str = "",
    last_event_id: LastEvent = None,
) -> Response[Any] | Any:
    """Follow a conversation as server-sent events: with every word, or masked and whole."""
    sight = await tools.db.read(revealing.find, seat.who, conversation_id, tools.clock.now())
    who, talk = sight.who, sight.talk
    text = last_event_id or after
    cursor = read_cursor(text) if text else Cursor()
    view = View(
        conversation_id=talk.id,
        cursor=cursor or NOWHERE,
        present=lambda shown: showing.event(shown, "", f"{PATH}/{talk.id}"),
        judge=_judge(request, tools, seat, sight),
        topics=(people.topic(seat.person.id), privacy.topic(seat.who.workspace_id)),
        read=transcripts.as_seen_by(who),
        whole=not who.sees_personal,
        overhear=await _overhearing(tools, who),
        stays=True,
        ends_at=sight.shown_until,
        typing=partial(for_staff, who),
        around=lambda conn: asides.mark(conn, talk.id),
        known_around=around[:60],
    )
    return EventStream(live.follow(view, at_once(request)))


async def _overhearing(tools: Tools, who: Who) -> Overhearing | None:
    """Return what picks for a reader who sees it masked what the agent is doing."""
    if who.sees_personal:
        return None
    return Overhearing(await tools.db.read(privacy.hiding, who), said(Status(doing="writing")))


def _judge(request: Asked, tools: Tools, seat: Seat, sight: Sight) -> Judge:
    """Return what judges a reader again, who must see as much as they did."""
    secret = seats.secret_of(request, tools.settings)
    judged = sessions.judge(tools, secret, seat.who, Permission.CONVERSATIONS_SEE)
    if sight.shown_until is None:
        return judged
    return revealing.judge(tools, seat.who, sight.talk.id, judged)


@get(_ONE + "/sources/{message_id:str}/{n:int}", opt=SEE)
async def source(
    request: Asked, tools: Tools, seat: Seat, conversation_id: str, message_id: str, n: int
) -> Response[Any]:
    """Show a passage that an answer cites, inside its document."""
    sight = await tools.db.read(revealing.find, seat.who, conversation_id, tools.clock.now())
    talk = sight.talk
    shown = await tools.db.read(transcripts.one_shown_to, sight.who, talk.id, message_id)
    cited = None if shown is None else next((c for c in shown.citations if c["n"] == n), None)
    if shown is None or cited is None:
        raise NotFound("there is nothing here")
    around = passages.alone(cited)
    if sight.who.sees_personal:
        own = await _library(tools, talk)
        library = await passages.library(tools, shown, talk.agent_id, own)
        around = await passages.around(tools, library, cited)
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


def _said(shown: Shown, talk: Talk, machines: dict[str, Machine]) -> Said:
    is_reply = shown.author_kind == "agent"
    return Said(
        showing.message(shown, "", f"{PATH}/{talk.id}"),
        machines.get(shown.turn_id or "") if is_reply else None,
    )


async def _face(tools: Tools, talk: Talk) -> Face:
    found = await tools.db.read(agents.by_id, talk.agent_id)
    name = talk.agent_name if found is None else found.draft.display_name or found.name
    picture = "" if found is None else found.draft.avatar
    return Face(name=name, initial=initial_of(name), picture=picture)


async def _library(tools: Tools, talk: Talk) -> str:
    """Return whose library holds the documents that answers of this agent cite."""
    found = await tools.db.read(agents.by_id, talk.agent_id)
    if found is None or found.published is None:
        return talk.agent_id
    content = await tools.db.read(agents.published_content, found.id, found.published)
    return keeping.library_of(content, found.id)


def _placed(shown: list[Shown], notes: list[InternalNote]) -> dict[int, list[InternalNote]]:
    """Put internal notes behind the messages that were there: by these messages' places."""
    placed: dict[int, list[InternalNote]] = {}
    for note in notes:
        place = max((each.seq for each in shown if each.seq <= note.place), default=0)
        placed.setdefault(place, []).append(note)
    return placed


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
