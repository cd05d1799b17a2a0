"""Where the chats of links stand: the sites whose pages have shown one, and how often."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from parlour.kit.clock import DAY, Moment
from parlour.kit.db import insert_or_ignore, metadata
from parlour.links.store import links

MOST: Final = 50
"""Sites that are kept of one link: whoever makes some up fills a short list."""
KEPT: Final = 90 * DAY
"""For how long a site is kept that shows the chat no more."""

sightings = sa.Table(
    "link_sightings",
    metadata,
    sa.Column("link_id", sa.ForeignKey("links.id"), primary_key=True),
    sa.Column("origin", sa.String(200), primary_key=True),
    sa.Column("shown", sa.BigInteger, nullable=False),
    sa.Column("opened", sa.BigInteger, nullable=False),
    sa.Column("first_at", sa.BigInteger, nullable=False),
    sa.Column("last_at", sa.BigInteger, nullable=False),
)
_S = sightings.c


@dataclass(frozen=True, slots=True)
class Sighting:
    """A site that a browser named when it asked for a link's chat."""

    link_id: str
    origin: str
    shown: int
    """How often a page of it asked how the button looks."""
    opened: int
    """How often a page of it asked for the chat itself, whether or not it was let."""
    first_at: Moment
    last_at: Moment


Counts = Mapping[tuple[str, str], tuple[int, int]]
"""How often it was shown and opened, by link and origin."""


def add(conn: sa.Connection, counts: Counts, now: Moment) -> None:
    """Add what was counted; of a link that has `MOST` sites already, others are not kept."""
    for link_id, found in _by_link(counts).items():
        conn.execute(sa.delete(sightings).where(_S.link_id == link_id, _S.last_at < now - KEPT))
        wanted = sa.select(_S.origin).where(_S.link_id == link_id)
        known = set(conn.execute(wanted).scalars())
        for origin, (shown, opened) in sorted(found.items()):
            if origin not in known:
                if len(known) >= MOST:
                    continue
                conn.execute(insert_or_ignore(conn, sightings), _new(link_id, origin, now))
                known.add(origin)
            conn.execute(
                sa.update(sightings)
                .where(_S.link_id == link_id, _S.origin == origin)
                .values(shown=_S.shown + shown, opened=_S.opened + opened, last_at=now)
            )


def of_widget(conn: sa.Connection, widget_id: str) -> list[Sighting]:
    """List where the chats of a widget's links stand, the last seen first."""
    wanted = (
        sa.select(*_S)
        .join(links, links.c.id == _S.link_id)
        .where(links.c.widget_id == widget_id, links.c.revoked_at.is_(None))
    )
    return _read(conn, wanted)


def of_links(conn: sa.Connection, link_ids: Collection[str]) -> list[Sighting]:
    """List where the chats of these links stand, the last seen first."""
    return _read(conn, sa.select(*_S).where(_S.link_id.in_(link_ids)))


def sites_of(conn: sa.Connection, link_ids: Collection[str]) -> dict[str, tuple[str, ...] | None]:
    """Return on which sites the chats of these links may stand, None for as their widget says."""
    wanted = sa.select(links.c.id, links.c.origins).where(links.c.id.in_(link_ids))
    return {
        row.id: None if row.origins is None else tuple(row.origins) for row in conn.execute(wanted)
    }


def _read(conn: sa.Connection, wanted: sa.Select[Any]) -> list[Sighting]:
    ordered = wanted.order_by(_S.last_at.desc(), _S.origin, _S.link_id).limit(10 * MOST)
    return [Sighting(*row) for row in conn.execute(ordered)]


def _by_link(counts: Counts) -> dict[str, dict[str, tuple[int, int]]]:
    # Always in the same order, or two processes that add at once would wait for each other.
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for (link_id, origin), numbers in sorted(counts.items()):
        found.setdefault(link_id, {})[origin] = numbers
    return found


def _new(link_id: str, origin: str, now: Moment) -> dict[str, object]:
    return {
        "link_id": link_id,
        "origin": origin,
        "shown": 0,
        "opened": 0,
        "first_at": now,
        "last_at": now,
    }
