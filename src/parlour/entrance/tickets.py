"""Tickets: what a visitor presents with a message, judged inside the message's transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from parlour import events, visitors
from parlour.agents import store as agents
from parlour.agents import variables
from parlour.agents.instead import Answerer
from parlour.conversations import moving
from parlour.entrance import carrying, seating
from parlour.entrance.doors import Door, look_at, opened
from parlour.entrance.purse import Purse
from parlour.entrance.refusals import NoSuchSession, Refused
from parlour.kit.clock import DAY, Moment
from parlour.kit.tokens import LinkToken
from parlour.links import past, uses
from parlour.links import store as links
from parlour.links.rules import Refuse, Why
from parlour.links.uses import Spent
from parlour.rights import Who
from parlour.tools import Tools
from parlour.verification.rules import When


@dataclass(frozen=True, slots=True)
class Brought:
    """What comes along with a message, as nobody has judged it yet."""

    variables: Mapping[str, Any] = field(default_factory=dict)
    """What the visitor typed into a form, or the page or the address gives."""
    signed: Mapping[str, Any] = field(default_factory=dict)
    """Those for which the owner's program vouches."""
    files: tuple[str, ...] = ()
    """The ids of files that came before it, and go along."""


NOTHING_BROUGHT: Final = Brought()


@dataclass(frozen=True, slots=True)
class Entered:
    """Who came in, and where to."""

    door: Door
    visitor_id: str
    session: str
    """The secret that finds this visitor again."""
    is_new: bool
    purse: Purse
    language: str | None
    """What the visitor reads, where their browser or the address says so."""
    brought: Brought = NOTHING_BROUGHT

    def collected(self, *, first: bool) -> dict[str, Any]:
        """Return the variables that come along; Unfit where `first` lacks what is required."""
        content = self.door.content
        if content is None or not content.variables:
            return {}
        came = self.brought
        return variables.taken(content.variables, came.variables, came.signed, first=first)

    def attached(
        self, conn: sa.Connection, conversation_id: str, beside: Sequence[Mapping[str, Any]] = ()
    ) -> dict[str, Any] | None:
        """Make what the visitor sends along part of a conversation, and return how it is told.

        `beside`: files that go along anyway. Errors as of `carrying.attach`.
        """
        ids = self.brought.files
        if not ids:
            return None
        where = (conversation_id, self.visitor_id)
        return carrying.attach(conn, self.purse.tools, self.door, where, ids, beside=beside)

    @property
    def allowance(self) -> tuple[int, int, int] | None:
        """The visitor's daily limit of tokens, what is left, and in how many seconds it is whole.

        None where there is none, or nothing was reserved.
        """
        return self.purse.allowance

    def reserve(self, conn: sa.Connection, turn_id: str, now: Moment) -> Answerer | None:
        """Reserve what a turn may cost; return who answers instead where a budget is spent.

        Refused when nothing is left, and nobody answers instead.
        """
        return self.purse.reserve(conn, turn_id, now)


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
    place: str = ""
    """Where it comes from, as a keyed hash."""
    language: str | None = None
    """What the visitor reads, where their browser or the address says so."""
    host: str | None = None
    """The site whose page the chat stands in: empty for one that is not known, None for none."""
    brought: Brought = NOTHING_BROUGHT

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
        door = self.look(conn, secret, now)
        if door.visitor_id is None and secret != self.fresh:
            if self.known:
                raise NoSuchSession("there is no such session on this link")
            secret = self.fresh
            door = self.look(conn, secret, now)
        if (refused := door.refused() or self.unproved(conn, door)) is not None:
            raise refused
        seating.take(conn, door, now)
        ends = now + tools.settings.session_days * DAY
        if door.visitor_id is not None and door.session is not None:
            self._go_on(conn, door, door.visitor_id, now)
            links.touch(conn, door.link_id, door.used_at, now)
            if door.came_by != door.address:
                visitors.come_by(conn, door.session, door.address)
            if now - door.seen_at > visitors.TOUCH_EVERY or door.came_by != door.address:
                self._touch(conn, door, door.session, now, ends)
            return self._entered(door, door.visitor_id, secret, is_new=False)
        spent = self._spend(conn, door, now)
        if spent is None:
            return self(conn, now)  # the same first message was here meanwhile: now they are known
        visitor_id = visitors.arrive(
            conn,
            workspace_id=door.workspace_id,
            agent_id=door.agent_id,
            link_id=door.link_id,
            session_hash=tools.keys.hashed(self.fresh),
            address=door.address,
            now=now,
            expires_at=ends,
        )
        if spent.is_last:
            _exhausted(conn, door, visitor_id, now)
        return self._entered(door, visitor_id, self.fresh, is_new=True)

    def look(self, conn: sa.Connection, secret: str, now: Moment) -> Door:
        """Look at the door of this ticket; errors as of `look_at`."""
        found = look_at(conn, self.tools, self.token, secret, now)
        return found if self.host is None else msgspec.structs.replace(found, host=self.host)

    def _entered(self, door: Door, visitor_id: str, session: str, *, is_new: bool) -> Entered:
        purse = Purse(self.tools, door, visitor_id, session, self.place)
        return Entered(door, visitor_id, session, is_new, purse, self.language, self.brought)

    def unproved(self, conn: sa.Connection, door: Door) -> Refused | None:
        """Return that it is time to confirm an address, where some messages go before that."""
        if door.terms.when is not When.AFTER or door.proof is not None or door.visitor_id is None:
            return None
        if moving.said_by(conn, door.visitor_id) < door.terms.after:
            return None
        return door.unproved()

    @staticmethod
    def _touch(conn: sa.Connection, door: Door, session: str, now: Moment, ends: Moment) -> None:
        # Who proved something is known by it for a while, and not for longer by saying more.
        visitors.touch(conn, session, now, ends if door.proof is None else None)

    def _go_on(self, conn: sa.Connection, door: Door, visitor_id: str, now: Moment) -> None:
        """Go on in the visitor's use of a link that has a maximum, or take another one."""
        if door.use is None:
            return
        if door.use_lasts or not visitors.begin_again(conn, visitor_id, door.use.began_at, now):
            visitors.go_on(conn, visitor_id, now)
        elif (spent := self._spend(conn, door, now)) is not None and spent.is_last:
            _exhausted(conn, door, visitor_id, now)

    def _spend(self, conn: sa.Connection, door: Door, now: Moment) -> Spent | None:
        """Take a use; None when whoever comes new turns out to be inside by now.

        Raises:
            Refused: the door was shut meanwhile, or none is left.
        """
        secret = self.session or self.fresh
        if agents.share(conn, door.agent_id):
            # Who switches the agent off waits for this message, or was before it.
            refused = self.look(conn, secret, now).refused()
            if refused is not None:
                raise refused
        spent = uses.spend(conn, door.link_id, now)
        if spent is not None:
            if spent.address != door.address:
                self._still_leads(conn, door, now)
            return spent
        # Somebody was faster: took the last use, or shut the door. What is so now is told.
        again = self.look(conn, secret, now)
        if (refused := again.refused()) is not None:
            raise refused
        if door.visitor_id is None and again.visitor_id is not None:
            return None
        raise door.refusing(Refuse(Why.USED_UP))

    @staticmethod
    def _still_leads(conn: sa.Connection, door: Door, now: Moment) -> None:
        # Whoever gives the link another address holds its row, as this transaction does by now.
        old = past.find(conn, door.link_id, door.address)
        if old is None or old.ends_at <= now:
            raise door.refusing(Refuse(Why.REPLACED, now if old is None else old.ends_at))


def _exhausted(conn: sa.Connection, door: Door, visitor_id: str, now: Moment) -> None:
    who = Who("visitor", visitor_id, "", door.workspace_id)
    kind, agent, link = events.Kind.LINK_EXHAUSTED, door.agent_id, door.link_id
    events.record(conn, kind, who, now, agent_id=agent, link_id=link)


def ticket(
    tools: Tools,
    token: str,
    session: str | None,
    start: str | None = None,
    *,
    known: bool = False,
    place: str = "",
    language: str | None = None,
    host: str | None = None,
    brought: Brought = NOTHING_BROUGHT,
) -> Ticket:
    """Make the ticket for a message; a token that is not genuine is refused when it is judged.

    `start` is a secret that `start_of` gave out: sending a first message twice with the same one
    begins one session. It is taken from the message itself, never from a cookie, which somebody
    else might have planted. `known`: a session that is named must exist, else NoSuchSession.
    `place`: where the message comes from, as a keyed hash. `language`: what the visitor reads.
    `host`: the site whose page the chat stands in, as `Ticket.host`.
    """
    genuine = opened(tools, token)
    if session is not None and not tools.keys.minted(session, genuine.link_id):
        if known:
            raise NoSuchSession("there is no such session on this link")
        session = None
    begun = start is not None and tools.keys.minted(start, genuine.link_id)
    fresh = start if start and begun else tools.keys.mint_session(genuine.link_id)
    return Ticket(tools, genuine, session, fresh, known, begun, place, language, host, brought)


def start_of(tools: Tools, link_id: str, given: str = "") -> str:
    """Return a secret with which a new visitor may begin a session; nothing is stored.

    `given`: one that another page of the link gave out; it is the one then, so that both begin the
    same session.
    """
    return given if tools.keys.minted(given, link_id) else tools.keys.mint_session(link_id)
