"""People, one's own account and API keys in the studio: who may do what, and at once (API-07)."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
import sqlalchemy as sa

from parlour import events
from parlour.kit.db import Database
from parlour.rights import MAY, Role
from parlour.staff import tables
from tests.rig.colleague import PASSWORD, Colleague, joined, owner_of
from tests.rig.nursery import Nursery
from tests.rig.server import Server
from tests.rig.storage import Storage
from tests.rig.visiting import check_unbroken

OLGA, BEN = "olga@team.example", "ben@team.example"


@pytest.fixture
def fresh(storage: Storage, tmp_path: Path, nursery: Nursery) -> Iterator[Server]:
    """A server nobody owns yet."""
    made = Server(storage, tmp_path, nursery).start()
    yield made
    check_unbroken(made.output)
    made.close()


@dataclass
class Team:
    """An owner and a builder."""

    owner: Colleague
    ben: Colleague
    olga_id: str
    ben_id: str


@pytest.fixture
async def team(http: aiohttp.ClientSession, fresh: Server, db: Database) -> Team:
    """Olga owns, Ben builds."""
    owner = await owner_of(http, fresh)
    ben = await joined(owner, BEN, "builder")

    def ids(conn: sa.Connection) -> dict[str, str]:
        found = conn.execute(sa.select(tables.people.c.email, tables.people.c.id))
        return {row[0]: row[1] for row in found}

    known = await db.read(ids)
    return Team(owner, ben, known[OLGA], known[BEN])


async def seen_by(colleague: Colleague, person_id: str) -> str:
    """The state of a person that stands in the form."""
    page = await colleague.get(f"/studio/people/{person_id}")
    found = re.search(r'name="seen" value="(\d+)"', page.text)
    assert found is not None, page.words
    return found.group(1)


async def test_what_a_person_may_changes_with_their_next_request(team: Team) -> None:
    path = f"/studio/people/{team.ben_id}"
    assert (await team.ben.get("/studio/people")).status == 403
    seen = await seen_by(team.owner, team.ben_id)
    page = await team.owner.post(path, {"role": "owner", "seen": seen})
    assert page.leads_to == f"{path}?said=saved"
    assert "Saved." in (await team.owner.get(page.leads_to)).words
    assert (await team.ben.get("/studio/people")).status == 200
    seen = await seen_by(team.owner, team.ben_id)
    await team.owner.post(path, {"role": "analyst", "view_personal": "1", "seen": seen})
    refused = await team.ben.get("/studio/people")
    assert refused.status == 403
    assert "This is not yours to see" in refused.words
    assert "Analyst" in refused.words, "the refusal stands inside the studio"
    assert "Sees personal details" in (await team.owner.get("/studio/people")).words
    seen = await seen_by(team.owner, team.ben_id)
    await team.owner.post(path, {"role": "team_lead", "analytics": "1", "seen": seen})
    assert "Sees personal details · Analytics" in (await team.owner.get("/studio/people")).words


async def test_nobody_raises_themselves(team: Team, db: Database) -> None:
    """API-07: own role, somebody else's, inviting an owner, keys: refused, and nothing changes."""
    posts = {
        f"/studio/people/{team.ben_id}": {"role": "owner"},
        f"/studio/people/{team.olga_id}": {"role": "analyst"},
        f"/studio/people/{team.olga_id}/disable": {},
        f"/studio/people/{team.ben_id}/end-sessions": {},
        "/studio/people": {"email": "sam@x.example", "role": "owner"},
        "/studio/people/invitations/inv_x/withdraw": {},
        "/studio/keys": {"name": "mine", "role": "owner"},
        "/studio/keys/key_x/revoke": {},
    }
    for path, form in posts.items():
        assert (await team.ben.post(path, form)).status == 403, path
    # Fields that the own account's form does not have change nothing, either.
    await team.ben.post("/studio/me/name", {"name": "Benno", "role": "owner"})

    def roles(conn: sa.Connection) -> set[tuple[str, str]]:
        found = conn.execute(sa.select(tables.people.c.name, tables.people.c.role))
        return {(row[0], row[1]) for row in found}

    assert await db.read(roles) == {("Olga", "owner"), ("Benno", "builder")}
    assert "There is no key yet" in (await team.owner.get("/studio/keys")).words


@pytest.mark.parametrize("role", list(Role))
async def test_each_role_sees_its_pages_and_no_other(
    http: aiohttp.ClientSession, fresh: Server, role: Role
) -> None:
    """A matrix made from the site's own routes: what the rights say, and nothing else."""
    from parlour.web.studio import history, home, keys, links, me, people, second_step, widgets

    owner = await owner_of(http, fresh)
    colleague = await joined(owner, "col@team.example", role.value)
    tried = 0
    for handler in (
        h
        for door in (history, home, keys, links, me, people, second_step, widgets)
        for h in door.HANDLERS
    ):
        gate = handler.opt["gate"]
        for template in sorted(handler.paths):
            path = re.sub(r"\{rest:path\}", "nowhere", template)
            path = re.sub(r"\{\w+:str\}", "x", path)
            allowed = gate.permission is None or gate.permission in MAY[role]
            method = next(iter(handler.http_methods - {"HEAD", "OPTIONS"}))
            ask = colleague.get if method == "GET" else colleague.post
            status = (await ask(path)).status
            assert (status != 403) is allowed, f"{method} {path}: {status}"
            assert status < 500
            tried += 1
    assert tried > 12


async def test_the_second_editor_is_told_who_was_first(team: Team) -> None:
    """Both looked at the same state; the second one's choice is kept in the form, not stored."""
    path = f"/studio/people/{team.ben_id}"
    seen = await seen_by(team.owner, team.ben_id)
    await team.owner.post(path, {"role": "operator", "seen": seen})
    late = await team.owner.post(path, {"role": "analyst", "seen": seen})
    assert late.status == 412
    assert "Olga changed this meanwhile" in late.words
    assert re.search(r'value="analyst" checked', late.text)
    assert "Now: Operator" in late.words
    newer = re.search(r'name="seen" value="(\d+)"', late.text)
    assert newer is not None
    page = await team.owner.post(path, {"role": "analyst", "seen": newer.group(1)})
    assert page.status == 303


async def test_shutting_out_ends_everything_at_once(team: Team) -> None:
    path = f"/studio/people/{team.ben_id}"
    assert (await team.ben.get("/studio")).status == 200
    assert (await team.owner.post(f"{path}/disable")).leads_to == f"{path}?said=shut-out"
    assert (await team.ben.get("/studio")).leads_to == "/studio/sign-in"
    refused = await team.ben.sign_in(BEN)
    assert (refused.status, "do not belong together" in refused.words) == (422, True)
    assert (await team.owner.post(f"{path}/enable")).status == 303
    assert (await team.ben.sign_in(BEN)).leads_to == "/studio"
    assert (await team.owner.post(f"{path}/end-sessions")).status == 303
    assert (await team.ben.get("/studio")).status == 303
    assert (await team.owner.post(f"{path}/nonsense")).status == 404


async def test_the_last_owner_stays(team: Team, http: aiohttp.ClientSession, db: Database) -> None:
    """Also when two owners let go of each other at the same moment."""
    own = f"/studio/people/{team.olga_id}"
    seen = await seen_by(team.owner, team.olga_id)
    kept = await team.owner.post(own, {"role": "builder", "seen": seen})
    assert (kept.status, "Olga is the last owner" in kept.words) == (409, True)
    assert (await team.owner.post(f"{own}/disable")).status == 409
    await team.owner.post(
        f"/studio/people/{team.ben_id}",
        {"role": "owner", "seen": await seen_by(team.owner, team.ben_id)},
    )
    states = await asyncio.gather(
        seen_by(team.owner, team.ben_id), seen_by(team.owner, team.olga_id)
    )
    await asyncio.gather(
        team.owner.post(f"/studio/people/{team.ben_id}", {"role": "analyst", "seen": states[0]}),
        team.ben.post(own, {"role": "analyst", "seen": states[1]}),
    )

    def owners(conn: sa.Connection) -> int:
        found = conn.execute(sa.select(tables.people.c.role)).scalars()
        return list(found).count("owner")

    assert await db.read(owners) == 1


async def test_ones_own_account(team: Team, http: aiohttp.ClientSession) -> None:
    elsewhere = Colleague(http, team.ben.server)
    await elsewhere.sign_in(BEN)
    page = await team.ben.get("/studio/me")
    assert page.words.count("last seen") == 2
    ids = re.findall(r"/studio/me/sessions/(ses_\w+)/end", page.text)
    assert len(ids) == 1, "one's present session has its own way out"
    assert (await team.owner.post(f"/studio/me/sessions/{ids[0]}/end")).status == 404
    assert (await elsewhere.get("/studio")).status == 200
    assert (await team.ben.post(f"/studio/me/sessions/{ids[0]}/end")).status == 303
    assert (await elsewhere.get("/studio")).status == 303

    await elsewhere.sign_in(BEN)
    form = {"old": "not the one I have", "new": "five other words are better"}
    wrong = await team.ben.post("/studio/me/password", form)
    assert (wrong.status, "Is not the password you have now" in wrong.words) == (422, True)
    weak = await team.ben.post("/studio/me/password", {"old": PASSWORD, "new": "short"})
    assert (weak.status, "at least 12 characters" in weak.words) == (422, True)
    changed = await team.ben.post("/studio/me/password", {**form, "old": PASSWORD})
    assert changed.leads_to == "/studio/me?said=password"
    assert (await team.ben.get("/studio")).status == 200
    assert (await elsewhere.get("/studio")).status == 303
    assert (await elsewhere.sign_in(BEN)).status == 422
    assert (await elsewhere.sign_in(BEN, form["new"])).status == 303
    named = await team.ben.post("/studio/me/name", {"name": "<b>Ben</b>"})
    assert named.status == 303
    assert "&lt;b&gt;Ben" in (await team.ben.get("/studio/me")).text


async def test_a_key_is_shown_once_and_dies_at_once(
    team: Team, http: aiohttp.ClientSession
) -> None:
    page = await team.owner.post("/studio/keys", {"name": "Nightly", "role": "owner"})
    found = re.search(r"parlour_key_[0-9A-Za-z]{40}", page.text)
    assert found is not None
    secret = team.owner.server.keep_secret(found.group())
    listed = await team.owner.get("/studio/keys")
    assert secret not in listed.text
    assert "Never used" in listed.words

    async def status() -> int:
        headers = {"Authorization": f"Bearer {secret}"}
        async with http.get(f"{team.owner.server.url}/api/agents", headers=headers) as answer:
            return answer.status

    assert await status() == 200
    listed = await team.owner.get("/studio/keys")
    assert "Never used" not in listed.words
    key_id = re.search(r"/studio/keys/(key_\w+)/revoke", listed.text)
    assert key_id is not None
    assert (await team.owner.post(key_id.group())).leads_to == "/studio/keys?said=revoked"
    assert await status() == 401
    assert (await team.owner.post(key_id.group())).status == 404
    wrong = {"name": " ", "role": "king", "agent": "nothing"}
    again = await team.owner.post("/studio/keys", wrong)
    assert again.status == 422
    assert (await team.owner.post("/studio/keys", {**wrong, "role": "owner"})).status == 422


async def test_every_verb_is_written_down(team: Team, db: Database) -> None:
    """The audit log names who did what, and never an address, a password or a token."""
    await team.owner.post(f"/studio/people/{team.ben_id}/disable")
    await team.owner.post("/studio/sign-out")

    def written(conn: sa.Connection) -> list[tuple[str, str, str, object]]:
        found = conn.execute(
            sa.select(
                events.events.c.kind,
                events.events.c.actor_kind,
                events.events.c.actor_id,
                events.events.c.data,
            ).order_by(events.events.c.id)
        )
        return [(row[0], row[1], row[2], row[3]) for row in found]

    found = await db.read(written)
    assert [kind for kind, *_ in found] == [
        "person.joined",
        "session.started",
        "person.invited",
        "person.joined",
        "session.started",
        "person.disabled",
        "session.ended",
    ]
    assert {(kind, who) for _, kind, who, _ in found} == {
        ("person", team.olga_id),
        ("person", team.ben_id),
    }
    assert "@" not in repr(found)
    assert "parlour_" not in repr(found)


async def test_pages_that_are_not_there(team: Team, http: aiohttp.ClientSession) -> None:
    missing = await team.owner.get("/studio/nowhere/at/all")
    assert (missing.status, "There is nothing here" in missing.words) == (404, True)
    assert "API keys" in missing.words, "with the way back beside it"
    assert (await team.owner.get("/studio/people/per_x")).status == 404
    stranger = Colleague(http, team.owner.server)
    assert (await stranger.get("/studio/nowhere")).status == 303
    assert (await stranger.get("/studio/invite/parlour_invitation_x")).status == 404
    wrong = await stranger._ask("DELETE", "/studio/people", None, {"Origin": stranger.server.url})
    assert wrong.status == 405
    assert wrong.headers["Content-Type"].startswith("text/html")
