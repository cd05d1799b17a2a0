"""Mails to the team about notes that were left: one, whoever gathers them."""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from parlour.entrance import noting
from parlour.kit.queue import Job
from parlour.kit.queue.rows import jobs
from parlour.links import keeping as links
from parlour.notes import store
from parlour.rights import Role, Who
from parlour.staff import people
from parlour.staff.people import NewPerson
from parlour.tools import Tools
from tests.rig.storage import POSTGRES
from tests.rig.waiting import eventually
from tests.rooms.conftest import Maker


@pytest.mark.only_on(POSTGRES)  # on SQLite one writes after the other
async def test_two_who_gather_at_the_same_moment_tell_once(
    tools: Tools, owner: Who, make_agent: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = await make_agent()
    link = await links.create(tools, owner, agent.id, links.Wish())
    new = NewPerson(owner.workspace_id, "olga@x.example", "Olga", Role.OWNER, "four words enough")
    await people.add(tools, owner, new)
    row = {"workspace_id": owner.workspace_id, "agent_id": agent.id, "link_id": link.id,
           "wish": "message", "why": "offline", "text": "Hello?", "contact": ""}  # fmt: skip

    def leave(conn: sa.Connection, note: str) -> None:
        conn.execute(sa.insert(store.notes), {**row, "id": note, "left_at": tools.clock.now()})

    take, taken = store.take_untold, list[int]()

    def slowly(conn: sa.Connection, *given: Any) -> list[str]:
        found = take(conn, *given)
        taken.append(len(found))
        conn.execute(sa.text("SELECT pg_sleep(1)"))
        return found

    monkeypatch.setattr(store, "take_untold", slowly)
    job = Job("job", noting.GATHER, {"workspace": owner.workspace_id}, 1, 1)
    await tools.db.write(leave, "nte_one")
    first = asyncio.create_task(noting.gather(tools, job))
    await eventually(lambda: taken)
    await tools.db.write(leave, "nte_two")
    await asyncio.gather(first, noting.gather(tools, job))
    mine = jobs.c.name.in_((noting.GATHER, noting.TELL))
    names = sa.select(jobs.c.name).where(mine).order_by(jobs.c.name)
    found = await tools.db.read(lambda conn: list(conn.execute(names).scalars()))
    assert found == sorted([noting.GATHER, noting.TELL]), "the second is told of later"
