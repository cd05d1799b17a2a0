"""The rows of privacy: what each workspace has said of personal details, and who revealed some."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import sqlalchemy as sa

from parlour.kit import masking
from parlour.kit.clock import Moment
from parlour.kit.db import Json, Prepared, insert_or_ignore, metadata
from parlour.privacy.rules import Privacy, Reveal
from parlour.rights import Who

Hide = Callable[[str], str]
"""Returns a text as somebody may see it."""

privacy = sa.Table(
    "privacy",
    metadata,
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id"), primary_key=True),
    sa.Column("patterns", Json, nullable=False),
    sa.Column("reveal", sa.String(20), nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
    sa.Column("updated_by", sa.String(200), nullable=False),
)

reveals = sa.Table(
    "reveals",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column(
        "conversation_id", sa.ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False
    ),
    sa.Column("by_kind", sa.String(20), nullable=False),
    sa.Column("by_id", sa.String(40), nullable=False),
    sa.Column("ends_at", sa.BigInteger, nullable=False),
    sa.Index("reveals_conversation", "conversation_id", "by_id"),
)
"""Why somebody did stands in the history, and nowhere else."""


@dataclass(frozen=True, slots=True)
class Revealed:
    """Personal details of one conversation, shown to one reader until a moment."""

    id: str
    conversation_id: str
    ends_at: Moment


_ASKED: Final = privacy.c.workspace_id == sa.bindparam("workspace_id")
_FIND: Final = Prepared(
    sa.select(
        privacy.c.patterns, privacy.c.reveal, privacy.c.updated_at, privacy.c.updated_by
    ).where(_ASKED)
)


def find(conn: sa.Connection, workspace_id: str) -> Privacy:
    """Return what a workspace has said of personal details."""
    row = _FIND.first(conn, workspace_id=workspace_id)
    if row is None:
        return Privacy()
    return Privacy(tuple(row.patterns), Reveal(row.reveal), row.updated_at, row.updated_by)


def hold(conn: sa.Connection, workspace_id: str) -> Privacy:
    """Return the same, to be changed by nobody else until the transaction ends."""
    conn.execute(insert_or_ignore(conn, privacy), _values(workspace_id, Privacy()))
    lock = sa.select(privacy.c.workspace_id).where(_ASKED).with_for_update()
    conn.execute(lock, {"workspace_id": workspace_id})
    return find(conn, workspace_id)


def keep(conn: sa.Connection, workspace_id: str, said: Privacy) -> None:
    """Keep what a workspace says of personal details, which `hold` has read."""
    mine = privacy.c.workspace_id == workspace_id
    conn.execute(sa.update(privacy).where(mine).values(_values(workspace_id, said)))


def _values(workspace_id: str, said: Privacy) -> dict[str, object]:
    return {
        "workspace_id": workspace_id,
        "patterns": list(said.patterns),
        "reveal": said.reveal.value,
        "updated_at": said.updated_at,
        "updated_by": said.updated_by,
    }


def hiding(conn: sa.Connection, who: Who) -> Hide:
    """Return what hides personal details from somebody: what the house knows, and their own."""
    if who.sees_personal:
        return str
    own = masking.patterns(find(conn, who.workspace_id).patterns)
    return partial(masking.mask, own=own)


def add_reveal(conn: sa.Connection, who: Who, shown: Revealed) -> None:
    """Store that personal details are shown to somebody for a while."""
    values = {name: getattr(shown, name) for name in Revealed.__slots__}
    conn.execute(sa.insert(reveals), {**values, "by_kind": who.kind, "by_id": who.id})


def revealed(conn: sa.Connection, who: Who, conversation_id: str, now: Moment) -> Revealed | None:
    """Return until when personal details of a conversation are shown to somebody; None: hidden."""
    wanted = sa.select(*(reveals.c[name] for name in Revealed.__slots__)).where(
        *_of(who, conversation_id), reveals.c.ends_at > now
    )
    row = conn.execute(wanted.order_by(reveals.c.ends_at.desc()).limit(1)).first()
    return None if row is None else Revealed(*row)


def end_reveals(conn: sa.Connection, who: Who, conversation_id: str, now: Moment) -> int:
    """Hide again what is shown to somebody of a conversation; returns how often it was."""
    open_ = sa.and_(*_of(who, conversation_id), reveals.c.ends_at > now)
    return conn.execute(sa.update(reveals).where(open_).values(ends_at=now)).rowcount


def _of(who: Who, conversation_id: str) -> list[sa.ColumnElement[bool]]:
    columns = reveals.c
    return [
        columns.conversation_id == conversation_id,
        columns.by_id == who.id,
        columns.by_kind == who.kind,
    ]
