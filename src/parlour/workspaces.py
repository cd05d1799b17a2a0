"""Workspaces: one team's world, with a name that can be part of an address."""

import re
from dataclasses import dataclass

import sqlalchemy as sa

from parlour.kit.clock import Moment
from parlour.kit.db import insert_or_ignore, metadata
from parlour.kit.errors import Conflict, FieldError, Invalid, NotFound
from parlour.kit.tokens import new_id
from parlour.tools import Tools

DEFAULT = "default"
_PREVIEWS = "~previews"
"""No name that anybody can give: what is tried out lies apart from every team's work."""
_SLUG = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?\Z", re.ASCII)

workspaces = sa.Table(
    "workspaces",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("slug", sa.String(40), nullable=False, unique=True),
    sa.Column("created_at", sa.BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Workspace:
    """One team's world."""

    id: str
    slug: str
    created_at: Moment


def find(conn: sa.Connection, slug: str) -> Workspace:
    """Find a workspace by its name; NotFound when there is none."""
    row = conn.execute(sa.select(workspaces).where(workspaces.c.slug == slug)).first()
    if row is None:
        raise NotFound(f"there is no workspace {slug!r}")
    return Workspace(*row)


def every(conn: sa.Connection) -> list[Workspace]:
    """List all workspaces of teams by name."""
    wanted = sa.select(workspaces).where(workspaces.c.slug != _PREVIEWS).order_by("slug")
    return [Workspace(*row) for row in conn.execute(wanted)]


def of_previews(conn: sa.Connection) -> str | None:
    """Return the id of the workspace of previews; None when nothing was ever tried."""
    found: str | None = conn.scalar(
        sa.select(workspaces.c.id).where(workspaces.c.slug == _PREVIEWS)
    )
    return found


async def meet(tools: Tools, workspace_id: str) -> None:
    """Know the name of a workspace, where that is part of its address."""
    if tools.settings.base_domain and tools.homes.name_of(workspace_id) is None:
        await tools.db.read(met, tools, workspace_id)


def met(conn: sa.Connection, tools: Tools, workspace_id: str) -> None:
    """Do the same inside a unit of work."""
    if not tools.settings.base_domain or tools.homes.name_of(workspace_id) is not None:
        return
    wanted = sa.select(workspaces.c.slug).where(workspaces.c.id == workspace_id)
    slug = conn.execute(wanted).scalar()
    if slug is not None and slug != _PREVIEWS:
        tools.homes.learn(workspace_id, slug)


async def meet_all(tools: Tools) -> None:
    """Know the names of all workspaces that there are, where these are part of addresses."""
    if tools.settings.base_domain:
        for each in await tools.db.read(every):
            tools.homes.learn(each.id, each.slug)


async def ensure_default(tools: Tools) -> Workspace:
    """Return the default workspace, made on first use."""
    return await _ensure(tools, DEFAULT)


async def ensure_previews(tools: Tools) -> Workspace:
    """Return the workspace of previews, which nobody belongs to, made on first use."""
    return await _ensure(tools, _PREVIEWS)


async def _ensure(tools: Tools, slug: str) -> Workspace:
    def unit(conn: sa.Connection) -> Workspace:
        values = {"id": new_id("wsp"), "slug": slug, "created_at": tools.clock.now()}
        conn.execute(insert_or_ignore(conn, workspaces), values)
        return find(conn, slug)

    try:
        return await tools.db.read(find, slug)
    except NotFound:
        return await tools.db.write(unit)


async def create(tools: Tools, slug: str) -> Workspace:
    """Make a workspace; Invalid for a name that cannot stand in an address, Conflict if taken."""
    if not _SLUG.match(slug):
        raise Invalid(
            "a workspace's name has 1 to 40 small letters, digits and hyphens",
            errors=[FieldError("slug", "small letters, digits and hyphens")],
        )
    workspace = Workspace(new_id("wsp"), slug, tools.clock.now())

    def unit(conn: sa.Connection) -> None:
        if (
            conn.execute(
                insert_or_ignore(conn, workspaces).returning(workspaces.c.id),
                {"id": workspace.id, "slug": slug, "created_at": workspace.created_at},
            ).first()
            is None
        ):
            raise Conflict(f"there already is a workspace {slug!r}")

    await tools.db.write(unit)
    return workspace
