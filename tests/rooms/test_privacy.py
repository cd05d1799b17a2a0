"""What is personal in a workspace, and seeing what is hidden: why, for how long, written down."""

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from parlour import events, privacy, sharing, transcripts
from parlour.kit.clock import SECOND
from parlour.kit.errors import Conflict, Invalid, NotAllowed, NotFound, Stale
from parlour.privacy import Reveal
from parlour.rights import Role, Who
from parlour.sharing import Mode, Wish
from parlour.tools import Tools
from parlour.transcripts import finding, revealing, searching
from tests.rig.details import tells_number
from tests.rooms.conftest import Maker
from tests.rooms.test_takeover import Talk, begun

SAID = "I am customer KD-48213, call +44 20 7946 0018"
WHY = "Calls back about the delivery"


@pytest.fixture
async def talk(tools: Tools, owner: Who, make_agent: Maker) -> Talk:
    """A conversation with a customer's number and a telephone number in it."""
    made = await begun(tools, owner, make_agent)
    await made.say(SAID)
    return made


async def read_by(talk: Talk, who: Who) -> str:
    """All that somebody is told of the conversation by its one window."""
    now = talk.clock.now()
    sight = await talk.tools.db.read(revealing.find, who, talk.id, now)
    said = await talk.tools.db.read(transcripts.shown_to, sight.who, talk.id)
    return f"{sight.talk}{[each.text for each in said]}"


async def events_of(talk: Talk, kind: events.Kind) -> list[Any]:
    def read(conn: sa.Connection) -> list[Any]:
        columns = events.events.c
        found = sa.select(columns.actor_id, columns.data).where(columns.kind == kind.value)
        return [tuple(row) for row in conn.execute(found.order_by(columns.id))]

    return await talk.tools.db.read(read)


async def test_own_patterns_hide_everywhere_from_then_on(talk: Talk, owner: Who) -> None:
    """SHR-03: what was said before, too; search finds nothing of it."""
    search = searching.search
    assert "KD-48213" in await read_by(talk, talk.ben)
    assert await talk.tools.db.browse(search, talk.ben, "kd-48213", 5) != []
    await privacy.change(talk.tools, owner, patterns=["KD-#####", " ", "KD-#####"])
    told = await read_by(talk, talk.ben)
    assert ("KD-48213" in told, "customer •••••" in told) == (False, True)
    assert await talk.tools.db.browse(search, talk.ben, "kd-48213", 5) == []
    assert "KD-48213" in await read_by(talk, owner)
    elsewhere = replace(owner, workspace_id="wsp_elsewhere")
    assert await talk.tools.db.read(privacy.find, elsewhere.workspace_id) == privacy.Privacy()


async def test_the_second_of_two_editors_is_told_of_the_first(talk: Talk, owner: Who) -> None:
    first = await privacy.change(talk.tools, owner, patterns=["KD-#####"], seen=0)
    with pytest.raises(Stale) as stale:
        await privacy.change(talk.tools, talk.ana, reveal=Reveal.NOBODY, seen=0)
    assert owner.name in stale.value.detail
    second = await privacy.change(talk.tools, owner, reveal=Reveal.NOBODY, seen=first.updated_at)
    assert (second.patterns, second.updated_at > first.updated_at) == (("KD-#####",), True)
    assert await privacy.change(talk.tools, owner, reveal=Reveal.NOBODY) == second
    assert [each["reveal"] for _, each in await events_of(talk, events.Kind.PRIVACY_CHANGED)] == [
        "leads",
        "nobody",
    ]
    for wrong in (["*"], ["KD"], ["x" * 61], [f"number {at} ###" for at in range(21)]):
        with pytest.raises(Invalid):
            await privacy.change(talk.tools, owner, patterns=wrong)


async def test_shown_for_a_reason_and_for_a_while(talk: Talk, owner: Who) -> None:
    """It asks why, it is written down, it ends; the one conversation, and only for who asked."""
    tess = replace(talk.ben, id="per_tess", name="Tess")
    for reason in ("", " no ", "x" * 301, "tab\x00there"):
        with pytest.raises(Invalid):
            await revealing.reveal(talk.tools, tess, talk.id, reason)
    assert not tells_number(await read_by(talk, tess))
    until = await revealing.reveal(talk.tools, tess, talk.id, f"  {WHY} ")
    assert "7946 0018" in await read_by(talk, tess)
    assert not tells_number(await read_by(talk, talk.ben)), "somebody else's"
    now = talk.clock.now()
    (row,) = await talk.tools.db.browse(finding.page, tess)
    assert not tells_number(str(row)), "lists stay as they were"
    assert await talk.tools.db.browse(searching.search, tess, "7946", 5) == []
    told = await events_of(talk, events.Kind.CONVERSATION_REVEALED)
    assert told == [("per_tess", {"reason": WHY, "ends_at": until})]
    talk.clock.forward(until - now - 1)
    assert "7946 0018" in await read_by(talk, tess)
    talk.clock.forward(1)
    assert not tells_number(await read_by(talk, tess))


async def test_hidden_again_and_lost_with_the_right(talk: Talk, owner: Who) -> None:
    tess = talk.ben
    assert not await revealing.hide(talk.tools, tess, talk.id)
    await revealing.reveal(talk.tools, tess, talk.id, WHY)
    assert await revealing.hide(talk.tools, tess, talk.id)
    assert not tells_number(await read_by(talk, tess))
    assert len(await events_of(talk, events.Kind.CONVERSATION_HIDDEN)) == 1
    await revealing.reveal(talk.tools, tess, talk.id, WHY)
    demoted = replace(tess, role=Role.ANALYST)
    assert not tells_number(await read_by(talk, demoted)), "what they may do now counts"
    await privacy.change(talk.tools, owner, reveal=Reveal.NOBODY)
    assert not tells_number(await read_by(talk, tess))
    with pytest.raises(NotAllowed):
        await revealing.reveal(talk.tools, tess, talk.id, WHY)


@pytest.mark.parametrize(
    ("reveal", "roles"),
    [
        (Reveal.NOBODY, set()),
        (Reveal.LEADS, {Role.OWNER, Role.BUILDER, Role.TEAM_LEAD}),
        (Reveal.ANSWERING, {Role.OWNER, Role.BUILDER, Role.TEAM_LEAD, Role.OPERATOR}),
    ],
)
def test_who_may(reveal: Reveal, roles: set[Role]) -> None:
    said = privacy.Privacy(reveal=reveal)
    everybody = [Who("person", "per_1", "P", "wsp_1", role) for role in Role]
    assert {each.role for each in everybody if privacy.may_reveal(said, each)} == roles
    seeing = replace(everybody[0], sees_personal=True)
    assert not privacy.may_reveal(said, seeing), "there is nothing hidden from them"
    assert not privacy.may_reveal(said, Who("guest", "shr_1", "G", "wsp_1"))


async def test_nothing_else_comes_of_it(talk: Talk, owner: Who) -> None:
    """Who reveals hands nothing on, and reaches nothing that is out of their scope."""
    tess = talk.ben
    await revealing.reveal(talk.tools, tess, talk.id, WHY)
    with pytest.raises(NotAllowed):
        await sharing.make(talk.tools, tess, talk.id, Wish(Mode.VIEW, 1, show_personal=True))
    for elsewhere in (replace(tess, workspace_id="wsp_x"), replace(tess, agent_id="agt_x")):
        for refused in (
            revealing.reveal(talk.tools, elsewhere, talk.id, WHY),
            revealing.hide(talk.tools, elsewhere, talk.id),
        ):
            with pytest.raises(NotFound):
                await refused
    with pytest.raises(Conflict):
        await revealing.reveal(talk.tools, owner, talk.id, WHY)


async def test_who_looks_on_is_judged_by_it(talk: Talk) -> None:
    """An open stream of what was revealed ends when that does."""
    tess = talk.ben
    until = await revealing.reveal(talk.tools, tess, talk.id, WHY)
    judged = revealing.judge(talk.tools, tess, talk.id, lambda _conn: None)
    assert await talk.tools.db.read(judged) is None
    talk.clock.forward(until - talk.clock.now() + SECOND)
    bar = await talk.tools.db.read(judged)
    assert bar is not None
    assert bar.code == "reveal_over"
