"""The history of an agent: rolling back to an earlier version, and giving up a draft's changes."""

import sqlalchemy as sa

from parlour.agents import keeping, store
from parlour.agents.changes import changes
from parlour.agents.model import Agent, Version
from parlour.kit.errors import Conflict
from parlour.rights import Who
from parlour.tools import Tools


async def roll_back(tools: Tools, who: Who, agent: Agent, number: int) -> Agent:
    """Make an earlier version what visitors get, as the next version; nothing is overwritten.

    A draft without unpublished changes follows; one that has some keeps them. NotFound: there is
    no such version. Conflict: visitors get that very version already.
    """

    def unit(conn: sa.Connection) -> Agent:
        held = store.hold(conn, agent.id)
        wanted = store.version(conn, held.id, number)
        present = published(conn, held)
        if present is not None and present.content == wanted.content:
            raise Conflict(f"visitors get what is in version {number} already", code="published")
        back = keeping.put_up(conn, tools, who, held, wanted.content, restored_from=number)
        if present is None or present.content != held.draft:
            return back
        return keeping.redraft(conn, who, back, wanted.content, tools.clock.now(), version=number)

    return await tools.db.write(unit)


async def discard(tools: Tools, who: Who, agent: Agent, seen: str | None = None) -> Agent:
    """Give up the draft's changes: it is again as what visitors get.

    `seen`: the draft's mark when the caller last looked; Stale when it was changed since.
    Conflict: nothing is published to go back to.
    """

    def unit(conn: sa.Connection) -> Agent:
        held = store.hold(conn, agent.id)
        if seen is not None and seen != held.seen:
            raise keeping.stale(held)
        present = published(conn, held)
        if present is None:
            raise Conflict("nothing is published to go back to", code="not_published")
        if present.content == held.draft:
            return held
        back = keeping.redraft(conn, who, held, present.content, tools.clock.now(), discarded=True)
        keeping.drop_unnamed(conn, back)
        return back

    return await tools.db.write(unit)


def published(conn: sa.Connection, agent: Agent) -> Version | None:
    """Return the version that visitors get, if there is one."""
    return None if agent.published is None else store.version(conn, agent.id, agent.published)


def unpublished(conn: sa.Connection, agent: Agent) -> list[str]:
    """Name what the draft has that visitors do not get yet; empty when it has nothing new."""
    present = published(conn, agent)
    return changes(None if present is None else present.content, agent.draft)
