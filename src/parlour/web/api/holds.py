"""Taking a conversation over for programs: the pen taken, handed on and back, and speaking."""

from typing import Annotated, Any

import msgspec
from litestar import Response, delete, post
from msgspec import Meta

from parlour import takeover
from parlour.conversations.model import Hold, Message
from parlour.kit.clock import rfc3339
from parlour.rights import Permission, Who
from parlour.tools import Tools
from parlour.transcripts import finding
from parlour.web.api import asking
from parlour.web.api.conversations import Author
from parlour.web.api.strict import Strict
from parlour.web.gates import Asked, key

_ANSWER = {"gate": key(Permission.CONVERSATIONS_ANSWER)}
_ONE = "/api/conversations/{conversation_id:str}"

Minutes = Annotated[
    float | None, Meta(description="Until it lapses by itself; at most a day (1440).")
]


class Take(Strict, frozen=True):
    """How a conversation shall be taken over."""

    minutes: Minutes = None
    force: bool = False
    """Take it from somebody else who has it; that is written down."""


class HoldShown(msgspec.Struct, frozen=True):
    """Who answers in a conversation instead of its agent, and until when."""

    conversation_id: str
    holder: str
    """Always `operator`."""
    name: str
    """As the visitor reads it."""
    since: str
    until: str
    """When it lapses, unless it is taken again or something is said; then the agent goes on."""


class HandOver(Strict, frozen=True):
    """To whom a conversation shall go."""

    to: str
    """A person who may answer there: their id, or their e-mail address."""


class Released(msgspec.Struct, frozen=True):
    """A conversation in which the agent answers again."""

    released: bool
    """Whether anybody had it."""


class Speak(Strict, frozen=True):
    """What a person says."""

    message: str
    message_id: str | None = None
    """The sender's own id: the same one again says nothing twice."""


class Spoken(msgspec.Struct, frozen=True):
    """What was said, where it stands in the conversation."""

    id: str
    seq: int
    author: Author
    text: str
    created_at: str


def shown(conversation_id: str, hold: Hold) -> HoldShown:
    """Show a hold."""
    return HoldShown(
        conversation_id=conversation_id,
        holder="operator",
        name=hold.by_name,
        since=rfc3339(hold.since),
        until=rfc3339(hold.until),
    )


def spoken(said: Message) -> Spoken:
    """Show what a person said."""
    author = Author(said.author_kind, said.author_name)
    return Spoken(said.id, said.seq, author, said.text, rfc3339(said.created_at))


@post(_ONE + "/hold", opt=_ANSWER, status_code=200)
async def take(tools: Tools, who: Who, conversation_id: str, data: Take | None = None) -> HoldShown:
    """Take a conversation over, or keep it for longer: the agent is silent until it is released."""
    talk = await tools.db.read(finding.find, who, conversation_id)
    wish = data or Take()
    taken = await takeover.take(tools, who, talk.id, wish.minutes, force=wish.force)
    return shown(talk.id, taken.hold)


@post(_ONE + "/hold/hand-over", opt=_ANSWER, status_code=200)
async def hand_over(tools: Tools, who: Who, conversation_id: str, data: HandOver) -> HoldShown:
    """Hand a conversation to a colleague; unless they come, its visitor waits for somebody."""
    talk = await tools.db.read(finding.find, who, conversation_id)
    return shown(talk.id, await takeover.hand_over(tools, who, talk.id, data.to))


@delete(_ONE + "/hold", opt=_ANSWER, status_code=200)
async def release(tools: Tools, who: Who, conversation_id: str) -> Released:
    """Hand a conversation back to its agent, who answers a visitor that waits."""
    talk = await tools.db.read(finding.find, who, conversation_id)
    return Released(await takeover.release(tools, who, talk.id))


@post(_ONE + "/messages", opt=_ANSWER, status_code=201)
async def speak(
    request: Asked, tools: Tools, who: Who, conversation_id: str, data: Speak
) -> Response[Any]:
    """Say something as the person who took the conversation over; that keeps it for longer, too."""
    talk = await tools.db.read(finding.find, who, conversation_id)
    return await asking.made(
        request,
        tools,
        who,
        lambda tools: takeover.say(tools, who, talk.id, data.message, data.message_id),
        spoken,
    )


HANDLERS = [take, hand_over, release, speak]
