"""The rows of canned replies."""

import re
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from parlour.kit.clock import Moment
from parlour.kit.db import metadata
from parlour.kit.errors import NotFound

canned_replies = sa.Table(
    "canned_replies",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id"), nullable=False),
    sa.Column("shortcut", sa.String(40), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
    sa.Column("updated_by", sa.String(200), nullable=False),
    sa.Index("canned_replies_shortcut", "workspace_id", "shortcut", unique=True),
)

_C: Final = canned_replies.c
_FORM: Final = re.compile(r"can_[0-9A-Za-z]{22}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class CannedReply:
    """An answer that the team has ready."""

    id: str
    shortcut: str
    """The word that brings it, without a semicolon."""
    text: str
    created_at: Moment
    updated_at: Moment
    updated_by: str
    """The name of whoever changed it last."""


_REPLY: Final = [_C[name] for name in CannedReply.__slots__]


def every(conn: sa.Connection, workspace_id: str) -> list[CannedReply]:
    """List the canned replies of a workspace by their shortcuts."""
    found = sa.select(*_REPLY).where(_C.workspace_id == workspace_id).order_by(_C.shortcut)
    return [CannedReply(*row) for row in conn.execute(found)]


def find(conn: sa.Connection, workspace_id: str, id_: str) -> CannedReply:
    """Find a canned reply of a workspace by its id or its shortcut; NotFound."""
    # Not every database takes every string, even to look for it.
    is_one = _C.id == id_ if _FORM.match(id_) else _C.shortcut == id_.replace("\0", "")
    row = conn.execute(sa.select(*_REPLY).where(_C.workspace_id == workspace_id, is_one)).first()
    if row is None:
        raise NotFound("there is no such canned reply")
    return CannedReply(*row)


def hold(conn: sa.Connection, workspace_id: str, id_: str) -> CannedReply:
    """Find one, and have nobody else change it until the transaction ends; NotFound."""
    found = find(conn, workspace_id, id_)
    same = sa.update(canned_replies).where(_C.id == found.id).values(shortcut=_C.shortcut)
    row = conn.execute(same.returning(*_REPLY)).first()
    if row is None:
        raise NotFound("there is no such canned reply")
    return CannedReply(*row)


def count(conn: sa.Connection, workspace_id: str) -> int:
    """Count the canned replies of a workspace."""
    found = sa.select(sa.func.count()).where(_C.workspace_id == workspace_id)
    return int(conn.execute(found).scalar_one())
