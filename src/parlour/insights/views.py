"""Saved views: what somebody looks at again and again, under a name of theirs."""

import re
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from parlour.insights.tables import views
from parlour.kit.clock import Moment
from parlour.kit.errors import Conflict, FieldError, Invalid, NotFound
from parlour.kit.tokens import new_id
from parlour.rights import Who
from parlour.tools import Tools

MOST: Final = 50
"""Views of one person."""
_LONGEST: Final = 60
_QUERY: Final = re.compile(r"[A-Za-z0-9_=&%+.~:@-]{0,1000}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class View:
    """A saved view."""

    id: str
    name: str
    query: str
    """The part of an address behind its path."""
    created_at: Moment


def of(conn: sa.Connection, who: Who) -> list[View]:
    """List somebody's own views by name."""
    wanted = sa.select(*(views.c[name] for name in View.__slots__)).where(*_mine(who))
    return [View(*row) for row in conn.execute(wanted.order_by(views.c.name, views.c.id))]


async def save(tools: Tools, who: Who, name: str, query: str) -> View:
    """Save a view; Invalid for no name, Conflict for one too many."""
    name = " ".join(name.split())
    if not name or len(name) > _LONGEST or not name.isprintable():
        message = f"has 1 to {_LONGEST} characters"
        raise Invalid(f"name {message}", errors=[FieldError("name", message)])
    if not _QUERY.match(query):
        message = "is the part of an address behind its question mark"
        raise Invalid(f"query {message}", errors=[FieldError("query", message)])

    def unit(conn: sa.Connection) -> View:
        if len(of(conn, who)) >= MOST:
            raise Conflict(f"there are {MOST} saved views already; delete one first")
        view = View(new_id("viw"), name, query, tools.clock.now())
        values = {each: getattr(view, each) for each in View.__slots__}
        about = {"workspace_id": who.workspace_id, "owner_id": who.id}
        conn.execute(sa.insert(views), {**values, **about})
        return view

    return await tools.db.write(unit)


async def delete(tools: Tools, who: Who, view_id: str) -> None:
    """Delete one of somebody's own views; NotFound when there is none."""

    def unit(conn: sa.Connection) -> int:
        gone = conn.execute(sa.delete(views).where(*_mine(who), views.c.id == view_id))
        return gone.rowcount

    if not re.fullmatch(r"viw_[0-9A-Za-z]{22}", view_id) or not await tools.db.write(unit):
        raise NotFound("there is no such view")


def _mine(who: Who) -> list[sa.ColumnElement[bool]]:
    return [views.c.workspace_id == who.workspace_id, views.c.owner_id == who.id]
