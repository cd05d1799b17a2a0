"""What the hourly tidying deletes, and what it leaves alone."""

from dataclasses import replace

import sqlalchemy as sa

from parlour import retention, visitors, workspaces
from parlour.agents import previews
from parlour.conversations import store
from parlour.kit import once
from parlour.kit.clock import DAY, HOUR, SetClock
from parlour.kit.queue import rows
from parlour.links import keeping
from parlour.links.store import Link
from parlour.notes import keeping as notes
from parlour.notes import store as note_rows
from parlour.notes.store import Note
from parlour.notes.store import Wish as NoteWish
from parlour.rights import Role, Who
from parlour.staff import people, sessions
from parlour.staff.people import NewPerson
from parlour.tools import Tools
from tests.rooms.conftest import Maker
from tests.rooms.test_transcripts import Talk

NOW = 1_800_000_000_000
WISH = keeping.Wish()


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


async def test_notes_go_when_their_days_are_over(
    tools: Tools, owner: Who, make_agent: Maker
) -> None:
    agent = await make_agent()
    link = await keeping.create(tools, owner, agent.id, WISH)
    kept = tools.settings.note_days * DAY
    now = tools.clock.now()

    def prepare(conn: sa.Connection) -> None:
        for name, at in (("old", now - kept - 1), ("young", now - kept + DAY)):
            note = Note(
                name, agent.id, link.id, NoteWish.MESSAGE, "offline", "Hm", "", at, None, None
            )
            notes.leave(conn, note, owner.workspace_id)

    await tools.db.write(prepare)
    await retention.tidy_up(tools)
    left = await tools.db.read(note_rows.shown_to, owner, limit=9)
    assert [each.id for each in left] == ["young"]


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


async def test_what_was_tried_goes_after_a_day_and_what_visitors_said_stays(
    tools: Tools, owner: Who, make_agent: Maker
) -> None:
    tools.clock = clock = SetClock(NOW)
    home = await workspaces.ensure_previews(tools)
    agent = await make_agent()
    preview = await previews.mirror(tools, agent, home.id)
    new = NewPerson(owner.workspace_id, "olga@x.example", "Olga", Role.OWNER, "four words enough")
    olga = await people.add(tools, owner, new)
    await sessions.begin(tools, owner.workspace_id, olga.id, "Firefox on Linux")
    mine = keeping.Wish(name=olga.id)
    tried = await keeping.create(tools, replace(owner, workspace_id=home.id), preview.id, mine)
    shared = await keeping.create(tools, owner, agent.id, WISH)

    async def talk(link: Link) -> None:
        said = Talk(tools, link.token(tools.keys), agent, clock)
        await said.say("Does it work?")
        await said.answer("It does.")

    def left(conn: sa.Connection) -> dict[str, list[str]]:
        tables = (store.conversations, visitors.visitors)
        return {t.name: list(conn.execute(sa.select(t.c.workspace_id)).scalars()) for t in tables}

    both = sorted([home.id, owner.workspace_id])
    await talk(shared)
    await talk(tried)
    await retention.tidy_up(tools)
    assert {name: sorted(ids) for name, ids in (await tools.db.read(left)).items()} == {
        "conversations": both,
        "visitors": both,
    }
    clock.forward(DAY + 1)
    await retention.tidy_up(tools)
    assert await tools.db.read(left) == {
        "conversations": [owner.workspace_id],
        "visitors": [owner.workspace_id],
    }
