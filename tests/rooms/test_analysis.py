"""Message analysis: found by words as somebody may read them, and gone with what was forgotten."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from parlour import forgetting, insights, privacy, workspaces
from parlour.conversations.outline import Utterance
from parlour.insights import analysis, candidates, views, wording
from parlour.insights.candidates import Wanted
from parlour.insights.indexing import lacking
from parlour.insights.tables import said
from parlour.insights.wording import Query
from parlour.kit.clock import DAY, MINUTE, SetClock
from parlour.kit.errors import Invalid, NotFound
from parlour.links import keeping as links
from parlour.rights import Role, Who
from parlour.tools import Tools
from parlour.web import sought
from tests.rig.simulated import Somebody, answer
from tests.rooms.conftest import Maker

NOON = 1_795_132_800_000 + DAY // 2
HERS = "Please call +44 20 7946 0018 or write to vera@visitors.example about KD-73915"


@pytest.fixture
def clock(tools: Tools) -> SetClock:
    """A clock that the test moves."""
    tools.clock = SetClock(NOON)
    return tools.clock


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with other work looks no less far."""
    monkeypatch.setattr(analysis, "_PATIENCE", 600.0)


@pytest.fixture
async def talks(tools: Tools, clock: SetClock, make_agent: Maker, owner: Who) -> list[Somebody]:
    """Three visitors by two links of two agents, who say what is looked for below."""
    await privacy.change(tools, owner, patterns=["KD-#####"])
    made = []
    for texts in (
        ["Where is my delivery?", "The deliveries of Ångström & Søn are late", HERS],
        ['It said "order not found", twice', "我想退货", "x_y 50% off"],
        ["Where is my parcel?", "Thank you"],
    ):
        agent = await make_agent()
        link = await links.create(tools, owner, agent.id, links.Wish())
        one = Somebody(tools, link.token(tools.keys), door=[agent.id, link.id])
        for text in texts:
            clock.forward(MINUTE)
            await one.say(text)
            await answer(tools, clock, one.talk, 10)
        made.append(one)
    await insights.gather(tools)
    return made


async def found(tools: Tools, who: Who, text: str, **more: object) -> list[str]:
    """The texts that are found, the latest first."""
    wanted = Wanted(query=wording.read(text), **more)  # type: ignore[arg-type]
    looked = await tools.db.browse(analysis.look, who, wanted, limit=50)
    assert looked.below is None
    return [each.shown.text for each in looked.hits]


@pytest.mark.parametrize("walked", [2, 3_000])
async def test_words_are_found_as_they_may_be_written(
    tools: Tools,
    owner: Who,
    talks: list[Somebody],
    walked: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Stems, beginnings, accents, misspelt; "exactly" in quotes; scripts without spaces."""
    monkeypatch.setattr(candidates, "_WALKED", walked)
    both = ["The deliveries of Ångström & Søn are late", "Where is my delivery?"]
    for text in ("delivery", "DELIVERIES", "deliv"):
        assert await found(tools, owner, text) == both, text
    assert await found(tools, owner, "delivry") == both[1:]
    assert await found(tools, owner, "angstrom") == both[:1]
    assert await found(tools, owner, '"my delivery"') == both[1:]
    assert await found(tools, owner, '"delivery my"') == []
    assert await found(tools, owner, "delivery my") == both[1:]
    assert (
        await found(tools, owner, '"order not found"') == ['It said "order not found", twice'][:1]
    )
    assert await found(tools, owner, "退货") == ["我想退货"]
    assert await found(tools, owner, "nowhere-to-be-found") == []
    for odd in ('"', "'", "%", "*", ") OR (", "a:b AND", "\\", "' | 'x", "NEAR(", "\0"):
        assert isinstance(await found(tools, owner, odd), list), odd
    assert len(await found(tools, owner, "")) == 16
    assert await found(tools, owner, "", rating="any") == []
    for rating, many in (("up", {"up": 1, "down": 0}), ("down", {"up": 0, "down": 1}),
                         ("none", {"up": 0, "down": 0})):  # fmt: skip
        await talks[0].rate(rating)
        await insights.gather(tools)
        bad = await tools.db.browse(analysis.next_bad, owner, None)
        assert (bad and bad[1]) == (talks[0].talk if rating == "down" else None)
        for which, number in many.items():
            assert len(await found(tools, owner, "", rating=which)) == number, (rating, which)
    assert len(await found(tools, owner, "", author="visitor")) == 8
    assert await found(tools, owner, "where", agent_id=talks[2].door[0]) == ["Where is my parcel?"]
    assert await found(tools, owner, "where", link_id=talks[0].door[1]) == both[1:]
    assert await found(tools, owner, "", since=NOON + DAY) == []
    only = frozenset({talks[2].talk})
    assert len(await found(tools, owner, "", conversations=only, author="visitor")) == 2


@pytest.mark.parametrize("walked", [2, 3_000])
async def test_the_latest_are_found_without_the_others(
    tools: Tools,
    owner: Who,
    clock: SetClock,
    talks: list[Somebody],
    walked: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What a word costs depends on the page, not on the years; what ends early says how far."""
    monkeypatch.setattr(candidates, "_WALKED", walked)
    monkeypatch.setattr(candidates, "_AT_ONCE", 2)
    since = clock.now()
    for number in range(6):
        clock.forward(20 * DAY)
        for text in ("A parcel and a heron", f"The parcel of week {number}"):
            await talks[0].say(text)
            await answer(tools, clock, talks[0].talk, 10)
    await insights.gather(tools)
    every = [f"The parcel of week {number}" for number in reversed(range(6))]
    assert await found(tools, owner, '"parcel of week"') == every
    assert await found(tools, owner, "parcel week", since=since) == every
    later = since + 30 * DAY
    assert await found(tools, owner, "week", since=later, until=later + 40 * DAY) == every[3:5]
    assert await found(tools, owner, "", link_id=talks[2].door[1], author="visitor") == [
        "Thank you", "Where is my parcel?"
    ]  # fmt: skip
    wanted = Wanted(query=wording.read("heron"))
    asked: list[str] = []

    def first(conn: sa.Connection) -> analysis.Found:
        listening = (conn, "before_cursor_execute", lambda *given: asked.append(given[2]))
        sa.event.listen(*listening)
        return analysis.look(conn, owner, wanted, limit=1)

    looked = await tools.db.browse(first)
    assert looked.below == looked.hits[0].id
    assert sum("said.terms" in each or "MATCH" in each for each in asked) <= 2
    # One step at a time it comes as far as at once.
    monkeypatch.setattr(analysis, "_PATIENCE", -1.0)
    wanted, steps, texts, below = Wanted(query=wording.read("parcel week")), 0, [], None
    while steps == 0 or below is not None:
        looked = await tools.db.browse(analysis.look, owner, wanted, before=below, limit=9)
        assert looked.below is None or below is None or looked.below < below
        texts += [each.shown.text for each in looked.hits]
        below, steps = looked.below, steps + 1
    assert texts == every
    assert steps > 3
    whole = await sought.every(tools, owner, wanted)
    assert ([each.shown.text for each in whole.hits], whole.below) == (every, None)
    assert sought.file_name(whole) == "messages.csv"
    cut = await sought.every(tools, owner, wanted, most=3)
    assert [each.shown.text for each in cut.hits] == every[:3]
    assert sought.file_name(cut) == "messages-latest-3.csv", "it says that it is not all"


async def test_what_is_hidden_is_not_found(tools: Tools, owner: Who, talks: list[Somebody]) -> None:
    """SHR-03, ISO-10: by no part of it; others find it; nobody elsewhere finds anything."""
    tess = Who("person", "per_tess", "Tess", owner.workspace_id, Role.TEAM_LEAD)
    other = await workspaces.create(tools, "other")
    sam = Who("person", "per_sam", "Sam", other.id, Role.OWNER, sees_personal=True)
    hidden = frozenset({talks[0].door[0]})
    lead = Who("person", "per_lea", "Lea", owner.workspace_id, Role.TEAM_LEAD, elsewhere=hidden,
               sees_personal=True)  # fmt: skip
    for text in ("7946", "0018", "vera", "vera@visitors.example", '"visitors.example"', "KD-73915",
                 "73915", '"write to vera"', "vera write"):  # fmt: skip
        assert await found(tools, owner, text) == [HERS], text
        for who in (tess, sam, lead):
            assert await found(tools, who, text) == [], text
    (masked,) = await found(tools, tess, "please call")
    assert "7946" not in masked
    assert await found(tools, sam, "") == []
    assert len(await found(tools, lead, "")) == 10
    # What is held for personal from now on is found no more, though nothing was indexed anew.
    await privacy.change(tools, owner, patterns=["late"])
    assert await found(tools, tess, "late") == []
    assert len(await found(tools, owner, "late")) == 1


async def test_what_was_forgotten_is_in_no_index(
    tools: Tools, owner: Who, talks: list[Somebody]
) -> None:
    """PRI: neither its rows nor its words are left; what others said is."""
    await forgetting.forget_conversation(tools, owner, talks[0].talk)
    await insights.gather(tools)
    assert await found(tools, owner, "delivery") == []
    assert len(await found(tools, owner, "")) == 10

    def left(conn: sa.Connection) -> list[str]:
        rows = conn.execute(sa.select(said.c.terms))
        words = {word for row in rows for word in row.terms.split()}
        if conn.dialect.name == "sqlite":
            matched = sa.text("SELECT count(*) FROM said_words WHERE said_words MATCH 'delivery'")
            assert conn.execute(matched).scalar() == 0
            conn.execute(sa.text("INSERT INTO said_words(said_words) VALUES ('integrity-check')"))
        return sorted(words & {"delivery", "~vera", "vera", "~7946", "parcel"})

    assert await tools.db.write(left) == ["parcel"]


async def test_questions_without_an_answer(
    tools: Tools,
    owner: Who,
    clock: SetClock,
    talks: list[Somebody],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Failed answers, grouped where questions are alike; one bad conversation after another."""
    texts = (
        *("Can I collect an order in London?", "Collect my order from London", "Do you ship?"),
        # Alike are also those of which no word says anything.
        *("What about it?", "\U0001f642", "What about it"),
    )
    for one, text in zip([*talks, *talks], texts, strict=True):
        clock.forward(MINUTE)
        await one.say(text)
        await answer(tools, clock, one.talk, 10, state="failed")
    await insights.gather(tools)
    told = await tools.db.browse(analysis.questions, owner, Wanted(lack="any"))
    groups = told.groups
    assert told.below is None
    assert [len(each.hits) for each in groups] == [2, 2, 1, 1]
    assert [each.text for each in groups[:2]] == ["What about it", "Collect my order from London"]
    assert await found(tools, owner, "", failed=True) == [""] * 6
    with monkeypatch.context() as few:
        few.setattr(analysis, "GROUPED", 4)
        some = await tools.db.browse(analysis.questions, owner, Wanted(lack="any"))
        assert [len(each.hits) for each in some.groups] == [2, 1, 1]
        assert some.below == some.groups[-1].hits[-1].id, "it says how far it has come"
        rest = await tools.db.browse(
            analysis.questions, owner, Wanted(lack="any"), before=some.below
        )
        assert ([len(each.hits) for each in rest.groups], rest.below) == ([2], None)
    walked, before = [], None
    while (step := await tools.db.browse(analysis.next_bad, owner, before)) is not None:
        before = step[0]
        walked.append(step[1])
    assert walked == [talks[2].talk, talks[1].talk, talks[0].talk] * 2
    # A person is asked for, and nobody comes.
    clock.forward(MINUTE)
    await talks[1].say("I want to speak with somebody")
    await answer(tools, clock, talks[1].talk, 10, asks=True)
    await insights.gather(tools)
    (hit,) = (await tools.db.browse(analysis.look, owner, Wanted(lack="person"), limit=9)).hits
    assert hit.shown.text == "I want to speak with somebody"
    assert await tools.db.browse(analysis.next_bad, owner, None) == (hit.id, talks[1].talk)


def test_what_a_question_lacks() -> None:
    """An answer that came after all, and greetings, lack nothing."""
    assert lacking([], cites=True) == {}
    told = (
        *(("Hello", "Hello."), ("My name is Vera", "Hello, Vera. Ask me anything.")),
        *(("What is my plan?", "You told me:\n\n- My plan is gold."), ("And hers?", "Nothing.")),
    )
    uttered = [
        Utterance("cnv_1", 2 * n + place, who, text, "done", n, False, False, None)
        for n, both in enumerate(told)
        for place, (who, text) in enumerate(zip(("visitor", "agent"), both, strict=True))
    ]
    assert lacking(uttered, cites=True) == {6: "nothing"}
    for text, lack in (
        ("That is not in these documents.\n\nThe nearest I have:\n\n- Doors [1]", {0: "nothing"}),
        ("Turn the key twice [1].", {}),
    ):
        asked, reply = uttered[4:6]
        pair = [replace(asked, seq=0), replace(reply, seq=1, text=text, cited=True)]
        assert lacking(pair, cites=True) == lack, "what comes nearest is no answer"
    assert wording.read('a "b  C" d"') == Query(("a", "d"), ("b c",))
    assert wording.sound("receive") == wording.sound("recieve") != ""
    assert wording.sound("ox") == wording.sound("naïve") == ""
    assert not wording.read("post").fits("the past")


async def test_views_are_ones_own(tools: Tools, owner: Who) -> None:
    tess = Who("person", "per_tess", "Tess", owner.workspace_id, Role.TEAM_LEAD)
    made = await views.save(tools, tess, "  Failed   lately ", "failed=1&days=7")
    assert made.name == "Failed lately"
    assert await tools.db.read(views.of, tess) == [made]
    assert await tools.db.read(views.of, owner) == []
    for name, query in (("", "a=b"), ("x" * 61, ""), ("x", "a=<b>"), ("x", "é")):
        with pytest.raises(Invalid):
            await views.save(tools, tess, name, query)
    with pytest.raises(NotFound):
        await views.delete(tools, owner, made.id)
    await views.delete(tools, tess, made.id)
    assert await tools.db.read(views.of, tess) == []
