"""Private links: one for each user or group, many made at once, and so many of an agent at most."""

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from parlour.kit.clock import Moment
from parlour.kit.db import alone
from parlour.kit.errors import Conflict, FieldError, Invalid
from parlour.links import keeping
from parlour.links.keeping import Wish
from parlour.links.rules import Kind
from parlour.links.store import SHOWN, Link, link_of, links
from parlour.rights import Who
from parlour.tools import Tools

_COLUMNS = links.c


class TooManyLinks(Conflict):
    """The agent has as many private links as it may have."""

    default_code = "too_many_links"


async def invite(tools: Tools, who: Who, agent_id: str, wishes: Sequence[Wish]) -> list[Link]:
    """Make a private link for each of these users and groups: all of them, or none.

    Raises:
        Invalid: a wish does not fit; its fields are named as `users[3].name`.
        TooManyLinks: the agent would have more than `max_private_links`.
    """
    made = [_made(tools, who, agent_id, each, at) for at, each in enumerate(wishes)]

    def unit(conn: sa.Connection) -> list[Link]:
        # Who counts and then adds must be alone, or two who do so at once are one too many.
        alone(conn, f"private links of {agent_id}")
        most = tools.settings.max_private_links
        there = count(conn, agent_id)
        if there + len(made) > most:
            raise TooManyLinks(_said(there, len(made), most))
        for each in made:
            keeping.insert(conn, who, each)
        return made

    return await tools.db.write(unit)


class Invited(msgspec.Struct, frozen=True):
    """The private links of an agent: how many, and how many of them have no use left."""

    links: int = 0
    used_up: int = 0


def of_workspace(conn: sa.Connection, workspace_id: str) -> dict[str, Invited]:
    """Count the private links of the agents that have any, by their ids."""
    is_used_up = sa.and_(_COLUMNS.max_uses > 0, _COLUMNS.uses >= _COLUMNS.max_uses)
    counted = (
        sa.select(
            _COLUMNS.agent_id, sa.func.count(), sa.func.sum(sa.case((is_used_up, 1), else_=0))
        )
        .where(
            _COLUMNS.workspace_id == workspace_id,
            _COLUMNS.kind == Kind.PRIVATE,
            _COLUMNS.revoked_at.is_(None),
        )
        .group_by(_COLUMNS.agent_id)
    )
    return {row[0]: Invited(row[1], int(row[2])) for row in conn.execute(counted)}


def count(conn: sa.Connection, agent_id: str) -> int:
    """Count the private links of an agent."""
    counted = sa.select(sa.func.count()).where(*_of(agent_id))
    return int(conn.execute(counted).scalar_one())


def count_open(conn: sa.Connection, agent_id: str, now: Moment) -> int:
    """Count the links of an agent that are on and open to anyone who has one."""
    ends = _COLUMNS.expires_at
    counted = sa.select(sa.func.count()).where(
        _COLUMNS.agent_id == agent_id,
        _COLUMNS.kind != Kind.PRIVATE,
        _COLUMNS.revoked_at.is_(None),
        _COLUMNS.enabled.is_(sa.true()),
        sa.or_(ends.is_(None), ends > now),
    )
    return int(conn.execute(counted).scalar_one())


def every(conn: sa.Connection, agent_id: str) -> list[Link]:
    """List the private links of an agent, newest first, those made together by name."""
    wanted = sa.select(*SHOWN).where(*_of(agent_id))
    ordered = wanted.order_by(_COLUMNS.created_at.desc(), _COLUMNS.name, _COLUMNS.id)
    return [link_of(row) for row in conn.execute(ordered)]


def _of(agent_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        _COLUMNS.agent_id == agent_id,
        _COLUMNS.kind == Kind.PRIVATE,
        _COLUMNS.revoked_at.is_(None),
    )


def _made(tools: Tools, who: Who, agent_id: str, wish: Wish, at: int) -> Link:
    try:
        return keeping.wished(tools, who, agent_id, wish)
    except Invalid as problem:
        errors = [FieldError(f"users[{at}].{each.field}", each.message) for each in problem.errors]
        raise Invalid(problem.detail, errors=errors) from None


def _said(there: int, more: int, most: int) -> str:
    return (
        f"an agent has at most {most} private links at a time: there are {there}, and {more} more "
        "would be too many; nothing was made"
    )
