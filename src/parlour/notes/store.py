"""The rows of notes: what somebody left, at which link, why it was shut, and who saw to it."""

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import sqlalchemy as sa

from parlour.kit import masking
from parlour.kit.clock import Moment
from parlour.kit.db import metadata
from parlour.kit.errors import NotFound
from parlour.privacy import Hide, hiding
from parlour.rights import Who


class Wish(StrEnum):
    """What somebody wants who leaves a note."""

    LINK = "link"
    """A new link, in place of one that has ended or was never theirs."""
    MESSAGE = "message"
    """To tell the team something while nobody answers."""
    ANSWER = "answer"
    """To be written to: nobody came when they asked for a person."""


notes = sa.Table(
    "notes",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id"), nullable=False),
    sa.Column("agent_id", sa.ForeignKey("agents.id"), nullable=False),
    sa.Column("link_id", sa.ForeignKey("links.id"), nullable=False),
    sa.Column("wish", sa.String(10), nullable=False),
    sa.Column("why", sa.String(30), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("contact", sa.String(200), nullable=False),
    sa.Column("left_at", sa.BigInteger, nullable=False),
    sa.Column("told_at", sa.BigInteger),
    sa.Column("done_at", sa.BigInteger),
    sa.Column("done_by", sa.String(200)),
    sa.Column("conversation_id", sa.ForeignKey("conversations.id", ondelete="CASCADE")),
    sa.Index("notes_workspace", "workspace_id", "left_at", "id"),
    sa.Index("notes_age", "left_at"),
)
"""Of who left it at a shut door there is what they wrote, and nothing else: no session, visitor,
address or language; who asked for a person in vain is known by the conversation. `told_at` is when
the team was told by mail."""

_N: Final = notes.c
_FORM: Final = re.compile(r"nte_[0-9A-Za-z]{22}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Note:
    """A note, as somebody of the staff may see it."""

    id: str
    agent_id: str
    link_id: str
    wish: Wish
    why: str
    """The reason for which the door was shut: the code of the refusal."""
    text: str
    contact: str
    """How to reach who left it, in their own words; empty when they did not say."""
    left_at: Moment
    done_at: Moment | None
    done_by: str | None
    conversation_id: str | None = None
    """Where they asked for a person who did not come."""
    masked: bool = False
    """Whether personal details are hidden."""


_NOTE: Final = [_N[name] for name in Note.__slots__ if name != "masked"]


def shown_to(
    conn: sa.Connection,
    who: Who,
    *,
    limit: int,
    done: bool | None = None,
    agent_id: str | None = None,
    before: tuple[Moment, str] | None = None,
) -> list[Note]:
    """List notes that somebody may see, the latest first: at most `limit`, older than `before`.

    `done`: only those that were seen to, or only the others. Whoever does not see personal details
    gets texts masked and nothing of how to reach anybody.
    """
    wanted = sa.select(*_NOTE).where(*_scope(who))
    if done is not None:
        wanted = wanted.where(_N.done_at.is_not(None) if done else _N.done_at.is_(None))
    if agent_id is not None:
        wanted = wanted.where(_N.agent_id == agent_id)
    if before is not None:
        at, note_id = before
        wanted = wanted.where(sa.or_(_N.left_at < at, sa.and_(_N.left_at == at, _N.id < note_id)))
    rows = conn.execute(wanted.order_by(_N.left_at.desc(), _N.id.desc()).limit(limit))
    hide = hiding(conn, who)
    return [_seen_by(who, row, hide) for row in rows]


def of_visitor(
    conn: sa.Connection, who: Who, conversation_ids: list[str], address: str | None
) -> list[Note]:
    """List the notes of one visitor that somebody may see, the oldest first.

    They are known by the conversation in which nobody came, or by an address that was proved.
    """
    theirs: sa.ColumnElement[bool] = _N.conversation_id.in_(conversation_ids)
    if address is not None:
        theirs = sa.or_(theirs, _N.id.in_(left_by(conn, who.workspace_id, address)))
    wanted = sa.select(*_NOTE).where(*_scope(who), theirs).order_by(_N.left_at, _N.id)
    hide = hiding(conn, who)
    return [_seen_by(who, row, hide) for row in conn.execute(wanted)]


def is_left(conn: sa.Connection, note_id: str) -> bool:
    """Whether a note has been left already."""
    return conn.execute(sa.select(_N.id).where(_N.id == note_id)).first() is not None


def find(conn: sa.Connection, who: Who, note_id: str) -> Note:
    """Find a note that somebody may see, as they may see it; NotFound when there is none."""
    # Not every database takes every string, even to look for it.
    row = None
    if _FORM.match(note_id):
        row = conn.execute(sa.select(*_NOTE).where(_N.id == note_id, *_scope(who))).first()
    if row is None:
        raise NotFound("there is no such note")
    return _seen_by(who, row, hiding(conn, who))


def count_open(conn: sa.Connection, who: Who) -> int:
    """Count the notes within somebody's scope that nobody has seen to."""
    wanted = sa.select(sa.func.count()).where(_N.done_at.is_(None), *_scope(who))
    return int(conn.execute(wanted).scalar_one())


def count_at(conn: sa.Connection, workspace_id: str, agent_id: str) -> int:
    """Count the notes to an agent that nobody has seen to."""
    wanted = sa.select(sa.func.count()).where(
        _N.workspace_id == workspace_id, _N.agent_id == agent_id, _N.done_at.is_(None)
    )
    return int(conn.execute(wanted).scalar_one())


def last_told(conn: sa.Connection, workspace_id: str) -> Moment:
    """Return when the team was last told of notes by mail; 0 for never.

    Who asks to tell them now holds what is untold: another who asks meanwhile hears of this one.
    """
    mine = sa.and_(_N.workspace_id == workspace_id, _N.told_at.is_(None), _N.done_at.is_(None))
    conn.execute(sa.select(_N.id).where(mine).order_by(_N.id).with_for_update()).all()
    wanted = sa.select(sa.func.max(_N.told_at)).where(_N.workspace_id == workspace_id)
    return int(conn.execute(wanted).scalar() or 0)


def take_untold(conn: sa.Connection, workspace_id: str, now: Moment) -> list[str]:
    """Return the agent of each note of which nobody was told; from here on they count as told."""
    is_new = sa.and_(_N.workspace_id == workspace_id, _N.told_at.is_(None), _N.done_at.is_(None))
    taken = sa.update(notes).where(is_new).values(told_at=now).returning(_N.agent_id)
    return list(conn.execute(taken).scalars())


def left_by(conn: sa.Connection, workspace_id: str, address: str) -> list[str]:
    """Return the ids of the notes in which somebody gave this address to be reached by."""
    wanted = sa.select(_N.id, _N.contact).where(
        _N.workspace_id == workspace_id,
        sa.func.lower(_N.contact).contains(address.lower(), autoescape=True),
    )
    whole = re.compile(rf"(?<![\w.+-]){re.escape(address)}(?![\w-])", re.IGNORECASE)
    return [row.id for row in conn.execute(wanted) if whole.search(row.contact)]


def erase(conn: sa.Connection, ids: list[str]) -> None:
    """Delete notes."""
    conn.execute(sa.delete(notes).where(_N.id.in_(ids)))


def forget(conn: sa.Connection, before: Moment) -> int:
    """Delete notes that were left before that moment; returns how many."""
    return conn.execute(sa.delete(notes).where(_N.left_at < before)).rowcount


def _scope(who: Who) -> list[sa.ColumnElement[bool]]:
    scope = [_N.workspace_id == who.workspace_id]
    if who.agent_id is not None:
        scope.append(_N.agent_id == who.agent_id)
    return [*scope, _N.agent_id.not_in(who.elsewhere)] if who.elsewhere else scope


def _seen_by(who: Who, row: sa.Row[tuple[object, ...]], hide: Hide) -> Note:
    note = Note(**dict(row._mapping))  # noqa: SLF001 - SQLAlchemy's own public name
    note = replace(note, wish=Wish(note.wish))
    if who.sees_personal:
        return note
    hidden = masking.HIDDEN if note.contact else ""
    return replace(note, text=hide(note.text), contact=hidden, masked=True)
