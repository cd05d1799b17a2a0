"""Teams on the rooms themselves: who may change them, and what is out of a person's sight."""

from dataclasses import dataclass, replace

import pytest

from parlour import insights, sharing, transcripts
from parlour.agents.model import Agent
from parlour.conversations.model import Wanted
from parlour.kit.clock import SetClock
from parlour.kit.errors import Conflict, Invalid, NotAllowed, NotFound, Stale
from parlour.links import keeping as links
from parlour.notes import keeping as note_keeping
from parlour.notes import store as notes
from parlour.notes.store import Note, Wish
from parlour.rights import Role, Who
from parlour.sharing import Mode, ShareOver
from parlour.staff import people, standing
from parlour.staff.model import Person
from parlour.staff.people import NewPerson
from parlour.staff.teams import keeping, store
from parlour.staff.teams.keeping import Edit
from parlour.tools import Tools
from parlour.transcripts import finding, neighbours, searching
from parlour.transcripts.neighbours import Beside
from tests.rooms.conftest import Maker
from tests.rooms.test_transcripts import START, Talk


@dataclass
class House:
    """Two agents, a conversation with each, and people of all roles."""

    tools: Tools
    owner: Who
    shop: Agent
    repairs: Agent
    sold: Talk
    mended: Talk
    people: dict[str, Person]

    async def who(self, name: str) -> Who:
        """Somebody as they act now."""
        found = await self.tools.db.read(
            standing.now_of, self.owner.workspace_id, "person", self.people[name].id, START
        )
        assert found is not None
        return found

    async def seen_by(self, name: str) -> set[str]:
        talks = await self.tools.db.read(finding.page, await self.who(name))
        return {each.agent_name for each in talks}

    async def team(self, name: str, people: list[str], agents: list[Agent]) -> store.Team:
        wish = Edit(name, [self.people[each].id for each in people], [each.id for each in agents])
        return await keeping.create(self.tools, self.owner, wish)


CAST = {
    "Olga": Role.OWNER,
    "Ben": Role.BUILDER,
    "Tess": Role.TEAM_LEAD,
    "Odin": Role.OPERATOR,
    "Ada": Role.ANALYST,
}


@pytest.fixture
async def house(tools: Tools, owner: Who, make_agent: Maker) -> House:
    clock = tools.clock = SetClock(START)
    talks = []
    for name in ("shop", "repairs"):
        agent = await make_agent(name)
        link = await links.create(tools, owner, agent.id, links.Wish())
        talk = Talk(tools, link.token(tools.keys), agent, clock)
        await talk.say(f"Hello {name}, this is a canary")
        talks.append(talk)
    staff = {}
    for name, role in CAST.items():
        new = NewPerson(
            owner.workspace_id, f"{name.lower()}@team.example", name, role, "a good long password"
        )
        staff[name] = await people.add(tools, owner, new)
    sold, mended = talks
    return House(tools, owner, sold.agent, mended.agent, sold, mended, staff)


async def test_an_agent_that_no_team_looks_after_is_everybodys(house: House) -> None:
    for name in CAST:
        assert await house.seen_by(name) == {"shop", "repairs"}, name
    await house.team("Workshop", ["Odin"], [])
    for name in CAST:
        assert await house.seen_by(name) == {"shop", "repairs"}, name


async def test_what_is_said_with_a_teams_agent_is_seen_by_the_team(house: House) -> None:
    """ISO-10: and by owners and builders, in whatever team; being in two teams adds up."""
    await house.team("Sales", ["Tess"], [house.shop])
    workshop = await house.team("Workshop", ["Odin"], [house.repairs])
    assert await house.seen_by("Tess") == {"shop"}
    assert await house.seen_by("Odin") == {"repairs"}
    assert await house.seen_by("Ada") == set()
    for name in ("Olga", "Ben"):
        assert await house.seen_by(name) == {"shop", "repairs"}
    both = Edit(people=[house.people[each].id for each in ("Odin", "Tess", "Ada")])
    await keeping.change(house.tools, house.owner, workshop.id, both)
    assert await house.seen_by("Tess") == {"shop", "repairs"}
    assert await house.seen_by("Ada") == {"repairs"}
    await keeping.delete(house.tools, house.owner, workshop.id)
    assert await house.seen_by("Odin") == {"repairs"}, "nobody looks after it any more"


async def test_one_guard_holds_for_every_way_to_look(house: House) -> None:
    """ISO-01, ISO-08, ISO-10: found by id, listed, searched, counted, followed, beside, noted."""
    await house.team("Workshop", ["Odin"], [house.repairs])
    tess, read = await house.who("Tess"), house.tools.db.read
    assert not tess.sees(house.repairs.id)
    with pytest.raises(NotFound):
        await read(finding.find, tess, house.mended.id)
    theirs = Wanted(agent_id=house.repairs.id)
    assert await read(finding.page, tess, theirs) == []
    assert await read(finding.page, tess, Wanted(agents=frozenset({house.repairs.id}))) == []
    moved = await read(finding.changed, tess, Wanted(), [house.mended.id, house.sold.id])
    assert ([each.id for each in moved[0]], moved[1]) == ([house.sold.id], [])
    gone = await read(finding.changed, tess, theirs, [house.mended.id, house.sold.id])
    assert gone == ([], [house.sold.id])
    newer = await read(lambda conn: finding.newer(conn, tess, Wanted(), (0, ""), 9))
    assert [each.id for each in newer] == [house.sold.id]
    sold = await read(finding.find, tess, house.sold.id)
    assert await read(neighbours.beside, tess, Wanted(), sold) == Beside(number=1, of=1)
    hits = await read(searching.search, tess, "canary", 9)
    assert [each.talk.id for each in hits] == [house.sold.id]
    assert await read(searching.search, tess, house.mended.id, 9) == []
    assert await read(transcripts.count, tess, Wanted()) == 1
    assert await read(transcripts.count, tess, theirs) == 0
    assert (await read(insights.figures, tess, START)).conversations[-1] == 1
    assert (await read(insights.figures, house.owner, START)).conversations[-1] == 2


async def test_notes_go_the_way_of_conversations(house: House) -> None:
    link = (await house.tools.db.read(finding.find, house.owner, house.mended.id)).link_id
    left = Note(
        "nte_" + "a" * 22, house.repairs.id, link, Wish.LINK, "expired", "Hi", "", 1, None, None
    )
    workspace = house.owner.workspace_id
    await house.tools.db.write(note_keeping.leave, left, workspace)
    await house.team("Workshop", ["Odin"], [house.repairs])
    for name, number in (("Tess", 0), ("Odin", 1), ("Ben", 1)):
        who = await house.who(name)
        assert await house.tools.db.read(notes.count_open, who) == number
        found = await house.tools.db.read(lambda c, w: notes.shown_to(c, w, limit=9), who)
        assert len(found) == number
    with pytest.raises(NotFound):
        await note_keeping.see_to(house.tools, await house.who("Tess"), left.id, done=True)


async def test_what_somebody_shared_is_over_when_they_see_it_no_more(house: House) -> None:
    """SHR-07: out of the team, and the address that they gave away opens nothing."""
    team = await house.team("Workshop", ["Odin"], [house.repairs])
    made = await sharing.make(
        house.tools, await house.who("Odin"), house.mended.id, sharing.Wish(Mode.VIEW, 1)
    )
    token = made.share.token(house.tools.keys)
    await sharing.look(house.tools, token, None)
    await keeping.change(house.tools, house.owner, team.id, Edit(people=[]))
    with pytest.raises(ShareOver):
        await sharing.look(house.tools, token, None)


async def test_a_lead_says_who_is_in_their_team_and_nothing_more(house: House) -> None:
    """API-07: nobody widens what they see themselves."""
    team = await house.team("Workshop", ["Tess"], [house.repairs])
    other = await house.team("Sales", ["Ada"], [house.shop])
    tess, odin = await house.who("Tess"), house.people["Odin"].id
    mine = house.people["Tess"].id
    changed = await keeping.change(house.tools, tess, team.id, Edit(people=[mine, odin]))
    assert changed.people == {mine, odin}
    assert await house.seen_by("Odin") == {"repairs"}
    for edit in (Edit(agents=[house.shop.id, house.repairs.id]), Edit(name="Everything")):
        with pytest.raises(NotAllowed):
            await keeping.change(house.tools, tess, team.id, edit)
    with pytest.raises(NotAllowed):
        await keeping.change(house.tools, tess, other.id, Edit(people=[mine]))
    with pytest.raises(NotAllowed):
        await keeping.change(house.tools, await house.who("Odin"), team.id, Edit(people=[odin]))
    program = replace(house.owner, kind="key", id=mine, role=Role.TEAM_LEAD)
    with pytest.raises(NotAllowed):
        await keeping.change(house.tools, program, team.id, Edit(people=[]))


async def test_what_a_team_cannot_be(house: House) -> None:
    team = await house.team("Workshop", [], [])
    for name in ("workshop", "WORKSHOP", "  Workshop "):
        with pytest.raises(Conflict):
            await house.team(name, [], [])
    other = await house.team("Sales", [], [])
    with pytest.raises(Conflict):
        await keeping.change(house.tools, house.owner, other.id, Edit("Workshop"))
    for bad in (Edit(""), Edit("x" * 61), Edit("a\0b"), Edit("Fine", people=["per_nobody"])):
        with pytest.raises(Invalid):
            await keeping.create(house.tools, house.owner, bad)
    for wrong in ("tem_x", "nothing", "tem_" + "A" * 22, "a\0"):
        with pytest.raises(NotFound):
            await keeping.change(house.tools, house.owner, wrong, Edit("Fine"))
    late = await keeping.change(house.tools, house.owner, team.id, Edit("Mending"), team.updated_at)
    assert late.name == "Mending"
    with pytest.raises(Stale, match="command line changed this"):
        await keeping.change(house.tools, house.owner, team.id, Edit("M"), team.updated_at)
    elsewhere = replace(house.owner, workspace_id="wsp_other")
    with pytest.raises(NotFound):
        await keeping.delete(house.tools, elsewhere, team.id)
