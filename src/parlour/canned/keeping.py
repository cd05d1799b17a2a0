"""Making, changing and deleting canned replies; each is one transaction."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from parlour import events
from parlour.canned.store import CannedReply, canned_replies, count, hold
from parlour.kit.clock import Moment
from parlour.kit.errors import Conflict, FieldError, Invalid, NotAllowed, Stale
from parlour.kit.texts import trouble
from parlour.kit.tokens import new_id
from parlour.rights import Who
from parlour.tools import Tools

LONGEST: Final = 2_000
"""Characters of a reply."""
MOST: Final = 200
"""Replies of a workspace: all of them are in every page of the desk that has a message box."""
SHORTCUT: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}\Z", re.ASCII)

_C: Final = canned_replies.c


def checked(shortcut: str, text: str) -> tuple[str, str]:
    """Return both as they are kept; Invalid says which does not fit."""
    shortcut, text = shortcut.strip().lstrip(";").lower(), text.replace("\r\n", "\n").strip()
    errors = []
    if not SHORTCUT.match(shortcut):
        errors.append(FieldError("shortcut", "1 to 40 of a to z, 0 to 9 and -"))
    if (said := trouble(text, LONGEST, lines=True)) is not None:
        errors.append(FieldError("text", said))
    if errors:
        raise Invalid("the canned reply does not fit", errors=errors)
    return shortcut, text


async def create(tools: Tools, who: Who, shortcut: str, text: str) -> CannedReply:
    """Make a canned reply. Conflict when the shortcut is taken, or there are too many."""
    _require_whole(who)
    shortcut, text = checked(shortcut, text)

    def unit(conn: sa.Connection) -> CannedReply:
        if count(conn, who.workspace_id) >= MOST:
            raise Conflict(f"there are {MOST} canned replies already", code="too_many")
        now = tools.clock.now()
        made = CannedReply(new_id("can"), shortcut, text, now, now, who.name[:200])
        values = {name: getattr(made, name) for name in CannedReply.__slots__}
        conn.execute(sa.insert(canned_replies).values(workspace_id=who.workspace_id, **values))
        _record(conn, events.Kind.CANNED_CREATED, who, made, now)
        return made

    return await _unique(tools, unit)


async def change(
    tools: Tools, who: Who, id_: str, shortcut: str, text: str, *, seen: Moment | None = None
) -> CannedReply:
    """Change a canned reply; `seen` is the `updated_at` of what the changer had before them.

    Raises:
        NotFound. Stale: somebody else has changed it since. Conflict: the shortcut is taken.
    """
    _require_whole(who)
    shortcut, text = checked(shortcut, text)

    def unit(conn: sa.Connection) -> CannedReply:
        held = hold(conn, who.workspace_id, id_)
        if seen is not None and seen != held.updated_at:
            raise Stale(f"{held.updated_by} changed this meanwhile; look again before you save")
        if (held.shortcut, held.text) == (shortcut, text):
            return held
        now = max(tools.clock.now(), held.updated_at + 1)
        made = replace(
            held, shortcut=shortcut, text=text, updated_at=now, updated_by=who.name[:200]
        )
        conn.execute(
            sa.update(canned_replies)
            .where(_C.id == held.id)
            .values(shortcut=shortcut, text=text, updated_at=now, updated_by=made.updated_by)
        )
        _record(conn, events.Kind.CANNED_CHANGED, who, made, now)
        return made

    return await _unique(tools, unit)


async def delete(tools: Tools, who: Who, id_: str) -> None:
    """Delete a canned reply; NotFound when there is none."""
    _require_whole(who)

    def unit(conn: sa.Connection) -> None:
        held = hold(conn, who.workspace_id, id_)
        conn.execute(sa.delete(canned_replies).where(_C.id == held.id))
        _record(conn, events.Kind.CANNED_DELETED, who, held, tools.clock.now())

    await tools.db.write(unit)


def _require_whole(who: Who) -> None:
    if who.agent_id is not None:
        raise NotAllowed("canned replies are for all agents; this key is for one alone")


async def _unique(tools: Tools, unit: Callable[[sa.Connection], CannedReply]) -> CannedReply:
    try:
        return await tools.db.write(unit)
    except IntegrityError as error:
        said = "is taken: another canned reply has it"
        raise Conflict(
            f"the shortcut {said}", code="taken", errors=[FieldError("shortcut", said)]
        ) from error


def _record(
    conn: sa.Connection, kind: events.Kind, who: Who, reply: CannedReply, now: Moment
) -> None:
    events.record(conn, kind, who, now, data={"shortcut": reply.shortcut, "canned_reply": reply.id})
