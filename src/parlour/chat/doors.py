"""Whether the door behind a reply is still open: nobody is answered through one that was shut."""

from collections.abc import Collection

import sqlalchemy as sa

from parlour.agents.store import agents
from parlour.conversations.store import conversations
from parlour.conversations.turns import turns
from parlour.kit.clock import Moment
from parlour.links.rules import Kind
from parlour.links.store import links

_BEHIND = (
    sa.select(turns.c.id)
    .join(conversations, conversations.c.id == turns.c.conversation_id)
    .join(links, links.c.id == conversations.c.link_id)
)
_SHUT = _BEHIND.join(agents, agents.c.id == conversations.c.agent_id).where(
    turns.c.id.in_(sa.bindparam("ids", expanding=True)),
    sa.or_(
        links.c.revoked_at.is_not(None),
        links.c.enabled.is_(sa.false()),
        agents.c.deleted_at.is_not(None),
        agents.c.live.is_(sa.false()),
        sa.and_(agents.c.sharing["mode"].as_string() == "private", links.c.kind != Kind.PRIVATE),
    ),
)

_OVER = _BEHIND.where(turns.c.id == sa.bindparam("id"), links.c.expires_at <= sa.bindparam("now"))


def over(conn: sa.Connection, turn_id: str, now: Moment) -> bool:
    """Whether the time of a turn's link has come: then no reply is begun any more."""
    return conn.execute(_OVER, {"id": turn_id, "now": now}).first() is not None


def shut(conn: sa.Connection, turn_ids: Collection[str]) -> set[str]:
    """Return those of these turns whose link was revoked or disabled, or whose agent is away.

    A link that merely comes to its end lets the reply under way be finished.
    """
    return set(conn.execute(_SHUT, {"ids": list(turn_ids)}).scalars())
