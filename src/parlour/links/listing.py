"""All links of a workspace as a table: searched, filtered, counted, page by page, newest first."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from parlour.kit.clock import DAY, Moment
from parlour.links.rules import Kind
from parlour.links.store import SHOWN, Link, link_of, links

SOON = DAY
"""A link that ends before this much time has passed ends soon."""

STALE = 60 * DAY
"""A link that was not used for so long is unused."""

_AT = ("@", "\uff20", "(at)", "[at]", "(AT)", "[AT]")
"""What makes a name an address."""

_BATCH = 5_000
"""Ids in one list; databases take only so many."""


class View(StrEnum):
    """The lists that are always at hand."""

    ALL = "all"
    ANYONE = "anyone"
    FOREVER = "forever"
    SOON = "soon"
    UNUSED = "unused"
    REVIEW = "review"


class Condition(StrEnum):
    """What a link is like now, as far as a filter asks."""

    LIVE = "live"
    OFF = "off"
    ENDED = "ended"
    ASLEEP = "asleep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which links are looked for."""

    agents: Collection[str]
    """The agents whose links may be seen."""
    answering: Collection[str] = ()
    """Those of them that answer."""
    invited: Collection[str] = ()
    """Those of them that answer only by private links."""
    without: Kind | None = None
    """A kind that is left out."""
    view: View = View.ALL
    kind: Kind | None = None
    condition: Condition | None = None
    text: str = ""
    """A part of the link's name; or of its agent's, which `named` says."""
    blind: bool = False
    """Names that are addresses are not searched: whoever looks does not see them whole."""
    named: Collection[str] = ()
    """Agents whose names have that part."""
    link_id: str | None = None
    """The one link whose address was given as text."""


@dataclass(frozen=True, slots=True)
class Place:
    """The last link of a page, behind which the next one begins."""

    created_at: Moment
    id: str


def page(
    conn: sa.Connection,
    workspace_id: str,
    search: Search,
    now: Moment,
    *,
    after: Place | None = None,
    limit: int | None = None,
) -> list[Link]:
    """Return links, newest first: at most `limit`, behind the place `after`."""
    wanted = sa.select(*SHOWN).where(*_of(workspace_id, search.agents), *_fits(search, now))
    if after is not None:
        earlier = links.c.created_at < after.created_at
        same = sa.and_(links.c.created_at == after.created_at, links.c.id > after.id)
        wanted = wanted.where(links.c.created_at <= after.created_at, sa.or_(earlier, same))
    wanted = wanted.order_by(links.c.created_at.desc(), links.c.id).limit(limit)
    return [link_of(row) for row in conn.execute(wanted)]


def tallies(conn: sa.Connection, workspace_id: str, search: Search, now: Moment) -> dict[View, int]:
    """Count what each of the lists holds of these agents' links, in one pass."""
    counted = [
        sa.func.coalesce(
            sa.func.sum(sa.case((sa.and_(sa.true(), *_in(view, search, now)), 1), else_=0)), 0
        )
        for view in View
    ]
    row = conn.execute(sa.select(*counted).where(*_of(workspace_id, search.agents))).one()
    return {view: int(row[at]) for at, view in enumerate(View)}


def _of(workspace_id: str, agents: Collection[str]) -> list[sa.ColumnElement[bool]]:
    return [
        links.c.workspace_id == workspace_id,
        links.c.revoked_at.is_(None),
        _is_one_of(agents),
    ]


def _is_one_of(agents: Collection[str]) -> sa.ColumnElement[bool]:
    found = list(agents)
    parts = [found[at : at + _BATCH] for at in range(0, len(found), _BATCH)]
    return sa.or_(sa.false(), *(links.c.agent_id.in_(part) for part in parts))


def _in(view: View, search: Search, now: Moment) -> list[sa.ColumnElement[bool]]:
    ends = links.c.expires_at
    is_open: list[sa.ColumnElement[bool]] = [
        links.c.enabled.is_(sa.true()),
        sa.or_(ends.is_(None), ends > now),
    ]
    to_anyone = [*is_open, links.c.kind != Kind.PRIVATE, sa.not_(_is_one_of(search.invited))]
    unused = sa.func.coalesce(links.c.last_used_at, links.c.created_at) <= now - STALE
    match view:
        case View.ALL:
            return []
        case View.ANYONE:
            return to_anyone
        case View.FOREVER:
            return [ends.is_(None)]
        case View.SOON:
            return [*is_open, ends <= now + SOON]
        case View.UNUSED:
            return [sa.or_(links.c.uses == 0, unused)]
        case View.REVIEW:
            return [*to_anyone, ends.is_(None), unused]


def _fits(search: Search, now: Moment) -> list[sa.ColumnElement[bool]]:
    found = _in(search.view, search, now)
    if search.without is not None:
        found.append(links.c.kind != search.without)
    if search.kind is not None:
        found.append(links.c.kind == search.kind)
    if search.condition is not None:
        found += _is(search.condition, search, now)
    if search.link_id is not None:
        found.append(links.c.id == search.link_id)
    elif search.text:
        found.append(_speaks_of(search))
    return found


def _is(condition: Condition, search: Search, now: Moment) -> list[sa.ColumnElement[bool]]:
    ended = sa.and_(links.c.expires_at.is_not(None), links.c.expires_at <= now)
    used_up = sa.and_(links.c.max_uses > 0, links.c.uses >= links.c.max_uses)
    over = sa.or_(ended, used_up)
    lets_in = sa.or_(links.c.kind == Kind.PRIVATE, sa.not_(_is_one_of(search.invited)))
    answers = sa.and_(_is_one_of(search.answering), lets_in)
    is_on: Any = links.c.enabled.is_(sa.true())
    match condition:
        case Condition.OFF:
            return [sa.not_(is_on)]
        case Condition.ENDED:
            return [is_on, over]
        case Condition.LIVE:
            return [is_on, sa.not_(over), answers]
        case Condition.ASLEEP:
            return [is_on, sa.not_(over), sa.not_(answers)]


def _speaks_of(search: Search) -> sa.ColumnElement[bool]:
    text, named = search.text, search.named
    # SQLite knows small and large letters of ASCII only, so the text is tried as it stands, too.
    name = links.c.name
    found = sa.or_(
        sa.func.lower(name).contains(text.lower(), autoescape=True),
        name.contains(text, autoescape=True),
    )
    if search.blind:
        found = sa.and_(found, sa.not_(sa.or_(*(name.contains(sign) for sign in _AT))))
    return sa.or_(found, _is_one_of(named)) if named else found


def by_id(conn: sa.Connection, link_id: str) -> Link | None:
    """Find a link for the house's own work; None when it was revoked."""
    wanted = sa.select(*SHOWN).where(links.c.id == link_id, links.c.revoked_at.is_(None))
    row = conn.execute(wanted).first()
    return None if row is None else link_of(row)
