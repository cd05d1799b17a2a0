"""Coming in by a link: look at the door, and step in with the first message, all or nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec
import sqlalchemy as sa

from parlour import visitors
from parlour.agents.model import Content
from parlour.agents.store import agents, published_content
from parlour.conversations.store import conversations
from parlour.kit.clock import DAY, Moment
from parlour.kit.db import Prepared, Row
from parlour.kit.errors import NotFound, Problem
from parlour.kit.tokens import LinkToken
from parlour.links import rules
from parlour.links import store as links
from parlour.links.rules import Admit, Refuse, Why
from parlour.tools import Tools
from parlour.visitors import sessions
from parlour.widgets.store import widgets


class Refused(Problem):
    """The house says no to a visitor, and why."""

    def __init__(
        self,
        refusal: Refuse,
        content: Content | None = None,
        accent: str | None = None,
        *,
        said: bool = False,
    ) -> None:
        """Carry the refusal; whose door it is, and how it looks, if that may be told.

        `said`: whether this visitor has said anything here.
        """
        self.refusal = refusal
        self.content = content
        self.accent = accent
        self.readable = said and refusal.why.is_over
        """Whether this visitor may still read what they said here."""
        self.status = STATUS[refusal.why]
        super().__init__(SAID[refusal.why], code=refusal.why.value)

    @property
    def after_reply(self) -> bool:
        """Whether who is inside may first see the reply to its end that is being written."""
        return self.refusal.why.is_over


class NoSuchSession(NotFound):
    """A session that is nobody's, or somebody's on another link."""

    default_code = "session_not_found"


STATUS = {
    Why.NOT_FOUND: 404,
    Why.DISABLED: 403,
    Why.EXPIRED: 410,
    Why.NOT_PUBLISHED: 403,
    Why.OFFLINE: 503,
}

SAID = {
    Why.NOT_FOUND: "there is nothing here",
    Why.DISABLED: "this link is switched off",
    Why.EXPIRED: "this link has ended",
    Why.NOT_PUBLISHED: "this assistant is not published yet",
    Why.OFFLINE: "this assistant is away for now",
}


class Door(msgspec.Struct, frozen=True):
    """What a genuine token opens onto, as one read found it."""

    link_id: str
    workspace_id: str
    agent_id: str
    agent_version: int
    content: Content | None
    """What visitors get of the agent, as the link's widget shows it; None while nothing was ever
    published."""
    welcome_message: str | None
    """The link's own, which goes before the agent's."""
    accent: str | None
    """The widget's, six hexadecimal digits; None for the house's ink."""
    verdict: Admit | Refuse
    session: str | None
    """The hash of the visitor's session, when the one presented is good on this link."""
    visitor_id: str | None
    seen_at: Moment
    conversation_id: str | None
    """The visitor's open conversation."""
    used_at: Moment | None
    """When somebody last said something by this link, to the minute."""
    preview: bool = False
    """Whether somebody of the staff tries a draft here; such a page may stand in the studio."""

    @property
    def agent_name(self) -> str:
        """The agent's name as visitors see it."""
        return "" if self.content is None else self.content.display_name

    def refused(self) -> Refused | None:
        """Return why this door lets nobody in; None while it is open."""
        if not isinstance(self.verdict, Refuse):
            return None
        said = self.conversation_id is not None
        return Refused(self.verdict, self.content, self.accent, said=said)


async def look(tools: Tools, token: str, session: str | None) -> Door:
    """Look at a link's door without touching anything; one short read at most.

    Raises:
        Refused: the token is forged, malformed, revoked or of a deleted agent, all alike.
    """
    genuine = tools.keys.open_link(token)
    if genuine is None:
        raise Refused(Refuse(Why.NOT_FOUND))
    if session is not None and not tools.keys.minted(session, genuine.link_id):
        session = None
    return await tools.db.read(_look, tools, genuine, session, tools.clock.now())


async def admitted(tools: Tools, token: str, session: str | None) -> Door:
    """Look at a door that must be open; Refused says why it is not."""
    door = await look(tools, token, session)
    if (refused := door.refused()) is not None:
        raise refused
    return door


async def readable(tools: Tools, token: str, session: str | None) -> Door:
    """Look at a door behind which a visitor may read their own conversation, if they have one.

    It is open, or was until its time came; Refused for every other door, and for strangers.
    """
    door = await look(tools, token, session)
    if (refused := door.refused()) is not None and not refused.readable:
        raise refused
    return door


def judge(tools: Tools, token: str) -> Callable[[sa.Connection], Refused | None]:
    """Return what judges a door again for somebody who is inside; None while it is open."""

    def judged(conn: sa.Connection) -> Refused | None:
        genuine = tools.keys.open_link(token)
        if genuine is None:
            return Refused(Refuse(Why.NOT_FOUND))
        try:
            return _look(conn, tools, genuine, None, tools.clock.now()).refused()
        except Refused as refused:
            return refused

    return judged


@dataclass(frozen=True, slots=True)
class Entered:
    """Who came in, and where to."""

    door: Door
    visitor_id: str
    session: str
    """The secret that finds this visitor again."""
    is_new: bool


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a visitor presents with a message, judged inside the message's own transaction."""

    tools: Tools
    token: LinkToken
    session: str | None
    """The secret the visitor holds, when there is one."""
    fresh: str
    """A secret made by us, for the session that begins if the one presented is not good."""
    known: bool
    """The session presented must be good; none may begin in its place."""
    begun: bool = False
    """`fresh` was given out before, and came back with the message."""

    @property
    def secret_of_caller(self) -> str | None:
        """What nobody but this visitor can present; None for one who brings nothing."""
        return self.session or (self.fresh if self.begun else None)

    def __call__(self, conn: sa.Connection, now: Moment) -> Entered:
        """Judge all of it again, spend the use of a new visitor, and say who came in.

        Raises:
            Refused: the door closed meanwhile; nothing was changed.
        """
        tools = self.tools
        secret = self.session or self.fresh
        door = _look(conn, tools, self.token, secret, now)
        if door.visitor_id is None and secret != self.fresh:
            if self.known:
                raise NoSuchSession("there is no such session on this link")
            secret = self.fresh
            door = _look(conn, tools, self.token, secret, now)
        if (refused := door.refused()) is not None:
            raise refused
        ends = now + tools.settings.session_days * DAY
        if door.visitor_id is not None and door.session is not None:
            links.touch(conn, door.link_id, door.used_at, now)
            if now - door.seen_at > visitors.TOUCH_EVERY:
                visitors.touch(conn, door.session, now, ends)
            return Entered(door, door.visitor_id, secret, is_new=False)
        if not links.spend(conn, door.link_id, now):
            raise Refused(Refuse(Why.NOT_FOUND))
        visitor_id = visitors.arrive(
            conn,
            workspace_id=door.workspace_id,
            agent_id=door.agent_id,
            link_id=door.link_id,
            session_hash=tools.keys.hashed(self.fresh),
            now=now,
            expires_at=ends,
        )
        return Entered(door, visitor_id, self.fresh, is_new=True)


def ticket(
    tools: Tools,
    token: str,
    session: str | None,
    start: str | None = None,
    *,
    known: bool = False,
) -> Ticket:
    """Make the ticket for a message; Refused for a token that is not genuine.

    `start` is a secret that `start_of` gave out: sending a first message twice with the same one
    begins one session. It is taken from the message itself, never from a cookie, which somebody
    else might have planted. `known`: a session that is named must exist, else NoSuchSession.
    """
    genuine = tools.keys.open_link(token)
    if genuine is None:
        raise Refused(Refuse(Why.NOT_FOUND))
    if session is not None and not tools.keys.minted(session, genuine.link_id):
        if known:
            raise NoSuchSession("there is no such session on this link")
        session = None
    begun = start is not None and tools.keys.minted(start, genuine.link_id)
    fresh = start if start and begun else tools.keys.mint_session(genuine.link_id)
    return Ticket(tools, genuine, session, fresh, known, begun)


def start_of(tools: Tools, link_id: str) -> str:
    """Return a secret with which a new visitor may begin a session; nothing is stored."""
    return tools.keys.mint_session(link_id)


_LINK = links.links.c
_LOOK = widgets.c
_NOBODY = ""
"""Stands for the hash of a session that was not presented: no hash is empty."""


@cache
def _door(hashes: int) -> Prepared:
    """Prepare the one read of a door; a session has as many hashes as there are secret keys."""
    presented: list[Any] = [sa.bindparam(f"hash_{n}") for n in range(hashes)]
    is_theirs = sa.and_(
        sessions.c.link_id == _LINK.id,
        sessions.c.hash.in_(presented),
        sessions.c.expires_at > sa.bindparam("now"),
    )
    is_open = sa.and_(
        conversations.c.visitor_id == sessions.c.visitor_id, conversations.c.closed_at.is_(None)
    )
    return Prepared(
        sa.select(
            _LINK.id.label("link_id"),
            _LINK.workspace_id,
            _LINK.kind,
            _LINK.token_expires,
            _LINK.expires_at,
            _LINK.enabled,
            _LINK.revoked_at,
            _LINK.welcome_message,
            _LINK.last_used_at,
            _LOOK.title,
            _LOOK.welcome_message.label("widget_welcome"),
            _LOOK.accent,
            agents.c.id.label("agent_id"),
            agents.c.published,
            agents.c.live,
            agents.c.deleted_at,
            agents.c.draft_of,
            sessions.c.hash.label("session"),
            sessions.c.visitor_id,
            sessions.c.seen_at,
            conversations.c.id.label("conversation_id"),
        )
        .select_from(links.links)
        .join(agents, agents.c.id == _LINK.agent_id)
        .outerjoin(widgets, sa.and_(_LOOK.id == _LINK.widget_id, _LOOK.deleted_at.is_(None)))
        .outerjoin(sessions, is_theirs)
        .outerjoin(conversations, is_open)
        .where(_LINK.id == sa.bindparam("link"))
    )


def _look(
    conn: sa.Connection, tools: Tools, token: LinkToken, session: str | None, now: Moment
) -> Door:
    hashes = tools.keys.hashes(session) if session else [_NOBODY]
    given = {f"hash_{n}": each for n, each in enumerate(hashes)}
    row = _door(len(hashes)).first(conn, link=token.link_id, now=now, **given)
    verdict = rules.admit(token, None if row is None else _standing(row), now)
    if row is None or verdict == Refuse(Why.NOT_FOUND):
        raise Refused(Refuse(Why.NOT_FOUND))
    published = row.published
    return Door(
        row.link_id,
        row.workspace_id,
        row.agent_id,
        published or 0,
        None if published is None else _worn(published_content(conn, row.agent_id, published), row),
        row.welcome_message,
        row.accent,
        verdict,
        row.session,
        row.visitor_id,
        row.seen_at or 0,
        row.conversation_id,
        row.last_used_at,
        row.draft_of is not None,
    )


def _worn(content: Content, row: Row) -> Content:
    """Return what visitors get of an agent as a widget shows it."""
    if row.title is None and row.widget_welcome is None:
        return content
    return msgspec.structs.replace(
        content,
        display_name=row.title or content.display_name,
        welcome_message=row.widget_welcome or content.welcome_message,
    )


def _standing(row: Row) -> rules.Standing:
    return rules.Standing(
        kind=row.kind,
        token_expires=row.token_expires,
        expires_at=row.expires_at,
        enabled=row.enabled,
        revoked=row.revoked_at is not None,
        agent_published=row.published is not None,
        agent_live=row.live,
        agent_deleted=row.deleted_at is not None,
    )
