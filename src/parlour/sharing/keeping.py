"""Making shares, listing them, and taking them back: for the staff, and for agents."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import sqlalchemy as sa

from parlour import events, takeover, workspaces
from parlour.agents import store as agents
from parlour.conversations import hints, holds
from parlour.conversations import store as conversations
from parlour.conversations.model import SHARE_URL
from parlour.events import Kind
from parlour.kit.clock import HOUR, Moment
from parlour.kit.errors import Conflict, FieldError, NotAllowed, NotFound
from parlour.kit.tokens import new_share_id
from parlour.links import address
from parlour.rights import Permission, Who
from parlour.sharing import rules, store
from parlour.sharing.rules import Mode
from parlour.sharing.store import Reader, Share
from parlour.staff import standing
from parlour.tools import Tools
from parlour.transcripts import finding

DEFAULT_HOURS: Final = 24.0
MOST_OPEN: Final = 50
"""Shares of one conversation that may be open at one time."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How a conversation shall be shared."""

    mode: Mode = Mode.VIEW
    hours: float = DEFAULT_HOURS
    name: str = ""
    """What the guest is called unless they say otherwise."""
    show_personal: bool = False
    reuse: bool = False
    """Return an open share of the same kind if there is one, whatever time it has left."""
    by_button: bool = False
    """Whether the pen passes when a button is pressed, not yet when the page is opened."""


@dataclass(frozen=True, slots=True)
class Made:
    """A share, and whether it was made just now."""

    share: Share
    is_new: bool


async def make(tools: Tools, who: Who, conversation_id: str, wish: Wish) -> Made:
    """Share a conversation that whoever shares can see themselves.

    Raises:
        NotFound: they cannot. NotAllowed: personal details of somebody who does not see them.
        Invalid: hours that are no span up to a year. Conflict: too many shares are open.
    """
    return await tools.db.write(_make, tools, who, conversation_id, wish)


def _make(conn: sa.Connection, tools: Tools, who: Who, conversation_id: str, wish: Wish) -> Made:
    now = tools.clock.now()
    talk = finding.find(conn, who, conversation_id)
    if wish.show_personal and not who.sees_personal:
        said = "needs the right to see personal details"
        raise NotAllowed(f"show_personal {said}", errors=[FieldError("show_personal", said)])
    share = Share(
        id=new_share_id(),
        workspace_id=who.workspace_id,
        conversation_id=talk.id,
        mode=wish.mode,
        name=rules.name_of(wish.name, otherwise=""),
        show_personal=wish.show_personal,
        created_at=now,
        by_kind=who.kind,
        by_id=who.id,
        by_name=who.name,
        expires_at=rules.ending(wish.hours, now),
        by_button=wish.by_button,
    )
    there = [each for each in store.of_conversation(conn, talk.id) if each.is_open(now)]
    if wish.reuse and (same := next((e for e in there if _is_like(e, share)), None)):
        return Made(same, is_new=False)
    if len(there) >= MOST_OPEN:
        raise Conflict("this conversation is shared too often; take some shares back first")
    store.insert(conn, share)
    _record(conn, Kind.SHARE_CREATED, who, talk, share)
    return Made(share, is_new=True)


def _is_like(one: Share, other: Share) -> bool:
    """Whether two shares are the same but for their time: of one maker, for the same."""
    names = ("mode", "name", "show_personal", "by_kind", "by_id", "by_button")
    return all(getattr(one, name) == getattr(other, name) for name in names)


async def revoke(tools: Tools, who: Who, conversation_id: str, share_id: str) -> Share:
    """Take a share back at once: its pages end, and its guests lose the pen.

    NotFound for a share that is not there, or was taken back already.
    """

    def unit(conn: sa.Connection) -> Share:
        now = tools.clock.now()
        talk = finding.find(conn, who, conversation_id)
        share = store.find(conn, talk.id, share_id)
        if not store.end(conn, share.id, now):
            raise NotFound("there is no such share")
        takeover.withdraw(conn, tools, who, talk.id, share.holder)
        revoked = replace(share, revoked_at=now)
        _record(conn, Kind.SHARE_REVOKED, who, talk, revoked)
        hints.announce(conn, tools, talk.id, who.workspace_id)
        return revoked

    return await tools.db.write(unit)


def _record(conn: sa.Connection, kind: Kind, who: Who, talk: finding.Talk, share: Share) -> None:
    events.record(
        conn,
        kind,
        who,
        share.revoked_at or share.created_at,
        agent_id=talk.agent_id,
        link_id=talk.link_id,
        conversation_id=talk.id,
        data={
            "share": share.id,
            "mode": share.mode.value,
            "show_personal": share.show_personal,
            "expires_at": share.expires_at,
        },
    )


def every(conn: sa.Connection, who: Who, conversation_id: str) -> list[tuple[Share, list[Reader]]]:
    """List the shares of a conversation with who opened each, newest first; NotFound."""
    talk = finding.find(conn, who, conversation_id)
    found = store.of_conversation(conn, talk.id)
    opened = store.readers_of(conn, [each.id for each in found])
    return [(each, opened[each.id]) for each in found]


def is_backed(conn: sa.Connection, share: Share, now: Moment) -> bool:
    """Whether whoever made a share may still share as much: a demotion ends what they shared."""
    if share.by_kind == "system":
        return True
    maker = standing.now_of(conn, share.workspace_id, share.by_kind, share.by_id, now)
    if maker is None or not maker.may(Permission.CONVERSATIONS_SHARE):
        return False
    if maker.elsewhere and not _sees(conn, maker, share):
        return False
    return maker.sees_personal or not share.show_personal


def _sees(conn: sa.Connection, maker: Who, share: Share) -> bool:
    try:
        finding.find(conn, maker, share.conversation_id)
    except NotFound:
        return False
    return True


async def tidy(tools: Tools) -> None:
    """Take back the shares that nobody stands behind any more, so that no visitor waits for them.

    That they are over, `is_backed` has told every guest already.
    """
    now = tools.clock.now()

    def unit(conn: sa.Connection) -> None:
        for share in store.open_for_guests(conn, now):
            if not is_backed(conn, share, now):
                store.end(conn, share.id, now)
                house = Who("system", share.by_id, "house", share.workspace_id)
                takeover.withdraw(conn, tools, house, share.conversation_id, share.holder)

    if await tools.db.read(_has_unbacked, now):
        await tools.db.write(unit)


def _has_unbacked(conn: sa.Connection, now: Moment) -> bool:
    return not all(is_backed(conn, each, now) for each in store.open_for_guests(conn, now))


async def make_for_handoff(tools: Tools, who: Who, conversation_id: str, hours: float) -> str:
    """Share a conversation with somebody of the team who is asked to answer; return the address.

    It is the same for the same one, and stands on what they may see and do.
    """
    name = who.name if who.kind == "person" else ""
    name = name if len(name) <= rules.LONGEST_NAME else ""
    wish = Wish(Mode.AUTO, hours, name, reuse=True, by_button=True)
    made = await tools.db.write(_make, tools, who, conversation_id, wish)
    await workspaces.meet(tools, who.workspace_id)
    return made.share.url(address.home(tools, who.workspace_id), tools.keys)


async def make_for_agent(tools: Tools, conversation_id: str, arguments: Mapping[str, Any]) -> None:
    """Share a conversation as its agent asked, and leave the address in the agent's variable.

    Asked again, it is the same share, unless the agent says `"reuse": false`. A mode or hours that
    are none count as not said. Personal details of a visitor an agent shares with nobody.
    """
    wish = _asked_for(arguments)

    def unit(conn: sa.Connection) -> None:
        held = holds.lock(conn, conversation_id)
        if held is None:  # erased meanwhile
            return
        name = agents.names(conn, [held.agent_id])[held.agent_id]
        who = Who("system", held.agent_id, name, held.workspace_id, agent_id=held.agent_id)
        made = _make(conn, tools, who, held.id, wish)
        workspaces.met(conn, tools, held.workspace_id)
        url = made.share.url(address.home(tools, held.workspace_id), tools.keys)
        conversations.set_variables(conn, held.id, {SHARE_URL: url})

    await tools.db.write(unit)


def _asked_for(arguments: Mapping[str, Any]) -> Wish:
    mode, hours = arguments.get("mode"), arguments.get("hours")
    wish = Wish(reuse=arguments.get("reuse") is not False)
    if isinstance(mode, str) and mode in set(Mode):
        wish = replace(wish, mode=Mode(mode))
    if isinstance(hours, int | float) and 0 < hours <= rules.LONGEST / HOUR:
        wish = replace(wish, hours=hours)
    return wish
