"""The rows of events: writing one down, hearing of new ones, forgetting old ones."""

import contextlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import sqlalchemy as sa

from parlour.events.kinds import Kind
from parlour.events.wishes import is_wished
from parlour.kit.clock import Moment
from parlour.kit.db import Json, Prepared, metadata
from parlour.rights import Who

BY_STAFF = sa.text("actor_kind IN ('host', 'key', 'person')")
"""Written out, because an index of some rows serves only a query that says the same of them."""

UNTOLD = sa.text("untold")

events = sa.Table(
    "events",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("workspace_id", sa.String(40), nullable=False),
    sa.Column("kind", sa.String(60), nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("actor_kind", sa.String(20), nullable=False),
    sa.Column("actor_id", sa.String(40), nullable=False),
    sa.Column("agent_id", sa.String(40)),
    sa.Column("link_id", sa.String(40)),
    sa.Column("conversation_id", sa.String(40)),
    sa.Column("data", Json, nullable=False),
    # From where somebody of the staff did it. Of visitors no address is kept.
    sa.Column("place", sa.String(64)),
    # Whether somebody outside is still to be told. The row is what tells of it after a crash.
    sa.Column("untold", sa.Boolean),
    sa.Index("events_at", "kind", "at"),
    sa.Index("events_untold", "id", sqlite_where=UNTOLD, postgresql_where=UNTOLD),
    sa.Index(
        "events_staff",
        "workspace_id",
        "id",
        sqlite_where=BY_STAFF,
        postgresql_where=BY_STAFF,
    ),
    sa.Index(
        "events_actor",
        "workspace_id",
        "actor_id",
        "id",
        sqlite_where=BY_STAFF,
        postgresql_where=BY_STAFF,
    ),
)
_IS_READING = events.c.kind == sa.literal_column(f"'{Kind.CONVERSATION_READ.value}'")
sa.Index(
    "events_reading",
    events.c.conversation_id,
    events.c.at,
    sqlite_where=_IS_READING,
    postgresql_where=_IS_READING,
)


_OF_STAFF = ("key", "person")
_COLUMNS = "workspace_id kind at actor_kind actor_id agent_id link_id conversation_id data place"
# Asked within the statement itself: another one would be one more on the way of every message.
_RECORD = Prepared(sa.insert(events).values(untold=is_wished()).inline(), _COLUMNS.split())


@dataclass(frozen=True, slots=True)
class Event:
    """A fact that happened, and what it is about."""

    id: int
    kind: str
    at: Moment
    agent_id: str | None
    link_id: str | None
    conversation_id: str | None
    workspace_id: str
    actor_kind: str
    actor_id: str
    data: Mapping[str, Any]


OF_EVENT: Final = [events.c[name] for name in Event.__slots__]
"""The columns of an event, in the order of its fields."""


def record(
    conn: sa.Connection,
    kind: Kind,
    who: Who,
    at: Moment,
    *,
    agent_id: str | None = None,
    link_id: str | None = None,
    conversation_id: str | None = None,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Write down a fact, in the transaction that makes it true."""
    _RECORD.run(
        conn,
        workspace_id=who.workspace_id,
        kind=kind.value,
        at=at,
        actor_kind=who.kind,
        actor_id=who.id,
        agent_id=agent_id,
        link_id=link_id,
        conversation_id=conversation_id,
        data=dict(data or {}),
        place=(who.place[:64] or None) if who.kind in _OF_STAFF else None,
        of_workspace=who.workspace_id,
        of_kind=kind.value,
    )


def has_read(conn: sa.Connection, who: Who, conversation_id: str, since: Moment) -> bool:
    """Whether it is written down that somebody read a conversation, from a moment on."""
    columns = events.c
    found = sa.select(columns.id).where(
        _IS_READING,
        columns.conversation_id == conversation_id,
        columns.at >= since,
        columns.actor_kind == who.kind,
        columns.actor_id == who.id,
    )
    return conn.execute(found.limit(1)).first() is not None


LESSENING = (
    Kind.KEY_REVOKED,
    Kind.PERSON_CHANGED,
    Kind.PERSON_DISABLED,
    Kind.TEAM_CHANGED,
    Kind.TEAM_DELETED,
)
"""After these somebody may do less than before."""

ENDING = (
    *(Kind.VISITOR_ERASED, Kind.CONVERSATION_ERASED, Kind.MEMORY_DELETED),
    *(Kind.NOTE_DELETED, Kind.INTERNAL_NOTE_DELETED, Kind.AGENT_DELETED),
    *(Kind.LINK_REVOKED, Kind.LINK_ROTATED, Kind.LINK_CHANGED),
    *(Kind.KEY_REVOKED, Kind.IDENTITY_KEY_REVOKED, Kind.SHARE_REVOKED),
    *(Kind.VISITOR_SESSION_ENDED, Kind.SESSION_ENDED, Kind.INVITATION_WITHDRAWN),
    *(Kind.PERSON_DISABLED, Kind.PERSON_ENABLED),
)
"""After these something may be erased or revoked that no old backup shall bring back."""

WATCHED = (
    *(kind.value for kind in Kind if kind.value.startswith(("agent.", "link."))),
    Kind.VISITOR_SESSION_ENDED.value,
    Kind.VISITOR_ERASED.value,
    Kind.CONVERSATION_ERASED.value,
    Kind.SHARE_REVOKED.value,
    Kind.SESSION_ENDED.value,
    Kind.PRIVACY_CHANGED.value,
    *(kind.value for kind in LESSENING),
)
"""What every process must hear of soon, because it may end what somebody sees."""
_KINDS: Final = [kind.value for kind in Kind]


def since(conn: sa.Connection, at: Moment) -> list[Event]:
    """Return the watched events from a moment on, oldest first.

    Of conversations those that were caused at the command line: its process reaches no other.
    """
    columns = events.c
    # By kind and time, and put in order here: in the order of ids SQLite reads all there ever was.
    wanted = sa.select(*OF_EVENT).where(
        columns.kind.in_(_KINDS),
        columns.at >= at,
        sa.or_(
            columns.kind.in_(WATCHED),
            sa.and_(columns.actor_kind == "host", columns.conversation_id.is_not(None)),
        ),
    )
    return sorted((Event(*row) for row in conn.execute(wanted)), key=lambda each: each.id)


_open = sa.Table("events_open", metadata, sa.Column("why", sa.String(20), primary_key=True))
"""The database refuses to change or delete an event, but while a row here says why that is done.

It is there within one transaction alone, which nobody else sees.
"""


@contextlib.contextmanager
def _opened(conn: sa.Connection, why: Literal["blank", "forget"]) -> Iterator[None]:
    conn.execute(sa.insert(_open).values(why=why))
    yield
    conn.execute(sa.delete(_open).where(_open.c.why == why))


_TYPED: Final = {Kind.CONVERSATION_REVEALED.value: "reason"}
"""Events in which words stand that somebody typed about a conversation, and where in their data."""


def blank(conn: sa.Connection, conversation_ids: Collection[str]) -> None:
    """Take out of the events of these conversations what somebody typed about them."""
    columns = events.c
    found = conn.execute(
        sa.select(columns.id, columns.kind, columns.data).where(
            columns.kind.in_(_TYPED), columns.conversation_id.in_(conversation_ids)
        )
    ).all()
    if not found:
        return
    with _opened(conn, "blank"):
        for row in found:
            kept = {name: value for name, value in row.data.items() if name != _TYPED[row.kind]}
            conn.execute(sa.update(events).where(columns.id == row.id).values(data=kept))


def forget(conn: sa.Connection, before: Moment, most: int) -> int:
    """Delete the oldest events, from before that moment, at most so many; return how many."""
    columns = events.c
    # Ids grow with time but for what was committed at the same moment, so the oldest come first.
    oldest = conn.execute(sa.select(columns.id, columns.at).order_by(columns.id).limit(most))
    over = [row.id for row in oldest if row.at < before]
    if over:
        with _opened(conn, "forget"):
            conn.execute(sa.delete(events).where(columns.id.in_(over)))
    return len(over)
