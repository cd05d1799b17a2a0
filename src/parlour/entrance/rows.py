"""The one read that finds all that stands behind a token: link, agent, look, session, talk."""

from functools import cache
from types import SimpleNamespace
from typing import Any, Final

import sqlalchemy as sa

from parlour.agents.store import agents, by_id
from parlour.conversations import holds
from parlour.conversations.store import conversations
from parlour.entrance.meaning import Behind, behind
from parlour.kit.db import Remembered, Row
from parlour.links import store as links
from parlour.tools import Tools
from parlour.visitors import sessions, visitors
from parlour.widgets.store import widgets

_LINK = links.links.c
_LOOK = widgets.c
_CAME = visitors.c
_BEGAN = sa.func.coalesce(_CAME.use_began_at, _CAME.created_at)

_DOOR: Final[list[Any]] = [
    _LINK.id.label("link_id"),
    _LINK.workspace_id,
    _LINK.kind,
    _LINK.token_expires,
    _LINK.expires_at,
    _LINK.enabled,
    _LINK.revoked_at,
    _LINK.welcome_message,
    _LINK.require_email,
    _LINK.emails,
    _LINK.max_uses,
    _LINK.rate_limit_per_minute,
    _LINK.address,
    _LINK.daily_token_limit,
    _LINK.budget_tokens,
    _LINK.budget_period,
    _LINK.schedule,
    _LINK.seats,
    _LINK.origins,
    _LINK.title.label("link_title"),
    _LINK.about,
    _LINK.name.label("link_name"),
    _LOOK.title,
    _LOOK.welcome_message.label("widget_welcome"),
    _LOOK.accent,
    _LOOK.theme,
    _LOOK.logo,
    _LOOK.origins.label("widget_origins"),
    agents.c.id.label("agent_id"),
    agents.c.published,
    agents.c.live,
    agents.c.deleted_at,
    agents.c.draft_of,
    agents.c.sharing,
    agents.c.kept_days,
]
_LATELY: Final[list[Any]] = [_LINK.uses, _LINK.last_used_at]
"""What messages change, and so no part of what is made of the row once."""
_WHO: Final[list[Any]] = [
    sessions.c.hash.label("session"),
    sessions.c.visitor_id,
    sessions.c.seen_at,
    sessions.c.proof,
    sessions.c.address.label("came_by"),
    _CAME.created_at.label("came_at"),
    _BEGAN.label("use_began_at"),
    sa.func.coalesce(_CAME.use_last_at, _CAME.created_at).label("use_last_at"),
    conversations.c.id.label("conversation_id"),
    conversations.c.last_message_at,
    *holds.COLUMNS,
]


STRANGER: Final[Row] = SimpleNamespace(**dict.fromkeys(each.key for each in _WHO))
"""Stands for the visitor behind a session where none was presented."""


@cache
def door_of(hashes: int) -> Remembered[Behind]:
    """Prepare the one read of a door; a session has as many hashes as there are secret keys.

    Without a session there is nobody to look for: it takes half the time.
    """
    door = links.links.join(agents, agents.c.id == _LINK.agent_id).outerjoin(
        widgets, sa.and_(_LOOK.id == _LINK.widget_id, _LOOK.deleted_at.is_(None))
    )
    wanted = sa.select(*_DOOR, *_LATELY).select_from(door)
    if hashes:
        wanted = sa.select(*_DOOR, *_LATELY, *_WHO).select_from(_with_visitor(door, hashes))
    return Remembered(
        wanted.where(
            _LINK.id == sa.bindparam("link"),
            _LINK.revoked_at.is_(None),
            agents.c.deleted_at.is_(None),
        ),
        len(_DOOR),
        behind,
    )


def _with_visitor(door: sa.Join, hashes: int) -> sa.Join:
    """Join who came to a door: their session on the link, themselves, their open conversation."""
    presented: list[Any] = [sa.bindparam(f"hash_{n}") for n in range(hashes)]
    is_theirs = sa.and_(
        sessions.c.link_id == _LINK.id,
        sessions.c.hash.in_(presented),
        sessions.c.expires_at > sa.bindparam("now"),
    )
    is_open = sa.and_(
        conversations.c.visitor_id == sessions.c.visitor_id, conversations.c.closed_at.is_(None)
    )
    return (
        door.outerjoin(sessions, is_theirs)
        .outerjoin(visitors, _CAME.id == sessions.c.visitor_id)
        .outerjoin(conversations, is_open)
    )


def is_here(conn: sa.Connection, tools: Tools, row: Row) -> bool:
    """Whether the link is one of the workspace whose host was asked; a preview, one of its agent's.

    Elsewhere it is as one that never was, and costs the same.
    """
    if tools.has(row.workspace_id):
        return True
    tried = None if row.draft_of is None else by_id(conn, row.draft_of)
    return tried is not None and tools.has(tried.workspace_id)
