"""Seeing personal details that are hidden from one: for a reason, written down, for a while."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, TypeVar

import sqlalchemy as sa

from parlour import events, privacy
from parlour.conversations import hints
from parlour.events import Kind
from parlour.kit.clock import MINUTE, Moment
from parlour.kit.errors import Conflict, NotAllowed
from parlour.kit.tokens import new_id
from parlour.privacy import rules, store
from parlour.privacy.store import Revealed
from parlour.rights import Who
from parlour.tools import Tools
from parlour.transcripts import finding
from parlour.transcripts.finding import Talk

Bar = TypeVar("Bar")

SHOWN_FOR: Final[Moment] = 15 * MINUTE


@dataclass(frozen=True, slots=True)
class Sight:
    """A conversation as somebody sees it just now."""

    who: Who
    """They, seeing what they see of this one conversation: never to be used for another."""
    talk: Talk
    shown_until: Moment | None
    """Until when personal details are shown that are hidden from them; None where none are."""
    may_reveal: bool
    """Whether they may have hidden details shown, if they say why."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """Why somebody who was shown personal details may look no longer."""

    code: str = "reveal_over"
    title: str = "Personal details are hidden again"
    detail: str = "Load the page again."
    after_reply: bool = False


def find(conn: sa.Connection, who: Who, conversation_id: str, now: Moment) -> Sight:
    """Find a conversation as somebody sees it at a moment; NotFound as `finding.find`."""
    talk = finding.find(conn, who, conversation_id)
    if who.sees_personal:
        return Sight(who, talk, None, may_reveal=False)
    shown = _shown(conn, who, talk.id, now)
    if shown is None:
        return Sight(who, talk, None, rules.may_reveal(privacy.find(conn, who.workspace_id), who))
    seeing = replace(who, sees_personal=True)
    return Sight(seeing, finding.find(conn, seeing, talk.id), shown.ends_at, may_reveal=False)


def _shown(conn: sa.Connection, who: Who, conversation_id: str, now: Moment) -> Revealed | None:
    """What somebody may see no longer who may not reveal it any more."""
    shown = store.revealed(conn, who, conversation_id, now)
    if shown is None or not rules.may_reveal(privacy.find(conn, who.workspace_id), who):
        return None
    return shown


def judge(
    tools: Tools, who: Who, conversation_id: str, judged: Callable[[sa.Connection], Bar | None]
) -> Callable[[sa.Connection], Bar | Hidden | None]:
    """Return what judges, beside `judged`, whether somebody is shown what was hidden from them."""

    def looked(conn: sa.Connection) -> Bar | Hidden | None:
        bar = judged(conn)
        if bar is None and _shown(conn, who, conversation_id, tools.clock.now()) is None:
            return Hidden()
        return bar

    return looked


async def reveal(tools: Tools, who: Who, conversation_id: str, reason: str) -> Moment:
    """Show somebody the personal details of a conversation; return until when.

    Raises:
        NotFound: it is not theirs to see at all. NotAllowed: nor are its details, for any reason.
        Conflict: they are shown to them anyway. Invalid: that is no reason.
    """

    def unit(conn: sa.Connection) -> Moment:
        talk = finding.find(conn, who, conversation_id)
        if who.sees_personal:
            raise Conflict("personal details are shown to you anyway")
        if not rules.may_reveal(privacy.find(conn, who.workspace_id), who):
            raise NotAllowed("personal details are not shown to your role, for any reason")
        told, now = rules.reason_of(reason), tools.clock.now()
        shown = Revealed(new_id("rvl"), talk.id, now + SHOWN_FOR)
        store.add_reveal(conn, who, shown)
        data = {"reason": told, "ends_at": shown.ends_at}
        _record(conn, Kind.CONVERSATION_REVEALED, who, talk, now=now, data=data)
        return shown.ends_at

    return await tools.db.write(unit)


async def hide(tools: Tools, who: Who, conversation_id: str) -> bool:
    """Hide again what was revealed to somebody, at once; whether anything was. NotFound."""

    def unit(conn: sa.Connection) -> bool:
        talk, now = finding.find(conn, who, conversation_id), tools.clock.now()
        if not store.end_reveals(conn, who, talk.id, now):
            return False
        _record(conn, Kind.CONVERSATION_HIDDEN, who, talk, now=now, data={})
        hints.announce(conn, tools, talk.id, who.workspace_id)
        return True

    return await tools.db.write(unit)


def _record(
    conn: sa.Connection, kind: Kind, who: Who, talk: Talk, *, now: Moment, data: dict[str, object]
) -> None:
    events.record(
        conn,
        kind,
        who,
        now,
        agent_id=talk.agent_id,
        link_id=talk.link_id,
        conversation_id=talk.id,
        data=data,
    )
