"""Reading conversations as somebody: scope, masking, lists, neighbours, and the record of it."""

from dataclasses import dataclass, replace
from functools import partial

import pytest
import sqlalchemy as sa

from parlour import entrance, events, transcripts
from parlour.agents.model import Agent
from parlour.chat import turns
from parlour.conversations import store
from parlour.conversations import turns as rows
from parlour.conversations.model import Standing, State, TurnState, Wanted
from parlour.kit.clock import MINUTE, SetClock
from parlour.kit.errors import NotFound, StorageFull
from parlour.kit.tokens import new_id
from parlour.links import keeping as links
from parlour.rights import Role, Who
from parlour.tools import Tools
from parlour.transcripts import Shown, finding, neighbours, record, searching
from parlour.transcripts.visitor import Known
from parlour.verification import identities
from parlour.verification.identities import Identity, Proof
from tests.rooms.conftest import Maker

START = 1_795_183_200_000
SAID = "I am vera-heron, call +44 20 7946 0018 or write to vera@visitors.example"
KEPT = ("7946", "vera@visitors.example")


@dataclass
class Talk:
    """A visitor who talks, and an agent that answers when the test says so."""

    tools: Tools
    token: str
    agent: Agent
    clock: SetClock
    session: str | None = None
    id: str = ""

    async def say(self, text: str) -> None:
        self.clock.forward(1000)
        pass_ = entrance.ticket(self.tools, self.token, self.session)
        said = await turns.say(self.tools, pass_, text, None)
        self.session, self.id = said.visit.session, said.conversation_id

    async def answer(self, text: str, state: State = State.DONE) -> None:
        self.clock.forward(1000)

        def unit(conn: sa.Connection) -> None:
            store.lock(conn, self.id)
            turn = rows.latest(conn, self.id)
            assert turn is not None
            now = self.clock.now()
            assert rows.end(conn, turn, TurnState(state.value), now)
            citation = {"n": 1, "title": "T", "source": SAID, "quote": SAID, "passage": "p"}
            store.change(
                conn, self.id, turn.reply_seq, text=text, state=state.value, citations=[citation]
            )
            store.count_reply(conn, self.id, state, now)
            store.set_variables(conn, self.id, {"phone": "+44 20 7946 0018"})
            rows.next_in_line(conn, self.id)

        await self.tools.db.write(unit)

    async def close(self) -> None:
        door = await entrance.admitted(self.tools, self.token, self.session)
        assert door.visitor_id is not None
        await turns.close(self.tools, door, door.visitor_id, self.id)


@pytest.fixture
def clock(tools: Tools) -> SetClock:
    """A clock that the test moves."""
    tools.clock = SetClock(START)
    return tools.clock


@pytest.fixture
async def talk(tools: Tools, owner: Who, make_agent: Maker, clock: SetClock) -> Talk:
    """A conversation that has not begun."""
    agent = await make_agent("helper")
    link = await links.create(tools, owner, agent.id, links.Wish(name="Poster"))
    return Talk(tools, link.token(tools.keys), agent, clock)


@pytest.fixture
def tess(owner: Who) -> Who:
    """A team lead who does not see personal details."""
    return Who("person", "per_tess", "Tess", owner.workspace_id, Role.TEAM_LEAD)


async def said_to(tools: Tools, who: Who, conversation_id: str) -> list[Shown]:
    return await tools.db.read(transcripts.shown_to, who, conversation_id)


async def listed(tools: Tools, who: Who, **wanted: object) -> list[str]:
    found = await tools.db.browse(finding.page, who, Wanted(**wanted))  # type: ignore[arg-type]
    return [each.id for each in found]


async def test_who_does_not_see_personal_details_gets_none(
    tools: Tools, owner: Who, tess: Who, talk: Talk
) -> None:
    """SHR-03: texts, citations, previews, variables; and the rest of the words stays."""
    await talk.say(SAID)
    await talk.answer(f"Noted: {SAID}")
    pia = replace(tess, sees_personal=True)
    for who in (owner, pia):
        assert [each.text for each in await said_to(tools, who, talk.id)] == [
            SAID,
            f"Noted: {SAID}",
        ]
        row = await tools.db.read(finding.find, who, talk.id)
        assert row.variables == {"phone": "+44 20 7946 0018"}
        assert row.last is not None
        assert row.last.text == f"Noted: {SAID}"
    masked = await said_to(tools, tess, talk.id)
    row = await tools.db.read(finding.find, tess, talk.id)
    assert row.is_masked
    for told in (repr(masked), repr(row)):
        assert not any(detail in told for detail in KEPT), told
        assert "vera-heron" in told
    assert row.variables == {"phone": "******"}
    assert masked[1].citations[0]["passage"] == "p"


async def found(tools: Tools, who: Who, text: str) -> list[str]:
    return [hit.excerpt for hit in await tools.db.browse(searching.search, who, text, 6)]


async def test_only_what_one_sees_is_found(tools: Tools, owner: Who, tess: Who, talk: Talk) -> None:
    """SHR-03: a search that found what is hidden would tell it bit by bit."""
    await talk.say(SAID + " über 100% Ärger")
    await talk.answer("Write to the **Handbook** team.")
    visitor = (await tools.db.read(finding.find, owner, talk.id)).visitor
    both = ("VERA-heron write", "Über ärger", "100%", "handbook")
    for text in (*both, "7946", "vera@visitors", "+44 20 79"):
        (excerpt,) = await found(tools, owner, text)
        assert text.split()[0].lower() in excerpt.lower()
    for text in both:
        (excerpt,) = await found(tools, tess, text)
        assert not any(detail in excerpt for detail in KEPT), excerpt
    for text in ("7946", "vera@visitors", "visitors.example", "+44 20 79"):
        assert await found(tools, tess, text) == [], text
    for who in (owner, tess):
        assert await found(tools, who, visitor) == await found(tools, who, talk.id) == [""]
        for text in ("10_%", "handbook vera", "e", "no such word"):
            assert await found(tools, who, text) == [], text
    assert await found(tools, owner, "+44 20 7946 0018") != []
    elsewhere = replace(owner, workspace_id="wsp_other")
    assert await found(tools, elsewhere, "handbook") == []
    assert await found(tools, replace(owner, agent_id="agt_other"), "handbook") == []


async def test_what_is_known_of_a_visitor_is_found(
    tools: Tools, owner: Who, tess: Who, talk: Talk
) -> None:
    await talk.say("Hello?")
    await talk.answer("Hello.")
    known = {"name": "Zoë Ångström", "email": "zoe@visitors.example"}
    await tools.db.write(store.set_variables, talk.id, known)
    for text in ("ångström", "zoe@visitors", "zoë visitors"):
        assert await found(tools, owner, text) == [""], text
        assert await found(tools, tess, text) == [], "details are hidden as a whole"


async def test_a_masked_viewer_hears_of_a_reply_when_it_is_finished(
    tools: Tools, tess: Who, talk: Talk
) -> None:
    """SHR-04: of a number that has only begun nobody can tell that it is one."""
    await talk.say("What is it?")

    def write(conn: sa.Connection) -> None:
        store.change(conn, talk.id, 2, text="It is +44 20 79")

    await tools.db.write(write)
    assert [each.text for each in await said_to(tools, tess, talk.id)] == ["What is it?", ""]


async def test_a_preview_that_is_cut_leaves_no_half_of_a_number(
    tools: Tools, tess: Who, talk: Talk
) -> None:
    await talk.say("word " * 119 + "+44 20 7946 0018 and more")
    row = await tools.db.read(finding.find, tess, talk.id)
    assert row.last is not None
    assert not any(each.isdigit() for each in row.last.text)
    assert row.last.is_cut


async def test_a_line_of_a_list_shows_an_answer_without_its_signs(
    tools: Tools, owner: Who, tess: Who, talk: Talk
) -> None:
    """Programs get it as it was written; what signs kept apart stays hidden without them."""
    await talk.say("| mine | as typed |")
    row = await tools.db.read(finding.find, owner, talk.id)
    assert row.last is not None
    assert row.last.taste == "| mine | as typed |"
    await talk.answer("| Plan | Call |\n|---|---|\n| **Gold** | +44 20 `7946` 0018 |")
    row = await tools.db.read(finding.find, owner, talk.id)
    assert row.last is not None
    assert row.last.text.startswith("| Plan | Call | |---|---| | **Gold** |")
    assert row.last.taste == "Plan · Call Gold · +44 20 7946 0018"
    row = await tools.db.read(finding.find, tess, talk.id)
    assert row.last is not None
    assert "7946" not in row.last.taste
    assert row.last.taste.startswith("Plan · Call Gold · ")


async def test_what_is_out_of_scope_is_not_there(
    tools: Tools, owner: Who, talk: Talk, make_agent: Maker
) -> None:
    """ISO-01: another workspace, another agent's key, an id that is none."""
    await talk.say("Hello?")
    other = await make_agent("other")
    here = Who("key", "key_1", "k", owner.workspace_id, Role.OWNER, talk.agent.id)
    elsewhere = Who("person", "per_1", "Sam", "wsp_elsewhere", Role.OWNER)
    scoped = replace(here, agent_id=other.id)
    assert (await tools.db.read(finding.find, here, talk.id)).id == talk.id
    assert await listed(tools, here) == [talk.id]
    assert await listed(tools, here, agent_id=other.id) == []
    for who in (elsewhere, scoped):
        assert await listed(tools, who) == []
        assert (await tools.db.read(finding.changed, who, Wanted(), [talk.id]))[0] == []
        with pytest.raises(NotFound):
            await tools.db.read(finding.find, who, talk.id)
    for wrong in ("", "cnv_", "cnv_\0" + "x" * 21, new_id("cnv"), talk.id + "x"):
        with pytest.raises(NotFound):
            await tools.db.read(finding.find, owner, wrong)


async def test_a_conversation_stands_as_its_turns_do(tools: Tools, owner: Who, talk: Talk) -> None:
    async def stands() -> Standing:
        row = await tools.db.read(finding.find, owner, talk.id)
        for each in Standing:
            assert (await listed(tools, owner, standing=each) == [talk.id]) is (
                each is row.standing
            ), each
        return row.standing

    await talk.say("Hello?")
    assert await stands() is Standing.ANSWERING
    await talk.answer("", State.FAILED)
    assert await stands() is Standing.FAILED
    await talk.say("Again?")
    await talk.answer("Hello.")
    assert await stands() is Standing.OPEN
    await talk.close()
    assert await stands() is Standing.CLOSED


async def test_lists_go_by_the_last_message(
    tools: Tools, owner: Who, talk: Talk, clock: SetClock
) -> None:
    talks = [replace(talk) for _ in range(4)]
    for each in talks:
        await each.say("Hello?")
    await talks[1].answer("Hi.")
    ids = [talks[1].id, talks[3].id, talks[2].id, talks[0].id]
    assert await listed(tools, owner) == ids
    first = await tools.db.browse(finding.page, owner, Wanted(), limit=2)
    place = first[-1].place
    rest = await tools.db.browse(finding.page, owner, Wanted(), after=place, limit=2)
    assert [each.id for each in first + rest] == ids
    row = first[1]
    beside = await tools.db.read(neighbours.beside, owner, Wanted(), row)
    assert beside == neighbours.Beside(ids[0], ids[2], number=2, of=4)
    closed = Wanted(standing=Standing.CLOSED)
    beside = await tools.db.read(neighbours.beside, owner, closed, row)
    assert beside == neighbours.Beside(), "it is not in the list"
    above = await tools.db.browse(finding.newer, owner, Wanted(), rest[1].place, 10)
    assert [each.id for each in above] == ids[2::-1]
    assert await listed(tools, owner, since=place[0]) == ids[:2]
    assert await listed(tools, owner, until=place[0]) == ids[2:]
    assert await listed(tools, owner, link_id=row.link_id) == ids
    assert await listed(tools, owner, link_id="lnk_AAAAAAAAAAA") == []
    found, gone = await tools.db.read(
        finding.changed, owner, Wanted(standing=Standing.OPEN), [ids[0], ids[3]]
    )
    assert ([each.id for each in found], gone) == ([ids[0]], [ids[3]])


async def test_the_last_word_is_that_of_whoever_spoke_last(
    tools: Tools, owner: Who, talk: Talk
) -> None:
    async def last() -> tuple[str, str]:
        row = await tools.db.read(finding.find, owner, talk.id)
        assert row.last is not None
        return row.last.author_kind, row.last.text

    await talk.say("Hello?\n\nAnybody?")
    assert await last() == ("visitor", "Hello? Anybody?")
    await talk.answer("", State.FAILED)
    assert await last() == ("visitor", "Hello? Anybody?")
    await talk.say("Now?")
    await talk.answer("Yes.")
    assert await last() == ("agent", "Yes.")


async def test_a_visitor_s_conversations_are_numbered(tools: Tools, owner: Who, talk: Talk) -> None:
    ids = []
    for _ in range(3):
        await talk.say("Hello?")
        await talk.answer("Hi.")
        await talk.close()
        ids.append(talk.id)
    row = await tools.db.read(finding.find, owner, ids[1])
    found = await tools.db.read(neighbours.series, row)
    assert found == neighbours.Series(2, 3, ids[0], ids[2])
    first = await tools.db.read(finding.find, owner, ids[0])
    assert (await tools.db.read(neighbours.series, first)).previous is None
    assert first.visitor == row.visitor


async def test_who_a_visitor_proved_to_be_is_seen_by_whoever_may(
    tools: Tools, owner: Who, tess: Who, talk: Talk
) -> None:
    """SHR-03: name, address, and the owner's own word for them; not to be found by others."""
    await talk.say("Hello?")
    row = await tools.db.read(finding.find, owner, talk.id)
    assert (row.known, row.visitor) == (None, row.visitor_number)
    vera = Identity(Proof.TOKEN, "customer-vera-5821", "vera@visitors.example", "Vera Moss")
    prove = partial(identities.prove, now=START, is_new=True)
    await tools.db.write(prove, row.visitor_id, row.link_id, vera)
    row = await tools.db.read(finding.find, owner, talk.id)
    assert row.visitor == "Vera Moss"
    assert row.known == Known(Proof.TOKEN, START, vera.name, vera.email, vera.subject)
    masked = await tools.db.read(finding.find, tess, talk.id)
    assert (masked.visitor, masked.known) == (row.visitor_number, Known(Proof.TOKEN, START))
    for word in ("moss", "vera@visitors", "customer-vera"):
        hits = await tools.db.browse(searching.search, owner, word, 9)
        assert [hit.talk.id for hit in hits] == [talk.id], word
        assert await tools.db.browse(searching.search, tess, word, 9) == [], word


async def test_reading_is_written_down_once_for_one_reading(
    tools: Tools, owner: Who, tess: Who, talk: Talk, clock: SetClock
) -> None:
    await talk.say("Hello?")
    row = await tools.db.read(finding.find, owner, talk.id)

    def readers(conn: sa.Connection) -> list[str]:
        columns = events.events.c
        kind = columns.kind == events.Kind.CONVERSATION_READ.value
        return list(conn.execute(sa.select(columns.actor_id).where(kind)).scalars())

    for _ in range(2):
        await record.note(tools, tess, row)
        await record.note(tools, owner, row)
    assert sorted(await tools.db.read(readers)) == sorted([tess.id, owner.id])
    clock.forward(record.ONE_READING + MINUTE)
    await record.note(tools, tess, row)
    assert len(await tools.db.read(readers)) == 3


async def test_a_full_disk_keeps_nobody_from_reading(
    tools: Tools, owner: Who, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await talk.say("Hello?")
    row = await tools.db.read(finding.find, owner, talk.id)

    async def full(*_given: object) -> None:
        raise StorageFull("the disk is full")

    monkeypatch.setattr(tools.db, "write", full)
    await record.note(tools, owner, row)


async def test_how_a_reply_was_made(tools: Tools, owner: Who, talk: Talk) -> None:
    await talk.say("Hello?")
    await talk.answer("Hi.")
    row = await tools.db.read(finding.find, owner, talk.id)
    (machine,) = (await tools.db.read(finding.machines, row)).values()
    assert (machine.backend, machine.model) == ("openai", "fake")
    assert machine.attempt.state is TurnState.DONE
    assert machine.attempt.ended_at == row.last_message_at
