"""The ledger: what was erased and revoked does not come back with an old backup."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from parlour import entrance, events, forgetting, sharing
from parlour.agents import keeping as agents
from parlour.agents import sharing as terms
from parlour.entrance import crossing
from parlour.events import ENDING, Kind
from parlour.forgetting import copying, ledger, restoring, set_back
from parlour.forgetting.ledger import Entry, Mark
from parlour.kit.clock import DAY
from parlour.kit.db import Database, archive, metadata, open_database
from parlour.kit.db.backup import Told, back_up, restore
from parlour.kit.tokens import Keyring
from parlour.links import keeping as links
from parlour.links import rotating
from parlour.links.store import Link
from parlour.links.store import links as link_rows
from parlour.notes import keeping as notes
from parlour.notes.store import Note, Wish
from parlour.rights import Role, Who
from parlour.sharing import Mode
from parlour.staff import invitations, keys, people, sessions
from parlour.staff import tables as staff
from parlour.staff.people import NewPerson
from parlour.tools import Tools
from parlour.transcripts import finding
from parlour.verification import keys as identity_keys
from parlour.webhooks import keeping as hooks
from parlour.webhooks.store import webhooks
from tests.rig.confirming import Browser
from tests.rig.storage import Storage
from tests.rooms.conftest import Maker
from tests.rooms.test_backup import elsewhere
from tests.rooms.test_webhooks import SAID, URL, Receiver

__all__ = ["elsewhere"]

EMAIL = "vera.heron-5821@visitors.example"
CANARY = "heron-5821"
PASSWORD = "correct horse 7"
KEYS = Keyring(["the one and only key of these tests"])


async def talked(tools: Tools, owner: Who, link: Link, email: str) -> Browser:
    made = Browser(tools, link.token(tools.keys))
    await made.confirm(email)
    await made.say(f"I am {CANARY}")
    return made


async def visitor_of(tools: Tools, owner: Who, browser: Browser) -> str:
    return (await tools.db.read(finding.find, owner, browser.conversation)).visitor_id


async def everything(db: Database) -> dict[str, list[str]]:
    """Every row of every table, as text."""

    def read(conn: sa.Connection) -> dict[str, list[str]]:
        tables = metadata.sorted_tables
        return {t.name: [repr(tuple(row)) for row in conn.execute(sa.select(t))] for t in tables}

    return await db.browse(read)


class House:
    """An instance with something of everything that can be erased or revoked."""

    def __init__(self, tools: Tools, owner: Who) -> None:
        self.tools, self.owner = tools, owner

    async def furnish(self, make_agent: Maker) -> None:
        tools, owner = self.tools, self.owner
        tools.http = Receiver()  # type: ignore[assignment]
        agent, other = await make_agent("helper"), await make_agent("gone")
        await terms.change(tools, owner, agent, {"verify": "required"})
        self.link, self.turned, self.stays = [
            await links.create(tools, owner, agent.id, links.Wish(name=name))
            for name in ("Poster", "Card", "Stays")
        ]
        self.agent, self.other = agent, other
        self.vera = await talked(tools, owner, self.stays, EMAIL)
        self.ana = await talked(tools, owner, self.stays, "ana@visitors.example")
        self.ben = await talked(tools, owner, self.stays, "ben@visitors.example")
        open_ = await links.create(tools, owner, other.id, links.Wish(name="Open"))
        self.nobody = Browser(tools, open_.token(tools.keys))
        await self.nobody.say("I am on a borrowed computer")
        talk = await tools.db.read(finding.find, owner, self.ben.conversation)
        self.share = (await sharing.make(tools, owner, talk.id, sharing.Wish(Mode.VIEW))).share
        self.key = (await keys.create_key(tools, owner, "program", Role.ANALYST)).key
        self.idk = (await identity_keys.create(tools, owner, agent.id, "app")).key
        self.note = Note(
            "nte_" + "A" * 22, agent.id, self.stays.id, Wish.MESSAGE, "offline", CANARY, "",
            tools.clock.now(), None, None,
        )  # fmt: skip
        await tools.db.write(notes.leave, self.note, owner.workspace_id)
        self.invited = await invitations.invite(tools, owner, "new@team.example", Role.BUILDER)
        wanted = ("tess@team.example", "Tess"), ("ute@team.example", "Ute")
        self.tess, self.ute = [
            await people.add(
                tools,
                owner,
                NewPerson(owner.workspace_id, mail, name, Role.OPERATOR, "correct horse 7"),
            )
            for mail, name in wanted
        ]
        for each in (self.tess, self.ute):
            await sessions.begin(tools, owner.workspace_id, each.id, "Firefox")
        await hooks.create(tools, owner, hooks.Wish("CRM", URL, tuple(SAID), sees_personal=False))
        await self.ben.say("And this waits to be told")

    async def end_it_all(self) -> None:
        tools, owner = self.tools, self.owner
        for visitor in (self.vera,):
            await forgetting.forget_visitor(tools, owner, await visitor_of(tools, owner, visitor))
        await forgetting.forget_conversation(tools, owner, self.ana.conversation)
        await links.revoke(tools, owner, self.link)
        await rotating.rotate(tools, owner, self.turned, rotating.Turn(overlap_hours=0))
        await sharing.revoke(tools, owner, self.ben.conversation, self.share.id)
        await keys.revoke_key(tools, owner, self.key.id)
        now = tools.clock.now()
        await tools.db.write(identity_keys.delete, owner, self.agent.id, self.idk.id, now)
        await notes.delete(tools, owner, self.note.id)
        await invitations.withdraw(tools, owner, self.invited.invitation.id)
        door = await entrance.admitted(tools, self.nobody.token, self.nobody.session)
        assert await crossing.leave(tools, door)
        for each in (self.tess, self.ute):
            await people.disable(tools, owner, each.id)
        await people.enable(tools, owner, self.ute.id)
        await agents.delete(tools, owner, self.other)


async def test_nothing_comes_back_with_an_old_backup(
    tools: Tools,
    owner: Who,
    storage: Storage,
    make_agent: Maker,
    tmp_path: Path,
    elsewhere: Callable[[str], Storage],
) -> None:
    """MIG-12, promise 22: erased people, revoked links, keys, sessions and shares stay so."""
    house = House(tools, owner)
    await house.furnish(make_agent)
    file = tmp_path / "old.pb"
    contents = await back_up(tools.db, file, Told("0.1.0", tools.clock.now()))
    await house.end_it_all()
    await copying.copy(tools)
    entries = ledger.read(copying.path_of(tools))
    assert {each.noun for each in entries} == set(restoring.NOUNS) - {
        *("memory", "internal_note", "device", "session", "sessions", "old_addresses")
    }
    text = copying.path_of(tools).read_text()
    for trace in (CANARY, "visitors.example", house.link.id, house.vera.conversation, "Tess"):
        assert trace not in text
    assert await copying.copy(tools) == 0
    there = elsewhere(storage.engine)
    again: dict[str, int] = {}

    def settled(conn: sa.Connection) -> None:
        now = tools.clock.now()
        again.update(set_back.settle(conn, tools.keys, entries, now, contents.at))

    assert archive.read(file) == contents
    await restore(there.database_url, there.sqlite_path, file, contents, settled)
    other = await open_database(there.database_url, there.sqlite_path)
    try:
        await stays_ended(house, other)
        assert again == {
            "link": 1,
            "key": 1,
            "share": 1,
            "invitation": 1,
            "note": 1,
            "address": 1,
            "conversation": 2,
            "visitor": 1,
            "identity_key": 1,
            "person": 1,
            "agent": 1,
            "webhook": 1,
            "trace": 1,
        }
        now = tools.clock.now()
        assert await other.write(restoring.apply, tools.keys, entries, now) == {}
    finally:
        await other.close()


async def stays_ended(house: House, other: Database) -> None:
    """Whatever was ended is so in the restored database, and nothing else is."""
    left = await everything(other)
    for table, rows in left.items():
        kept = [row for row in rows if EMAIL in row or house.vera.conversation in row]
        assert kept == [] or table == "events", table
    assert len(left["conversations"]) == 2
    assert len(left["visitors"]) == 3
    assert len(left["visitor_sessions"]) == 2, "ana's and ben's: whoever left is not known again"
    assert (left["notes"], left["identity_keys"]) == ([], [])
    wanted = sa.select(link_rows.c.id, link_rows.c.revoked_at, link_rows.c.address)
    found = {row.id: row for row in await other.read(lambda conn: conn.execute(wanted).all())}
    assert found[house.link.id].revoked_at
    assert found[house.turned.id].address != 0
    assert found[house.stays.id][1:] == (None, 0)
    ended = sa.select(keys.api_keys.c.revoked_at).where(keys.api_keys.c.id == house.key.id)
    assert await other.read(lambda conn: conn.execute(ended).scalar())
    out = sa.select(staff.people.c.name).where(staff.people.c.disabled_at.is_not(None))
    assert await other.read(lambda conn: conn.execute(out).scalars().all()) == ["Tess"]
    hook = sa.select(webhooks.c.is_on, webhooks.c.off_why)
    is_on, why = await other.read(lambda conn: conn.execute(hook).one())
    assert (is_on, "backup was restored" in why) == (False, True)


async def test_a_database_that_was_set_back_catches_up(
    tools: Tools, owner: Who, make_agent: Maker
) -> None:
    """MIG-09, MIG-12: files of another day put in place are noticed when it is served again."""
    agent = await make_agent("helper")
    await terms.change(tools, owner, agent, {"verify": "required"})
    link = await links.create(tools, owner, agent.id, links.Wish())
    vera = await talked(tools, owner, link, EMAIL)
    visitor_id = await visitor_of(tools, owner, vera)
    await set_back.catch_up(tools)
    later = tools.clock.now() + DAY
    made = Mark(later, "visitor", visitor_id).entry(tools.keys)
    ledger.append(copying.path_of(tools), [made])
    await set_back.catch_up(tools)
    left = await everything(tools.db)
    assert [table for table, rows in left.items() if EMAIL in str(rows)] == []
    (told,) = await tools.db.read(events.of_kinds, (Kind.BACKUP_RESTORED,), 0)
    assert told.actor_kind == "host"


def test_every_kind_that_ends_something_has_its_nouns() -> None:
    assert set(copying.MARKS) == set(ENDING)
    nouns = {noun for marks in copying.MARKS.values() for noun, _ in marks}
    assert nouns == set(restoring.NOUNS)


def test_a_line_cut_short_spoils_no_other(tmp_path: Path) -> None:
    """CRH-02: killed while it wrote, the next one begins a line of its own."""
    path = tmp_path / "data" / ledger.NAME
    first, second = (Mark(n, "visitor", f"vis_{n}").entry(KEYS) for n in (1, 2))
    assert ledger.read(path) == []
    ledger.append(path, [first])
    with path.open("ab") as file:
        file.write(second.line.encode()[:40])
    ledger.append(path, [second])
    assert ledger.read(path) == [first, second]
    assert path.stat().st_mode & 0o777 == 0o600
    assert "vis_1" not in path.read_text()


async def test_several_processes_write_one_ledger(tmp_path: Path) -> None:
    path = tmp_path / ledger.NAME
    made = [Mark(n, "link", f"lnk_{n}").entry(KEYS) for n in range(60)]
    pieces = [made[n : n + 10] for n in range(0, 60, 10)]
    await asyncio.gather(*(asyncio.to_thread(ledger.append, path, each) for each in pieces))
    assert sorted(ledger.read(path)) == sorted(made)


@pytest.mark.parametrize(
    ("keys", "since", "count"), [(KEYS, 0, 0), (None, 0, 1), (Keyring(["x" * 16]), 0, 1),
    (None, 6, 0)],
)  # fmt: skip
def test_what_cannot_be_read_is_noticed(keys: Keyring | None, since: int, count: int) -> None:
    """MIG-10: entries made with a key that is not here say so, if they are younger."""
    entry: Entry = Mark(5, "visitor", "vis_1").entry(KEYS)
    assert restoring.unread([entry], keys, since) == count
