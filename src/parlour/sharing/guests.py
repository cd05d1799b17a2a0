"""Guests: what a share's address opens, who came by it, and what they say in the agent's place."""

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import sqlalchemy as sa

from parlour import events, takeover
from parlour.chat import typing
from parlour.conversations import hints, holds
from parlour.conversations.holds import Held
from parlour.conversations.model import Message, Pen
from parlour.kit.clock import Moment
from parlour.kit.errors import Conflict, NotAllowed, NotFound, TooMany
from parlour.kit.tokens import new_id, new_secret
from parlour.rights import Who
from parlour.sharing import keeping, rules, store
from parlour.sharing.refusals import NoSuchShare, ShareOver
from parlour.sharing.store import Reader, Share
from parlour.staff import people, standing
from parlour.takeover import Claim
from parlour.tools import Tools
from parlour.transcripts import finding
from parlour.transcripts.finding import Talk

PREFIX: Final = "parlour_guest"
"""What the secret begins with by which a browser is known again, for leak scanners."""
MOST_READERS: Final = 100
"""Browsers that may open one share: each is kept with its name."""


@dataclass(frozen=True, slots=True)
class Guest:
    """What somebody finds who has a share's address."""

    share: Share
    talk: Talk
    reader: Reader | None
    """Who they are; None until their page has said that it was opened."""
    who: Who
    ends_at: Moment
    """When it is over: the share's own end, or that of the key which shared, if that is sooner."""

    @property
    def topics(self) -> tuple[str, ...]:
        """What else may end their looking: a change of what the maker of the share may do."""
        return (people.topic(self.share.by_id),)

    def has_pen(self, now: Moment) -> bool:
        """Whether they may write just now: the pen is their share's."""
        hold = self.talk.hold
        return (
            self.talk.closed_at is None
            and hold is not None
            and self.talk.pen(now) is Pen.OPERATOR
            and hold.is_by(*self.share.holder)
        )


async def look(tools: Tools, token: str, secret: str | None) -> Guest:
    """Look at what a share's address opens, without touching anything.

    Raises:
        NoSuchShare: the token was not made here, or what it opened is erased.
        ShareOver: its time is over, or it was taken back.
    """
    return await tools.db.read(_look, tools, token, secret)


def _look(conn: sa.Connection, tools: Tools, token: str, secret: str | None) -> Guest:
    share = _opened(conn, tools, token)
    reader = store.reader_of(conn, share.id, _hashes(tools, secret))
    who = _who(share, reader)
    try:
        talk = finding.find(conn, who, share.conversation_id)
    except NotFound as gone:
        raise NoSuchShare("there is nothing here") from gone
    end = standing.ends_at(conn, share.by_kind, share.by_id)
    return Guest(share, talk, reader, who, min(share.expires_at, end or share.expires_at))


@dataclass(frozen=True, slots=True)
class Judged:
    """Judges again whether those who look on by a share may still do so; None is yes."""

    token: str
    tools: Tools = field(compare=False)

    def __call__(self, conn: sa.Connection) -> NoSuchShare | ShareOver | None:
        """Look at the share as it is now."""
        try:
            _opened(conn, self.tools, self.token)
        except (NoSuchShare, ShareOver) as over:
            return over
        return None


def judge(tools: Tools, token: str) -> Judged:
    """Return what judges all alike who look on by the same share."""
    return Judged(token, tools)


def _opened(conn: sa.Connection, tools: Tools, token: str) -> Share:
    genuine = tools.keys.open_share(token)
    share = None if genuine is None else store.by_id(conn, genuine.share_id)
    if genuine is None or share is None or not tools.has(share.workspace_id):
        raise NoSuchShare("there is nothing here")
    if not rules.agrees(genuine, share.mode, share.expires_at):
        raise NoSuchShare("there is nothing here")
    now = tools.clock.now()
    if share.revoked_at is not None:
        raise ShareOver("share_revoked")
    if now >= share.expires_at:
        raise ShareOver("share_expired", share.expires_at)
    if not keeping.is_backed(conn, share, now):
        raise ShareOver("share_revoked")
    return share


def _who(share: Share, reader: Reader | None) -> Who:
    name = rules.NOBODY if reader is None else reader.name
    return Who("guest", share.id, name, share.workspace_id, sees_personal=share.show_personal)


async def open_(
    tools: Tools, token: str, secret: str | None, *, pressed: bool = False
) -> str | None:
    """Note that somebody has the page before them; return the secret by which to know them again.

    Who is known already is not noted twice (None). Who opens a share that lets them answer has
    the pen from then on, unless somebody of the team has it, or a button must have been `pressed`
    for it; the first one is known as the share says, others by a number.
    """
    made = new_secret(PREFIX)

    def unit(conn: sa.Connection) -> Guest | None:
        guest = _look(conn, tools, token, secret)
        if guest.reader is not None:
            return None
        share, now = guest.share, tools.clock.now()
        before = len(store.readers_of(conn, [share.id])[share.id])
        if before >= MOST_READERS:
            raise TooMany("this has been opened by too many people")
        name = f"{rules.NOBODY} {before + 1}" if before else share.name or rules.NOBODY
        reader = Reader(new_id("gst"), share.id, name, now)
        store.add_reader(conn, reader, tools.keys.hashed(made))
        _record_opening(conn, guest, reader, now)
        return guest

    guest = await tools.db.write(unit)
    if guest is None:
        return None
    if guest.share.mode.answers and (pressed or not guest.share.by_button):
        with suppress(Conflict):  # somebody of the team has the pen: the page says who
            await take(tools, token, made)
    return made


def _record_opening(conn: sa.Connection, guest: Guest, reader: Reader, now: Moment) -> None:
    talk, share = guest.talk, guest.share
    events.record(
        conn,
        events.Kind.SHARE_OPENED,
        guest.who,
        now,
        agent_id=talk.agent_id,
        link_id=talk.link_id,
        conversation_id=talk.id,
        data={"share": share.id, "mode": share.mode.value, "reader": reader.id},
    )


async def take(tools: Tools, token: str, secret: str | None) -> None:
    """Give the pen to a guest, from the agent or from whoever made the share.

    Raises:
        Conflict: somebody else of the team has it, or the visitor has closed the conversation.
        NotAllowed: the share is to be read only, or nobody has opened it in this browser.
    """
    share = _answering(await look(tools, token, secret)).share

    def ask(conn: sa.Connection, held: Held, _now: Moment) -> Claim:
        guest = _answering(_look(conn, tools, token, secret))
        hold = held.hold
        from_maker = hold is not None and hold.is_by(share.by_kind, share.by_id)
        waits = share.mode is rules.Mode.TAKEOVER
        return Claim(guest.who, share.expires_at, waits, force=from_maker)

    await takeover.claim(tools, share.conversation_id, ask)


async def say(
    tools: Tools, token: str, secret: str | None, text: str, client_id: str | None
) -> Message:
    """Say something as a guest who has the pen; as `takeover.say`.

    NotAllowed for a share that is to be read only, and for who has not opened it.
    """
    guest = _answering(await look(tools, token, secret))

    def judged(conn: sa.Connection) -> None:
        _opened(conn, tools, token)

    return await takeover.say(tools, guest.who, guest.talk.id, text, client_id, judge=judged)


async def types(tools: Tools, token: str, secret: str | None) -> None:
    """Tell the visitor that a guest types. Conflict for a guest who has not the pen."""
    guest = _answering(await look(tools, token, secret))
    await typing.person_types(tools, guest.who, guest.talk.id)


async def release(tools: Tools, token: str, secret: str | None) -> None:
    """Hand back to the agent; Conflict for a guest who has not the pen."""
    guest = _answering(await look(tools, token, secret))
    await takeover.release(tools, guest.who, guest.talk.id)


async def rename(tools: Tools, token: str, secret: str | None, name: str) -> None:
    """Call a guest as they wish; the visitor reads it at once if they have the pen.

    Invalid for what cannot be a name; NotAllowed for who has not opened the share.
    """
    wanted = rules.name_of(name)

    def unit(conn: sa.Connection) -> None:
        guest = _look(conn, tools, token, secret)
        if guest.reader is None:
            raise NotAllowed(_NOT_OPENED)
        store.name_reader(conn, guest.reader.id, wanted)
        held = holds.lock(conn, guest.talk.id)
        if held is None or held.hold is None or not held.hold.is_by(*guest.share.holder):
            return
        if held.hold.by_name == guest.reader.name:
            holds.rename(conn, held.id, wanted)
            hints.announce(conn, tools, held.id, held.workspace_id)

    await tools.db.write(unit)


_NOT_OPENED: Final = "open the page first"


def _answering(guest: Guest) -> Guest:
    """Return a guest who may answer; NotAllowed for all others, whatever their page sent."""
    if not guest.share.mode.answers:
        raise NotAllowed("this conversation is shared to be read", code="read_only")
    if guest.reader is None:
        raise NotAllowed(_NOT_OPENED)
    return guest


def _hashes(tools: Tools, secret: str | None) -> list[str]:
    if secret is None or not secret.startswith(PREFIX + "_") or len(secret) > 100:
        return []
    return tools.keys.hashes(secret)
