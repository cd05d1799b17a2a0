"""Everything that is kept of a visitor, for themselves: as JSON, and as a page to keep."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import orjson

from parlour import forgetting, memory
from parlour.entrance import Door, NoSuchSession
from parlour.forgetting import Going
from parlour.kit.clock import DAY, Moment, rfc3339
from parlour.memory import Held
from parlour.rights import Who
from parlour.tools import Tools
from parlour.transcripts import Shown
from parlour.transcripts import own as theirs
from parlour.transcripts.own import Own, OwnTalk
from parlour.visitors.places import Session
from parlour.web import browsers, copies, prose
from parlour.web.sheets import template
from parlour.web.words import Catalogue

_SHOWN: Final = (
    *("conversations", "messages", "files", "shares", "notes", "memories", "sessions"),
    "proofs_of_identity",
)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a visitor at one moment."""

    own: Own
    going: Going
    """The same in numbers, as it would go."""
    memory: Held | None
    """None where nothing can be remembered of them."""
    at: Moment
    days: int
    """How many days after its last message a conversation is deleted by itself; 0: it is not."""

    def until(self, each: OwnTalk) -> Moment | None:
        """Return when a conversation is deleted by itself, if nothing more is said in it."""
        return each.talk.last_message_at + self.days * DAY if self.days else None

    def client(self, each: Session) -> str:
        """Name the browser of a session without a word of any language; empty where unknown."""
        device = self.own.devices.get(each.device_id or "")
        named = "" if device is None else device.client
        program, _, system = named.partition(" on ")
        return " · ".join(filter(None, (program.removeprefix(browsers.UNKNOWN), system)))


def visitor_of(door: Door) -> Who:
    """Return the visitor behind a door, who acts for themselves; NoSuchSession without one."""
    if door.visitor_id is None:
        raise NoSuchSession("there is no such session on this link")
    return Who("visitor", door.visitor_id, "", door.workspace_id)


def shown(found: Mapping[str, int]) -> dict[str, int]:
    """Return what visitors are told of what is or was kept of them, in numbers above zero.

    Of what the team wrote to itself, and of what makes the rest work, they never hear.
    """
    return {kind: found[kind] for kind in _SHOWN if found.get(kind)}


async def kept_of(tools: Tools, door: Door, *, said: bool = False) -> Kept:
    """Read what is kept of the visitor behind a door; with `said` also all that was said."""
    who, now = visitor_of(door), tools.clock.now()
    found = await tools.db.browse(theirs.own, who, door.session, now, said=said)
    going = await tools.db.browse(forgetting.of_visitor, who, who.id)
    held = None
    if found.known is not None:
        held = await tools.db.read(memory.of_visitor, door.agent_id, who.id)
    return Kept(found, going, held, now, door.look.kept_days)


def told(kept: Kept, agent_name: str) -> dict[str, Any]:
    """Return all of it as programs get it."""
    own = kept.own
    return {
        "downloaded_at": rfc3339(kept.at),
        "visitor": copies.visitor_of(own.visitor_id, "", own.known) | {"name": _name(own)},
        "agent_name": agent_name,
        "came_at": rfc3339(own.came_at),
        "memory": copies.remembered(kept.memory),
        "conversations": [_talk(kept, each) for each in own.talks],
        "sessions": [_session(own, each) for each in own.sessions],
        "notes": [copies.left(each) for each in own.left],
        "shares": kept.going.shares,
    }


def as_json(kept: Kept, agent_name: str) -> bytes:
    """Write all of it down as JSON."""
    return orjson.dumps(told(kept, agent_name), option=orjson.OPT_INDENT_2)


def as_page(kept: Kept, agent_name: str, words: Catalogue) -> bytes:
    """Write all of it down as a page that needs nothing but itself."""
    made = template("keepsake.html").render(
        kept=kept,
        own=kept.own,
        name=agent_name,
        language=words.code,
        direction=words.direction,
        w=words.page,
        y=words.yours,
        counted=words.count,
        answer=partial(_answer, words.code),
    )
    return made.encode()


def _answer(language: str, shown: Shown) -> prose.Html:
    """Return an answer as it was formatted."""
    return prose.render(shown.text, language=language)


def _name(own: Own) -> str | None:
    return None if own.known is None else own.known.name


def _talk(kept: Kept, each: OwnTalk) -> dict[str, Any]:
    talk, until = each.talk, kept.until(each)
    return {
        "id": talk.id,
        "created_at": rfc3339(talk.created_at),
        "last_message_at": rfc3339(talk.last_message_at),
        "closed_at": None if talk.closed_at is None else rfc3339(talk.closed_at),
        "kept_until": None if until is None else rfc3339(until),
        "variables": talk.variables,
        "messages": [copies.said(message) for message in each.messages],
    }


def _session(own: Own, each: Session) -> dict[str, Any]:
    device = own.devices.get(each.device_id or "")
    return {
        "this": each.is_this,
        "device_id": each.device_id,
        "client": None if device is None else device.client,
        "created_at": rfc3339(each.created_at),
        "last_seen_at": rfc3339(each.seen_at),
        "expires_at": rfc3339(each.expires_at),
    }
