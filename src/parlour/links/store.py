"""The rows of links."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import sqlalchemy as sa

from parlour.kit.clock import MINUTE, SECOND, Moment
from parlour.kit.db import Json, Prepared, insert_or_ignore, metadata
from parlour.kit.errors import NotFound
from parlour.kit.hours import ALWAYS, Schedule, schedule_of
from parlour.kit.tokens import FOREVER, Keyring
from parlour.links.rules import Kind
from parlour.links.telling import Policy

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
    sa.Column("widget_id", sa.ForeignKey("widgets.id")),
    sa.Column("updated_by", sa.String(200)),
    sa.Column("last_used_at", sa.BigInteger),
    sa.Column("require_email", sa.Boolean),
    sa.Column("emails", Json),
    sa.Column("max_uses", sa.Integer, nullable=False, server_default="0"),
    sa.Column("rate_limit_per_minute", sa.Integer),
    sa.Column("address", sa.Integer, nullable=False, server_default="0"),
    sa.Column("daily_token_limit", sa.BigInteger),
    sa.Column("budget_tokens", sa.BigInteger),
    sa.Column("budget_period", sa.String(8)),
    sa.Column("schedule", Json),
    sa.Column("seats", sa.Integer, nullable=False, server_default="0"),
    sa.Column("origins", Json),
    sa.Column("slug", sa.String(40)),
    sa.Column("title", sa.String(80)),
    sa.Column("about", sa.String(200)),
    sa.Index("links_agent", "agent_id", "created_at"),
    sa.Index("links_ending", "workspace_id", "expires_at"),
    sa.Index("links_workspace", "workspace_id", "created_at", "id"),
)
_IS_STANDING = sa.and_(links.c.kind == sa.literal_column("1"), links.c.revoked_at.is_(None))
sa.Index(
    "links_standing",
    links.c.widget_id,
    unique=True,
    sqlite_where=_IS_STANDING,
    postgresql_where=_IS_STANDING,
)
"""A widget has one permanent link at a time, however many ask for it at once."""
_IS_NAMED = sa.and_(links.c.slug.is_not(None), links.c.revoked_at.is_(None))
sa.Index(
    "links_slug",
    links.c.slug,
    unique=True,
    sqlite_where=_IS_NAMED,
    postgresql_where=_IS_NAMED,
)
"""A word leads to one link; once that is revoked it is free again."""

USED_EVERY = MINUTE
"""How precisely the last use of a link is kept: often enough to tell, seldom enough to be free."""


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
    widget_id: str | None = None
    """The widget it was made with, which says how the agent looks; None: as the agent itself."""
    require_email: bool | None = None
    """Whether visitors confirm an address first; None leaves it to the agent."""
    emails: tuple[str, ...] | None = None
    """Whose addresses are good; None leaves it to the agent."""
    updated_by: str | None = None
    """Who changed it last; None while nobody has."""
    last_used_at: Moment | None = None
    """When a visitor last said something by it, to the minute."""
    max_uses: int = 0
    """How often it may be used at most; 0 is without a maximum."""
    rate_limit_per_minute: int | None = None
    """Messages of one visitor in any minute; 0 is without a limit, None as its agent says."""
    address: int = 0
    """Which address it has now: 0 the first one, else the number that its token carries."""
    daily_token_limit: int | None = None
    """Tokens of one visitor in a day, UTC; likewise."""
    budget_tokens: int | None = None
    """Tokens of all its visitors in a period; None is without a budget of its own."""
    budget_period: str | None = None
    """`day`, `month` (also None) or `all`."""
    schedule: Schedule | None = None
    """When it is open; None as its agent says."""
    seats: int = 0
    """How many visitors may talk at once by it; 0 is any number."""
    origins: tuple[str, ...] | None = None
    """The sites in whose pages its chat may stand; None leaves it to the widget."""
    slug: str | None = None
    """A word that leads to it beside its address, `/chat/<slug>`; anybody can guess it."""
    title: str | None = None
    about: str | None = None
    """What messengers show of it, for everybody: a title, and a sentence. None tells nothing."""

    def token(self, keys: Keyring) -> str:
        """Return the token that opens this link."""
        return keys.sign_link(self.kind, self.id, self.token_expires, self.address)

    def policy(
        self,
        *,
        published: bool,
        live: bool,
        invited: bool = False,
        asks_email: int | None = None,
        listed: bool = False,
        schedule: Schedule = ALWAYS,
    ) -> Policy:
        """Return what was decided about this link, with whether its agent answers, and whom.

        `invited`: it answers only who comes by a private link. `asks_email`: after how many
        messages it asks for an address, None for never, where the link leaves that to it.
        `listed`: whether only addresses on a list may come in then. `schedule`: when it is open.
        """
        if self.require_email is not None:
            asks_email = 0 if self.require_email else None
        return Policy(
            kind=self.kind,
            expires_at=self.expires_at,
            enabled=self.enabled,
            welcomes=bool(self.welcome_message),
            published=published,
            live=live,
            invited=invited,
            asks_email=asks_email,
            listed=listed if self.emails is None else bool(self.emails),
            uses=self.uses,
            max_uses=self.max_uses,
            rate_limit=self.rate_limit_per_minute,
            daily_tokens=self.daily_token_limit,
            budget=self.budget_tokens,
            budget_period=self.budget_period,
            schedule=self.schedule or schedule,
            seats=self.seats,
        )


def _values(link: Link) -> dict[str, Any]:
    values = {name: getattr(link, name) for name in Link.__slots__}
    return {**values, "schedule": msgspec.to_builtins(link.schedule)}


SHOWN = [column for column in links.c if column.name != "revoked_at"]


def token_seconds(expires_at: Moment | None) -> int:
    """Return an end as the token carries it."""
    return FOREVER if expires_at is None else expires_at // SECOND


def insert(conn: sa.Connection, link: Link) -> None:
    """Store a new link."""
    conn.execute(sa.insert(links), _values(link))


def insert_standing(conn: sa.Connection, link: Link) -> tuple[Link, bool]:
    """Store a widget's permanent link unless it has one; return the one it has, and if it is new.

    However many ask at the same time, one row comes of it: the index on standing links sees to it.
    """
    values = _values(link)
    standing = sa.select(*SHOWN).where(links.c.widget_id == link.widget_id, _IS_STANDING)
    while not conn.execute(insert_or_ignore(conn, links), values).rowcount:
        row = conn.execute(standing).first()
        if row is not None:
            return link_of(row), False
        # It was revoked between the two statements: now there is room for this one.
    return link, True


def find(conn: sa.Connection, agent_id: str, link_id: str) -> Link:
    """Find a link of an agent; NotFound when absent, revoked or another agent's."""
    _require_form(link_id)
    row = conn.execute(
        sa.select(*SHOWN).where(
            links.c.id == link_id, links.c.agent_id == agent_id, links.c.revoked_at.is_(None)
        )
    ).first()
    if row is None:
        raise NotFound(f"there is no link {link_id!r}")
    return link_of(row)


def of_workspace(conn: sa.Connection, workspace_id: str, link_id: str) -> Link:
    """Find a link by its id alone; NotFound when absent or revoked."""
    _require_form(link_id)
    row = conn.execute(
        sa.select(*SHOWN).where(
            links.c.id == link_id,
            links.c.workspace_id == workspace_id,
            links.c.revoked_at.is_(None),
        )
    ).first()
    if row is None:
        raise NotFound(f"there is no link {link_id!r}")
    return link_of(row)


def of_agents(conn: sa.Connection, agent_ids: Collection[str]) -> list[Link]:
    """List the links of these agents, without the private ones, newest first."""
    found = conn.execute(
        sa.select(*SHOWN)
        .where(
            links.c.agent_id.in_(agent_ids),
            links.c.kind != Kind.PRIVATE,
            links.c.revoked_at.is_(None),
        )
        .order_by(links.c.created_at.desc(), links.c.id)
    )
    return [link_of(row) for row in found]


def titles(conn: sa.Connection, link_ids: Collection[str]) -> dict[str, tuple[str | None, Kind]]:
    """Return the names and kinds of these links, revoked ones included, by id."""
    wanted = sa.select(links.c.id, links.c.name, links.c.kind).where(links.c.id.in_(link_ids))
    return {row.id: (row.name, Kind(row.kind)) for row in conn.execute(wanted)}


def standing(conn: sa.Connection, widget_id: str) -> Link | None:
    """Return a widget's permanent link; None while it has none."""
    row = conn.execute(
        sa.select(*SHOWN).where(links.c.widget_id == widget_id, _IS_STANDING)
    ).first()
    return None if row is None else link_of(row)


def count_of_agents(conn: sa.Connection, workspace_id: str) -> dict[str, tuple[int, int]]:
    """Count, for each agent of a workspace that has links: links, and how often they were used."""
    found = conn.execute(
        sa.select(links.c.agent_id, sa.func.count(), sa.func.sum(links.c.uses))
        .where(links.c.workspace_id == workspace_id, links.c.revoked_at.is_(None))
        .group_by(links.c.agent_id)
    )
    return {row[0]: (row[1], int(row[2])) for row in found}


def count_of_widgets(conn: sa.Connection, workspace_id: str) -> dict[str, tuple[int, int]]:
    """Count, for each widget of a workspace that has links: links, and how often they were used."""
    found = conn.execute(
        sa.select(links.c.widget_id, sa.func.count(), sa.func.sum(links.c.uses))
        .where(
            links.c.workspace_id == workspace_id,
            links.c.revoked_at.is_(None),
            links.c.widget_id.is_not(None),
        )
        .group_by(links.c.widget_id)
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
    found = conn.execute(sa.select(*SHOWN).where(due).order_by(links.c.expires_at).limit(most))
    number = conn.execute(sa.select(sa.func.count()).where(due)).scalar_one()
    return [link_of(row) for row in found], number


def hold(conn: sa.Connection, link_id: str) -> Link:
    """Read a link that nobody else changes until the transaction ends; NotFound when revoked."""
    row = conn.execute(
        sa.select(*SHOWN)
        .where(links.c.id == link_id, links.c.revoked_at.is_(None))
        .with_for_update()
    ).first()
    if row is None:
        raise NotFound(f"there is no link {link_id!r}")
    return link_of(row)


_HOLD_STILL = Prepared(
    sa.select(links.c.id).where(links.c.id == sa.bindparam("link")).with_for_update(key_share=True)
)


def hold_still(conn: sa.Connection, link_id: str) -> None:
    """Let nobody else hold a link until the transaction ends, without reading it."""
    _HOLD_STILL.first(conn, link=link_id)


def hold_all(
    conn: sa.Connection, workspace_id: str, link_ids: Collection[str], only: str | None = None
) -> list[Link]:
    """Read links that nobody else changes until the transaction ends, without those that are gone.

    `only`: an agent's id, for one who has nothing else in scope.
    """
    wanted = sa.select(*SHOWN).where(
        links.c.id.in_([each for each in link_ids if _FORM.match(each)]),
        links.c.workspace_id == workspace_id,
        links.c.revoked_at.is_(None),
    )
    if only is not None:
        wanted = wanted.where(links.c.agent_id == only)
    # Always in the same order, or two who hold the same links would wait for each other.
    return [link_of(row) for row in conn.execute(wanted.order_by(links.c.id).with_for_update())]


def change(
    conn: sa.Connection, held: Link, now: Moment, by: str, values: Mapping[str, Any]
) -> Moment:
    """Change columns of a link that is held; return its new `updated_at`, which always grows."""
    at = max(now, held.updated_at + 1)
    if "schedule" in values:
        values = {**values, "schedule": msgspec.to_builtins(values["schedule"])}
    conn.execute(
        sa.update(links).where(links.c.id == held.id).values(updated_at=at, updated_by=by, **values)
    )
    return at


_TOUCH = Prepared(
    sa.update(links)
    .where(
        links.c.id == sa.bindparam("link"),
        sa.or_(links.c.last_used_at.is_(None), links.c.last_used_at <= sa.bindparam("before")),
    )
    .values(last_used_at=sa.bindparam("now"))
)


def touch(conn: sa.Connection, link_id: str, last: Moment | None, now: Moment) -> None:
    """Keep that a link is in use, when it was last said `USED_EVERY` ago or longer."""
    before = now - USED_EVERY
    if last is None or last <= before:
        _TOUCH.run(conn, link=link_id, before=before, now=now)


def _require_form(link_id: str) -> None:
    # Not every database takes every string, even to look for it.
    if not _FORM.match(link_id):
        raise NotFound("there is no link of that id")


def link_of(row: sa.Row[Any]) -> Link:
    """Read a row of `SHOWN`."""
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it has an underscore
    emails = None if values["emails"] is None else tuple(values["emails"])
    sites = None if values["origins"] is None else tuple(values["origins"])
    schedule = schedule_of(values["schedule"])
    kind = Kind(values["kind"])
    read = {"kind": kind, "emails": emails, "schedule": schedule, "origins": sites}
    return Link(**{**values, **read})
