"""Receipts: what was erased, when, and how much of each kind; nobody is named in one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import sqlalchemy as sa

from parlour.kit.clock import Moment
from parlour.kit.db import Json, metadata
from parlour.kit.errors import NotFound
from parlour.kit.tokens import new_id

What = Literal["conversation", "visitor"]

receipts = sa.Table(
    "receipts",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id"), nullable=False),
    sa.Column("what", sa.String(20), nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("deleted", Json, nullable=False),
    sa.Index("receipts_workspace", "workspace_id", "at", "id"),
)
"""No column can lead to whom it was about: no agent, link or id, and not who erased them either,
who may be the visitor. Who did stands in the history."""

_R: Final = receipts.c
_FORM: Final = re.compile(r"rcp_[0-9A-Za-z]{22}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Receipt:
    """That something was erased."""

    id: str
    """By which it is shown again."""
    what: What
    at: Moment
    deleted: Mapping[str, int]
    """How much of each kind, such as `messages`; what there was none of is not in it."""


_COLUMNS: Final = [_R[name] for name in Receipt.__slots__]


def write(
    conn: sa.Connection, workspace_id: str, what: What, at: Moment, deleted: Mapping[str, int]
) -> Receipt:
    """Write a receipt, in the transaction that erases."""
    some = {kind: count for kind, count in deleted.items() if count}
    made = Receipt(new_id("rcp"), what, at, some)
    values = {name: getattr(made, name) for name in Receipt.__slots__}
    conn.execute(sa.insert(receipts).values(workspace_id=workspace_id, **values))
    return made


def find(conn: sa.Connection, workspace_id: str, receipt_id: str) -> Receipt:
    """Find a receipt by its reference; NotFound."""
    row = None
    # Not every database takes every string, even to look for it.
    if _FORM.match(receipt_id):
        wanted = sa.select(*_COLUMNS).where(_R.id == receipt_id, _R.workspace_id == workspace_id)
        row = conn.execute(wanted).first()
    if row is None:
        raise NotFound("there is no receipt of that reference")
    return Receipt(*row)


def listed(
    conn: sa.Connection,
    workspace_id: str,
    *,
    limit: int,
    before: tuple[Moment, str] | None = None,
) -> list[Receipt]:
    """List the receipts of a workspace, the latest first: at most `limit`, older than `before`."""
    wanted = sa.select(*_COLUMNS).where(_R.workspace_id == workspace_id)
    if before is not None:
        at, last = before
        wanted = wanted.where(sa.or_(_R.at < at, sa.and_(_R.at == at, _R.id < last)))
    rows = conn.execute(wanted.order_by(_R.at.desc(), _R.id.desc()).limit(limit))
    return [Receipt(*row) for row in rows]
