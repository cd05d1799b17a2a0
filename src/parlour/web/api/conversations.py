"""Conversations for programs: list, read, what was said, the visitor's other ones."""

import re
from typing import Annotated, Any, Final

import msgspec
from litestar import get
from litestar.params import QueryParameter

from parlour import transcripts
from parlour.agents import store as agents
from parlour.conversations.model import Desk, Group, Pen, Place, Standing, Wanted
from parlour.kit.clock import Moment, rfc3339
from parlour.kit.errors import FieldError, Invalid, NotFound
from parlour.rights import Permission, Who
from parlour.staff.teams import store as teams
from parlour.tools import Tools
from parlour.transcripts import Shown, finding, neighbours, record, revealing
from parlour.transcripts.finding import Machine, Talk
from parlour.web.api import asking, moments
from parlour.web.api.asking import After, Limit, Page
from parlour.web.api.rating_shapes import RatingShown, RatingsOf, rating_shown
from parlour.web.gates import key

_SEE = {"gate": key(Permission.CONVERSATIONS_SEE)}
_PATH: Final = "/api/conversations"
_LINK: Final = re.compile(r"lnk_[A-Za-z0-9_-]{11}\Z", re.ASCII)

WAITING: Final = "waiting"
STATES: Final = (WAITING, *Standing)
"""What a list can be narrowed to: a person was asked for and none is there, or how it stands."""

Agent = Annotated[str | None, QueryParameter(description="Only those with the agent of this name.")]
TeamId = Annotated[
    str | None, QueryParameter(description="Only those with agents that this team looks after.")
]
LinkId = Annotated[str | None, QueryParameter(description="Only those that came by this link.")]
State = Annotated[
    str | None, QueryParameter(name="state", description=f"One of {', '.join(STATES)}.")
]
GroupOf = Annotated[
    str | None,
    QueryParameter(name="group", description=f"At the desk: one of {', '.join(Group)}."),
]
Since = Annotated[str | None, QueryParameter(description="Last message then or later, RFC 3339.")]
Until = Annotated[str | None, QueryParameter(description="Last message before that, RFC 3339.")]


class LinkOf(msgspec.Struct, frozen=True):
    """The link a conversation came by."""

    id: str
    name: str | None
    kind: str


class VisitorOf(msgspec.Struct, frozen=True):
    """Whose conversation it is."""

    id: str
    name: str
    """What to call them; a number stands for a name that nobody knows."""
    email: str | None
    """Null where nobody proved one, or it is hidden."""
    proof: str | None
    """How they were proved to be who they are: `code`, `token`, or null: nothing was proved."""
    proved_at: str | None


class Author(msgspec.Struct, frozen=True):
    """Who said something: `visitor`, `agent`, `operator`, `guest`, or the house: `system`."""

    kind: str
    name: str


class LastMessage(msgspec.Struct, frozen=True):
    """What was said last, in a line."""

    author: Author
    text: str
    is_cut: bool


class Control(msgspec.Struct, frozen=True):
    """Who answers in a conversation: `agent`, `operator`, or nobody yet, `requested`."""

    holder: str
    name: str | None
    """The person's, as the visitor reads it."""
    until: str | None
    """When the hold lapses."""


class CompletedShown(msgspec.Struct, frozen=True):
    """That the team has done with a conversation; what the visitor says next opens it again."""

    at: str
    by: str
    reason: str
    """`solved`, `silent`, `elsewhere`, `spam` or `other`."""


class ConversationShown(msgspec.Struct, frozen=True):
    """A conversation, without what was said in it."""

    id: str
    agent_name: str
    link: LinkOf
    visitor: VisitorOf
    state: str
    """`answering`, `completed` by the team, `failed` (the last answer did), `closed` by the
    visitor, or `open`."""
    created_at: str
    last_message_at: str
    closed_at: str | None
    message_count: int
    variables: dict[str, Any]
    control: Control
    group: str
    """Where it lies on this key's desk: `waiting`, `mine`, `active`, `bot` or `completed`."""
    waits_since: str | None
    """Since when the visitor waits for a person, where they do."""
    completed: CompletedShown | None
    last_message: LastMessage | None
    ratings: RatingsOf
    masked: bool
    """Whether personal details are hidden from this key."""


class TurnOf(msgspec.Struct, frozen=True):
    """How a reply was made."""

    id: str
    state: str
    agent_version: int
    backend: str
    model: str | None
    runs: int
    """How often it was begun: more than once after a crash."""
    asked_at: str
    started_at: str | None
    first_text_at: str | None
    ended_at: str | None
    input_tokens: int | None
    output_tokens: int | None


class FileOf(msgspec.Struct, frozen=True):
    """Something that was sent along with a message."""

    id: str
    """Empty where it is hidden from this key, as its name is."""
    name: str
    kind: str
    """`image`, `pdf` or `text`: what its content is."""
    media_type: str
    size: int
    """Bytes."""


class MessageShown(msgspec.Struct, frozen=True):
    """Something that was said."""

    id: str
    seq: int
    author: Author
    text: str
    state: str
    created_at: str
    citations: list[dict[str, Any]]
    problem: str | None
    """Why a reply failed."""
    replaces: str | None
    """The message in whose place this one stands."""
    replaced: bool
    """Whether another one stands in its place, for the visitor and the agent."""
    rating: RatingShown | None
    """What the visitor makes of an answer; null where they have not said."""
    files: list[FileOf]
    """What the visitor sent along; read one at `/api/conversations/{id}/files/{file_id}`."""
    turn: TurnOf | None


def _control(talk: Talk, now: Moment) -> Control:
    pen, hold = talk.pen(now), talk.hold
    if pen is not Pen.OPERATOR or hold is None:
        return Control(pen.value, None, None)
    return Control(pen.value, hold.by_name, rfc3339(hold.until))


def _visitor(talk: Talk) -> VisitorOf:
    known = talk.known
    if known is None:
        return VisitorOf(talk.visitor_id, talk.visitor, None, None, None)
    at = rfc3339(known.proved_at)
    return VisitorOf(talk.visitor_id, talk.visitor, known.email, known.proof.value, at)


def conversation_shown(who: Who, talk: Talk, now: Moment) -> ConversationShown:
    """Show a conversation as it stands at a moment, for somebody's program."""
    word, done, group = talk.last, talk.completed, talk.group(who, now)
    return ConversationShown(
        id=talk.id,
        agent_name=talk.agent_name,
        link=LinkOf(talk.link_id, talk.link_name, talk.link_kind),
        visitor=_visitor(talk),
        state=talk.standing.value,
        created_at=rfc3339(talk.created_at),
        last_message_at=rfc3339(talk.last_message_at),
        closed_at=moments.written(talk.closed_at),
        message_count=talk.message_count,
        variables=talk.variables,
        control=_control(talk, now),
        group=group.value,
        waits_since=rfc3339(talk.waits_since) if group is Group.WAITING else None,
        completed=None
        if done is None
        else CompletedShown(rfc3339(done.at), done.by, done.reason.value),
        last_message=None
        if word is None
        else LastMessage(Author(word.author_kind, word.author_name), word.text, word.is_cut),
        ratings=RatingsOf(*talk.ratings),
        masked=talk.is_masked,
    )


def message_shown(shown: Shown, machine: Machine | None) -> MessageShown:
    """Show a message; a reply with how it was made."""
    is_reply = shown.author_kind == "agent"
    return MessageShown(
        id=shown.id,
        seq=shown.seq,
        author=Author(shown.author_kind, shown.author_name),
        text=shown.text,
        state=shown.state.value,
        created_at=rfc3339(shown.created_at),
        citations=[
            {name: each[name] for name in ("n", "title", "source", "quote")}
            for each in shown.citations
        ],
        problem=shown.problem,
        replaces=shown.replaces,
        replaced=shown.superseded,
        rating=rating_shown(shown),
        files=[
            FileOf(each["id"], each["name"], each["kind"], each["media_type"], each["size"])
            for each in (shown.extra or {}).get("files", ())
        ],
        turn=_turn(machine) if machine is not None and is_reply else None,
    )


def _turn(machine: Machine) -> TurnOf:
    attempt = machine.attempt
    return TurnOf(
        id=attempt.id,
        state=attempt.state.value,
        agent_version=attempt.agent_version,
        backend=machine.backend,
        model=machine.model,
        runs=attempt.runs,
        asked_at=rfc3339(attempt.asked_at),
        started_at=moments.written(attempt.started_at),
        first_text_at=moments.written(attempt.first_text_at),
        ended_at=moments.written(attempt.ended_at),
        input_tokens=attempt.input_tokens,
        output_tokens=attempt.output_tokens,
    )


@get(_PATH, opt=_SEE)
async def list_conversations(
    tools: Tools,
    who: Who,
    agent: Agent = None,
    team: TeamId = None,
    link: LinkId = None,
    standing: State = None,
    group: GroupOf = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[ConversationShown]:
    """List conversations, the one with the newest message first."""
    agent_id = None
    if agent is not None:
        agent_id = (await tools.db.read(agents.find, who.workspace_id, agent, who.agent_id)).id
    wanted = Wanted(
        agent_id=agent_id,
        agents=None if team is None else await _agents(tools, who, team),
        link_id=_link(link),
        standing=_standing(standing),
        waits_at=tools.clock.now() if standing == WAITING else None,
        since=moments.moment("since", since),
        until=moments.moment("until", until),
        desk=_desk(tools, who, group),
    )
    place = _place(after)
    found = await tools.db.browse(finding.page, who, wanted, after=place, limit=limit + 1)
    kept, cursor = asking.page(found, limit, lambda each: f"{each.last_message_at} {each.id}")
    return Page([conversation_shown(who, each, tools.clock.now()) for each in kept], cursor)


async def _agents(tools: Tools, who: Who, team_id: str) -> frozenset[str]:
    return (await tools.db.read(teams.find, who.workspace_id, team_id)).agents


@get(_PATH + "/{conversation_id:str}", opt=_SEE)
async def read_conversation(tools: Tools, who: Who, conversation_id: str) -> ConversationShown:
    """Read one conversation, without what was said in it."""
    now = tools.clock.now()
    sight = await tools.db.read(revealing.find, who, conversation_id, now)
    return conversation_shown(who, sight.talk, now)


@get(_PATH + "/{conversation_id:str}/messages", opt=_SEE)
async def read_messages(
    tools: Tools, who: Who, conversation_id: str, limit: Limit = 50, after: After = None
) -> Page[MessageShown]:
    """Read what was said, from the beginning on. It is written down that this key read it."""
    sight = await tools.db.read(revealing.find, who, conversation_id, tools.clock.now())
    who, talk = sight.who, sight.talk
    place = asking.place(after)
    if place and not (place.isdigit() and len(place) < 10):
        raise asking.bad_cursor()
    begin = int(place or 0)
    await record.note(tools, who, talk)
    found = await tools.db.browse(transcripts.shown_to, who, talk.id, after=begin, first=limit + 1)
    machines = await tools.db.browse(finding.machines, talk, begin)
    kept, cursor = asking.page(found, limit, lambda each: str(each.seq))
    return Page([message_shown(each, machines.get(each.turn_id or "")) for each in kept], cursor)


@get(_PATH + "/{conversation_id:str}/previous", opt=_SEE)
async def previous_conversation(tools: Tools, who: Who, conversation_id: str) -> ConversationShown:
    """Read the conversation that the same visitor had before; 404 when this was the first."""
    return await _beside(tools, who, conversation_id, -1)


@get(_PATH + "/{conversation_id:str}/next", opt=_SEE)
async def next_conversation(tools: Tools, who: Who, conversation_id: str) -> ConversationShown:
    """Read the conversation that the same visitor had after it; 404 when this was the last."""
    return await _beside(tools, who, conversation_id, +1)


async def _beside(tools: Tools, who: Who, conversation_id: str, step: int) -> ConversationShown:
    talk = await tools.db.read(finding.find, who, conversation_id)
    series = await tools.db.read(neighbours.series, talk)
    beside = series.previous if step < 0 else series.next
    if beside is None:
        raise NotFound("this visitor had no conversation " + ("before" if step < 0 else "after"))
    found = await tools.db.read(finding.find, who, beside)
    return conversation_shown(who, found, tools.clock.now())


def _desk(tools: Tools, who: Who, group: str | None) -> Desk | None:
    if group is None:
        return None
    if group not in set(Group):
        message = f"must be one of {', '.join(Group)}"
        raise Invalid(f"group {message}", errors=[FieldError("group", message)])
    return Desk(Group(group), tools.clock.now(), (who.kind, who.id))


def _standing(state: str | None) -> Standing | None:
    if state is not None and state not in STATES:
        message = f"must be one of {', '.join(STATES)}"
        raise Invalid(f"state {message}", errors=[FieldError("state", message)])
    return None if state in {None, WAITING} else Standing(state)


def _link(link: str | None) -> str | None:
    if link is not None and not _LINK.match(link):
        message = "must be the id of a link"
        raise Invalid(f"link {message}", errors=[FieldError("link", message)])
    return link


def _place(after: str | None) -> Place | None:
    place = asking.place(after)
    if not place:
        return None
    moment, _, conversation_id = place.partition(" ")
    if not (moment.isdigit() and len(moment) < 19):
        raise asking.bad_cursor()
    return int(moment), conversation_id


HANDLERS = [
    list_conversations,
    read_conversation,
    read_messages,
    previous_conversation,
    next_conversation,
]
