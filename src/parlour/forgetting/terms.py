"""For how long what is said is kept: for all agents of a workspace, and for one; changing it."""

from dataclasses import asdict, dataclass, replace

import sqlalchemy as sa

from parlour import events
from parlour.agents.store import agents
from parlour.events import Kind
from parlour.forgetting import due
from parlour.forgetting.due import Due
from parlour.kit.clock import Moment
from parlour.kit.errors import Conflict, NotFound, Stale
from parlour.privacy import days as kept_days
from parlour.privacy.days import Kept
from parlour.rights import Who
from parlour.tools import Tools

_A = agents.c


@dataclass(frozen=True, slots=True)
class AgentDays:
    """For how long what is said with one agent is kept."""

    id: str
    name: str
    own: int | None
    """Its own days; None where the workspace's hold."""
    days: int
    """Those that hold."""


@dataclass(frozen=True, slots=True)
class Terms:
    """For how long a workspace keeps what is said."""

    kept: Kept
    agents: tuple[AgentDays, ...]
    """Every agent that is there, by name."""
    swept: events.Event | None = None
    """When something was deleted last, and how much."""


def find(conn: sa.Connection, workspace_id: str) -> Terms:
    """Return for how long a workspace keeps what is said."""
    wanted = sa.select(_A.id, _A.name, _A.own_days, _A.kept_days).where(*_there(workspace_id))
    found = conn.execute(wanted.order_by(_A.name))
    return Terms(
        kept_days.find(conn, workspace_id),
        tuple(AgentDays(*row) for row in found),
        events.last(conn, workspace_id, Kind.RETENTION_SWEPT),
    )


def preview(
    conn: sa.Connection, workspace_id: str, days: int, agent_id: str | None, now: Moment
) -> Due:
    """Say what would go now if this were kept for so many days: by one agent, or by all others."""
    before = kept_days.cutoff(kept_days.days_of(days), now)
    which = [_A.id == agent_id] if agent_id else [_A.own_days.is_(None)]
    ids = sa.select(_A.id).where(_A.workspace_id == workspace_id, *which)
    return due.count(conn, list(conn.execute(ids).scalars()), before, now)


async def change(
    tools: Tools,
    who: Who,
    days: int | None,
    agent_id: str | None = None,
    *,
    sure: bool = False,
    seen: Moment | None = None,
) -> Terms:
    """Keep what is said for so many days, 0 for ever; None has an agent do as the workspace does.

    What is older goes within the hour. Somebody must be `sure` of it where there is any.

    Raises:
        Invalid: days that cannot be. NotFound: there is no such agent. Stale: it was changed since
            `seen`. Conflict `needs_confirmation`: something would go, and nobody is sure.
    """
    if days is not None:
        kept_days.days_of(days)
    await tools.db.read(_require, who.workspace_id, seen)
    if days and not sure:
        now = tools.clock.now()
        goes = await tools.db.browse(preview, who.workspace_id, days, agent_id, now)
        if not goes.is_nothing:
            told = f"{goes.told} would be deleted within the hour: say that you are sure"
            raise Conflict(told, code="needs_confirmation")

    def unit(conn: sa.Connection) -> Terms:
        held = kept_days.hold(conn, who.workspace_id)
        _require(conn, who.workspace_id, seen)
        at = max(tools.clock.now(), held.updated_at + 1)
        wanted = held.days if agent_id or days is None else days
        new = replace(held, days=wanted, updated_at=at, updated_by=who.name[:200])
        if agent_id:
            was = _of_agent(conn, who.workspace_id, agent_id, days, held.days)
        else:
            was = held.days
            others = sa.and_(_A.workspace_id == who.workspace_id, _A.own_days.is_(None))
            conn.execute(sa.update(agents).where(others).values(kept_days=wanted))
        if was != days:
            kept_days.keep(conn, who.workspace_id, new)
            data = {"days": days, "from": was}
            events.record(conn, Kind.RETENTION_CHANGED, who, at, agent_id=agent_id, data=data)
        return find(conn, who.workspace_id)

    return await tools.db.write(unit)


def _require(conn: sa.Connection, workspace_id: str, seen: Moment | None) -> None:
    held = kept_days.find(conn, workspace_id)
    if seen is not None and held.updated_at != seen:
        raise Stale(f"{held.updated_by or 'somebody'} changed this meanwhile; read it again")


def _of_agent(
    conn: sa.Connection, workspace_id: str, agent_id: str, days: int | None, others: int
) -> int | None:
    """Give an agent days of its own, or those of the workspace; return what it had."""
    one = sa.and_(_A.id == agent_id, *_there(workspace_id))
    row = conn.execute(sa.select(_A.own_days).where(one)).first()
    if row is None:
        raise NotFound("there is no such agent")
    holds = others if days is None else days
    conn.execute(sa.update(agents).where(one).values(own_days=days, kept_days=holds))
    return None if row[0] is None else int(row[0])


def _there(workspace_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (_A.workspace_id == workspace_id, _A.deleted_at.is_(None), _A.draft_of.is_(None))


def told(goes: Due) -> dict[str, int]:
    """Return what goes by kind, for programs."""
    return asdict(goes)
