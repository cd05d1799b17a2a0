"""What the staff did is read back, and goes when the settings say; expired keys open nothing."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from parlour import events, retention, staff, workspaces
from parlour.events import recording
from parlour.kit.clock import DAY, MINUTE
from parlour.kit.errors import Invalid, Unauthorized
from parlour.rights import Role, Who
from parlour.staff import invitations, people, sessions, store, tables
from parlour.staff.people import NewPerson
from parlour.tools import Tools

PASSWORD = "four words are enough"


async def test_what_was_done_is_read_newest_first_and_page_by_page(
    tools: Tools, owner: Who
) -> None:
    for n in range(5):
        await staff.create_key(tools, owner, f"{n}", Role.ANALYST)
    first = await tools.db.read(events.by_staff, owner.workspace_id, limit=3)
    rest = await tools.db.read(events.by_staff, owner.workspace_id, limit=9, before=first[-1].id)
    assert [each.id for each in first + rest] == sorted((e.id for e in first + rest), reverse=True)
    assert len(first + rest) == 5
    assert {each.actor_kind for each in first} == {"host"}


async def test_visitors_and_other_workspaces_are_not_in_it(tools: Tools, owner: Who) -> None:
    """ISO-15"""
    other = await workspaces.create(tools, "other")
    visitor = Who("visitor", "vis_x", "", owner.workspace_id)
    neighbour = Who("host", "host", "command line", other.id, Role.OWNER)

    def happen(conn: sa.Connection) -> None:
        for who in (visitor, neighbour):
            events.record(conn, events.Kind.CONVERSATION_STARTED, who, tools.clock.now())

    await tools.db.write(happen)
    assert await tools.db.read(events.by_staff, owner.workspace_id, limit=9) == []
    assert len(await tools.db.read(events.by_staff, other.id, limit=9)) == 1


async def test_the_history_is_found_without_reading_what_visitors_did(
    tools: Tools, owner: Who
) -> None:
    """The index of staff events serves the query, on both engines."""

    def plan(conn: sa.Connection) -> str:
        columns = events.events.c
        wanted = (
            sa.select(columns.id)
            .where(recording.BY_STAFF, columns.workspace_id == owner.workspace_id)
            .order_by(columns.id.desc())
            .limit(5)
        )
        asked = "EXPLAIN QUERY PLAN " if tools.db.kind == "sqlite" else "EXPLAIN "
        if tools.db.kind == "postgresql":
            conn.execute(sa.text("SET LOCAL enable_seqscan = off"))
        text = wanted.compile(conn, compile_kwargs={"literal_binds": True})
        return repr(conn.execute(sa.text(asked + str(text))).all())

    assert "events_staff" in await tools.db.write(plan)


async def test_events_are_kept_as_long_as_the_settings_say(
    tools: Tools, owner: Who, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = tools.clock.now()
    monkeypatch.setattr(retention, "AT_ONCE", 3)

    def happen(conn: sa.Connection) -> None:
        for days in (900, 500, 401, 401, 401, 401, 399, 0):
            at = now - days * DAY
            events.record(conn, events.Kind.KEY_CREATED, owner, at, data={"days": days})

    await tools.db.write(happen)
    await retention.tidy_up(tools)
    left = await tools.db.read(events.by_staff, owner.workspace_id, limit=99)
    assert [each.data["days"] for each in left] == [0, 399]


async def test_an_expired_key_says_so_and_opens_nothing(
    tools: Tools, owner: Who, monkeypatch: pytest.MonkeyPatch
) -> None:
    """API-02"""
    end = tools.clock.now() + MINUTE
    made = await staff.create_key(tools, owner, "CI", Role.OWNER, expires_at=end)
    assert (await staff.authenticate(tools, made.secret)).name == "CI"
    monkeypatch.setattr(tools.clock, "now", lambda: end)
    with pytest.raises(Unauthorized, match="expired at") as refused:
        await staff.authenticate(tools, made.secret)
    assert refused.value.code == "key_expired"
    assert [each.id for each in await tools.db.read(staff.every_key, owner.workspace_id)] == [
        made.key.id
    ], "it is in the list until it is revoked"


@pytest.mark.parametrize("ahead", [-MINUTE, 0, 4_000 * DAY, 2**62])
async def test_ends_of_keys_lie_ahead(tools: Tools, owner: Who, ahead: int) -> None:
    with pytest.raises(Invalid) as refused:
        await staff.create_key(tools, owner, "CI", Role.OWNER, expires_at=tools.clock.now() + ahead)
    assert refused.value.errors[0].field == "expires_at"


async def test_sessions_and_invitations_that_are_long_over_go(tools: Tools, owner: Who) -> None:
    """The last session stays: it tells when somebody was last here."""
    new = NewPerson(owner.workspace_id, "ana@x.example", "Ana", Role.OWNER, PASSWORD)
    ana = await people.add(tools, owner, new)
    for _ in range(3):
        await sessions.begin(tools, owner.workspace_id, ana.id, "Firefox")
    await invitations.invite(tools, owner, "ben@x.example", Role.ANALYST)
    now = tools.clock.now()

    def age(conn: sa.Connection) -> None:
        ours = tables.staff_sessions
        found = list(conn.execute(sa.select(ours.c.id)).scalars())
        for n, session_id in enumerate(found):
            seen = now - (100 - n) * DAY
            conn.execute(sa.update(ours).where(ours.c.id == session_id).values(seen_at=seen))
        conn.execute(sa.update(tables.invitations).values(expires_at=now - 31 * DAY))

    def left(conn: sa.Connection) -> tuple[int, int]:
        count = sa.func.count()
        return (
            conn.execute(sa.select(count).select_from(tables.staff_sessions)).scalar_one(),
            conn.execute(sa.select(count).select_from(tables.invitations)).scalar_one(),
        )

    await retention.tidy_up(tools)
    assert await tools.db.read(left) == (3, 1)
    await tools.db.write(age)
    await retention.tidy_up(tools)
    assert await tools.db.read(left) == (1, 0)
    assert await tools.db.read(store.last_seen, owner.workspace_id) == {ana.id: now - 98 * DAY}


async def test_the_database_itself_keeps_the_record(tools: Tools, owner: Who) -> None:
    """Nobody changes or deletes an event by a slip, or by any way but the two that say so."""
    await staff.create_key(tools, owner, "one", Role.ANALYST)
    columns = events.events.c
    for statement in (
        sa.delete(events.events),
        sa.update(events.events).values(actor_id="somebody else"),
        sa.update(events.events).values(data={}),
    ):

        def change(conn: sa.Connection, it: sa.sql.dml.UpdateBase = statement) -> None:
            conn.execute(it)

        with pytest.raises(DBAPIError, match="only ever added"):
            await tools.db.write(change)
    kept = await tools.db.read(events.by_staff, owner.workspace_id, limit=9)
    assert [each.actor_id for each in kept] == ["host"]
    marked = sa.update(events.events).where(columns.id == kept[0].id).values(untold=False)
    await tools.db.write(lambda conn: conn.execute(marked))
    assert await tools.db.write(events.forget, tools.clock.now() + DAY, 9) == 1


async def test_from_where_is_kept_of_the_staff_and_of_nobody_else(tools: Tools, owner: Who) -> None:
    """PRI-06: of visitors no address is kept."""
    home, place = owner.workspace_id, "203.0.113.7"
    somebody = [
        Who("person", "per_x", "Olga", home, Role.OWNER, place=place),
        Who("key", "key_x", "CI", home, Role.OWNER, place=place),
        Who("host", "host", "command line", home, Role.OWNER),
        Who("visitor", "vis_x", "", home, place=place),
    ]

    def happen(conn: sa.Connection) -> None:
        for who in somebody:
            events.record(conn, events.Kind.CONVERSATION_CLOSED, who, tools.clock.now())

    await tools.db.write(happen)
    found = sa.select(events.events.c.actor_kind, events.events.c.place)
    rows = await tools.db.read(lambda conn: [tuple(row) for row in conn.execute(found)])
    assert sorted(rows, key=str) == [
        ("host", None),
        ("key", place),
        ("person", place),
        ("visitor", None),
    ]
    now = tools.clock.now()
    read = await tools.db.read(events.by_staff, home, limit=9, since=now + 1)
    assert read == []
    assert len(await tools.db.read(events.by_staff, home, limit=9, until=now + 1)) == 3
