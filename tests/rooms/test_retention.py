"""What the hourly tidying deletes, and what it leaves alone."""

import sqlalchemy as sa

from parlour import retention, visitors
from parlour.kit import once
from parlour.kit.clock import DAY, HOUR
from parlour.kit.queue import rows
from parlour.links import keeping
from parlour.rights import Who
from parlour.tools import Tools
from tests.rooms.conftest import Maker

NOW = 1_800_000_000_000


async def test_dead_letters_go_after_a_month_and_waiting_jobs_never(tools: Tools) -> None:
    def prepare(conn: sa.Connection) -> None:
        job = {"name": "n", "payload": {}, "failures": 0, "epoch": 0, "created_at": 1}
        for name, died in (("old", NOW - 31 * DAY), ("young", NOW - 29 * DAY)):
            conn.execute(sa.insert(rows.jobs), {**job, "id": name, "died_at": died})
        conn.execute(sa.insert(rows.jobs), {**job, "id": "waiting", "due": NOW + HOUR})

    def left(conn: sa.Connection) -> set[str]:
        return set(conn.execute(sa.select(rows.jobs.c.id)).scalars())

    await tools.db.write(prepare)
    await tools.db.write(retention.tidy, NOW)
    assert await tools.db.read(left) == {"young", "waiting"}


async def test_answers_to_repeated_requests_go_after_a_day(tools: Tools) -> None:
    def prepare(conn: sa.Connection) -> None:
        for name, at in (("old", NOW - DAY), ("young", NOW - DAY + 1)):
            values = {"scope": "s", "key": name, "request": "r", "answer": "a", "at": at}
            conn.execute(sa.insert(once.answers), values)

    def left(conn: sa.Connection) -> list[str]:
        return list(conn.execute(sa.select(once.answers.c.key)).scalars())

    await tools.db.write(prepare)
    await tools.db.write(retention.tidy, NOW)
    assert await tools.db.read(left) == ["young"]


async def test_sessions_go_when_they_have_ended(
    tools: Tools, owner: Who, make_agent: Maker
) -> None:
    agent = await make_agent()
    link = await keeping.create(tools, owner, agent.id, keeping.Wish())

    def arrive(conn: sa.Connection) -> None:
        for name, expires in (("over", NOW), ("good", NOW + 1)):
            visitors.arrive(
                conn,
                workspace_id=owner.workspace_id,
                agent_id=agent.id,
                link_id=link.id,
                session_hash=name,
                now=NOW - DAY,
                expires_at=expires,
            )

    def left(conn: sa.Connection) -> list[str]:
        return list(conn.execute(sa.select(visitors.sessions.c.hash)).scalars())

    await tools.db.write(arrive)
    await tools.db.write(retention.tidy, NOW)
    assert await tools.db.read(left) == ["good"]
