"""The rows of links."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from parlour.kit.clock import SECOND, Moment
from parlour.kit.db import Prepared, metadata
from parlour.kit.errors import NotFound
from parlour.kit.tokens import FOREVER, Keyring
from parlour.links.rules import Kind

_FORM = re.compile(r"lnk_[A-Za-z0-9_-]{11}\Z", re.ASCII)

links = sa.Table(
    "links",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id"), nullable=False),
    sa.Column("agent_id", sa.ForeignKey("agents.id"), nullable=False),
    sa.Column("kind", sa.SmallInteger, nullable=False),
    sa.Column("name", sa.String(200)),
    sa.Column("token_expires", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger),
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Column("welcome_message", sa.Text),
    sa.Column("uses", sa.Integer, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("created_by", sa.String(200), nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
    sa.Column("revoked_at", sa.BigInteger),
    sa.Index("links_agent", "agent_id", "created_at"),
    sa.Index("links_ending", "workspace_id", "expires_at"),
)


@dataclass(frozen=True, slots=True)
class Link:
    """A door to an agent, as its owner knows it."""

    id: str
    workspace_id: str
    agent_id: str
    kind: Kind
    name: str | None
    token_expires: int
    expires_at: Moment | None
    enabled: bool
    welcome_message: str | None
    uses: int
    created_at: Moment
    created_by: str
    updated_at: Moment

    def token(self, keys: Keyring) -> str:
        """Return the token that opens this link."""
        return keys.sign_link(self.kind, self.id, self.token_expires)


_SHOWN = [column for column in links.c if column.name != "revoked_at"]


def token_seconds(expires_at: Moment | None) -> int:
    """Return an end as the token carries it."""
    return FOREVER if expires_at is None else expires_at // SECOND


def insert(conn: sa.Connection, link: Link) -> None:
    """Store a new link."""
    conn.execute(sa.insert(links), {name: getattr(link, name) for name in Link.__slots__})


def find(conn: sa.Connection, agent_id: str, link_id: str) -> Link:
    """Find a link of an agent; NotFound when absent, revoked or another agent's."""
    _require_form(link_id)
    row = conn.execute(
        sa.select(*_SHOWN).where(
            links.c.id == link_id, links.c.agent_id == agent_id, links.c.revoked_at.is_(None)
        )
    ).first()
    if row is None:
        raise NotFound(f"there is no link {link_id!r}")
    return _link(row)


def of_workspace(conn: sa.Connection, workspace_id: str, link_id: str) -> Link:
    """Find a link by its id alone; NotFound when absent or revoked."""
    _require_form(link_id)
    row = conn.execute(
        sa.select(*_SHOWN).where(
            links.c.id == link_id,
            links.c.workspace_id == workspace_id,
            links.c.revoked_at.is_(None),
        )
    ).first()
    if row is None:
        raise NotFound(f"there is no link {link_id!r}")
    return _link(row)


def of_agents(conn: sa.Connection, agent_ids: Collection[str]) -> list[Link]:
    """List the links of these agents, newest first."""
    found = conn.execute(
        sa.select(*_SHOWN)
        .where(links.c.agent_id.in_(agent_ids), links.c.revoked_at.is_(None))
        .order_by(links.c.created_at.desc(), links.c.id)
    )
    return [_link(row) for row in found]


def count_of_agents(conn: sa.Connection, workspace_id: str) -> dict[str, tuple[int, int]]:
    """Count, for each agent of a workspace that has links: links, and how often they were used."""
    found = conn.execute(
        sa.select(links.c.agent_id, sa.func.count(), sa.func.sum(links.c.uses))
        .where(links.c.workspace_id == workspace_id, links.c.revoked_at.is_(None))
        .group_by(links.c.agent_id)
    )
    return {row[0]: (row[1], int(row[2])) for row in found}


def ending(
    conn: sa.Connection, workspace_id: str, now: Moment, until: Moment, *, most: int
) -> tuple[list[Link], int]:
    """Return the links that are open and end before `until`, the next `most`, and how many."""
    due = sa.and_(
        links.c.workspace_id == workspace_id,
        links.c.expires_at > now,
        links.c.expires_at < until,
        links.c.enabled,
        links.c.revoked_at.is_(None),
    )
    found = conn.execute(sa.select(*_SHOWN).where(due).order_by(links.c.expires_at).limit(most))
    number = conn.execute(sa.select(sa.func.count()).where(due)).scalar_one()
    return [_link(row) for row in found], number


def hold(conn: sa.Connection, link_id: str) -> Link:
    """Read a link that nobody else changes until the transaction ends; NotFound when revoked."""
    row = conn.execute(
        sa.select(*_SHOWN)
        .where(links.c.id == link_id, links.c.revoked_at.is_(None))
        .with_for_update()
    ).first()
    if row is None:
        raise NotFound(f"there is no link {link_id!r}")
    return _link(row)


def change(conn: sa.Connection, held: Link, now: Moment, values: Mapping[str, Any]) -> Moment:
    """Change columns of a link that is held; return its new `updated_at`, which always grows."""
    at = max(now, held.updated_at + 1)
    conn.execute(sa.update(links).where(links.c.id == held.id).values(updated_at=at, **values))
    return at


_SPEND = Prepared(
    sa.update(links)
    .where(
        links.c.id == sa.bindparam("link"),
        links.c.revoked_at.is_(None),
        links.c.enabled,
        sa.or_(links.c.expires_at.is_(None), links.c.expires_at > sa.bindparam("now")),
    )
    .values(uses=links.c.uses + 1)
)


def spend(conn: sa.Connection, link_id: str, now: Moment) -> bool:
    """Count one use if the link is open at this very statement; False when it is not."""
    return _SPEND.run(conn, link=link_id, now=now) == 1


def _require_form(link_id: str) -> None:
    # Not every database takes every string, even to look for it.
    if not _FORM.match(link_id):
        raise NotFound("there is no link of that id")


def _link(row: sa.Row[Any]) -> Link:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it has an underscore
    return Link(**{**values, "kind": Kind(values["kind"])})
