"""Shares on the rooms themselves: what they open, for how long, and who has the pen by them."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from parlour import entrance, sharing, staff, takeover, transcripts
from parlour.agents.contract import Action, Part, Question, Text
from parlour.chat import handing, resuming, turns
from parlour.chat.live import Live, View
from parlour.chat.runner import Runner
from parlour.conversations import erasing, reading
from parlour.conversations import turns as rows
from parlour.conversations.model import Cursor, Pen, Wanted
from parlour.kit.clock import HOUR, SystemClock
from parlour.kit.errors import Conflict, Invalid, NotAllowed, NotFound
from parlour.kit.queue import Job
from parlour.rights import Role, Who
from parlour.sharing import Mode, NoSuchShare, Share, ShareOver, Wish, store
from parlour.staff import people
from parlour.staff.people import NewPerson
from parlour.tools import Tools
from parlour.transcripts import finding
from parlour.web import showing
from tests.rig.waiting import PATIENCE
from tests.rooms.conftest import Maker
from tests.rooms.test_takeover import Talk, begun

VIEW, TAKEOVER, AUTO = Mode.VIEW, Mode.TAKEOVER, Mode.AUTO


@pytest.fixture
async def talk(tools: Tools, owner: Who, make_agent: Maker) -> Talk:
    """A conversation in which one question has been asked; Ana is somebody of the staff."""
    made = await begun(tools, owner, make_agent)
    made.ana = await joined(tools, owner, "ana@team.example", "Ana Ruiz")
    return made


async def joined(tools: Tools, owner: Who, email: str, name: str, **more: Any) -> Who:
    new = NewPerson(owner.workspace_id, email, name, Role.OPERATOR, "a long enough password")
    return people.person_who(await people.add(tools, owner, replace(new, **more)))


async def shared(talk: Talk, mode: Mode = AUTO, hours: float = 2, **more: Any) -> tuple[Share, str]:
    """Share the conversation as Ana; return the share and its token."""
    made = await sharing.make(talk.tools, talk.ana, talk.id, Wish(mode, hours, **more))
    return made.share, made.share.token(talk.tools.keys)


async def opened(talk: Talk, token: str) -> str:
    """Open a share in another browser; return what that keeps."""
    secret = await sharing.open_(talk.tools, token, None)
    assert secret is not None
    return secret


async def why_over(talk: Talk, token: str) -> str:
    with pytest.raises(ShareOver) as over:
        await sharing.look(talk.tools, token, None)
    return over.value.code


async def test_to_look_takes_nothing_and_to_open_gives_the_pen(talk: Talk) -> None:
    """SHR-09: what robots fetch changes nothing; the page's own request does, once."""
    share, token = await shared(talk, name="Tomás")
    for _ in range(3):
        await sharing.look(talk.tools, token, None)
    assert await talk.pen() is Pen.AGENT
    secret = await opened(talk, token)
    assert await sharing.open_(talk.tools, token, secret) is None
    guest = await sharing.look(talk.tools, token, secret)
    assert guest.has_pen(talk.clock.now())
    hold = guest.talk.hold
    assert hold is not None
    assert (hold.by_kind, hold.by_id, hold.by_name) == ("guest", share.id, "Tomás")
    assert (hold.until, hold.waits) == (share.expires_at, False)
    assert (await talk.told())[-1] == ("system", "Tomás answers now.", "done")
    assert await talk.kinds("share.", "hold.") == ["share.created", "share.opened", "hold.taken"]
    found = await talk.tools.db.read(sharing.every, talk.ana, talk.id)
    assert [(each.id, [reader.name for reader in by]) for each, by in found] == [
        (share.id, ["Tomás"])
    ]


async def test_auto_gives_it_back_when_the_time_is_over_and_the_agent_goes_on(talk: Talk) -> None:
    """TKO-05, TKO-07: time decides, the job tidies; the agent is shown what the guest said."""
    _, token = await shared(talk, AUTO)
    secret = await opened(talk, token)
    await sharing.say(talk.tools, token, secret, "Three are left.", "g1")
    await talk.say("Send me one.")
    talk.clock.forward(2 * HOUR + 1000)
    assert await talk.pen() is Pen.AGENT
    assert await why_over(talk, token) == "share_expired"
    with pytest.raises(ShareOver):
        await sharing.say(talk.tools, token, secret, "And one more thing", "g2")
    await takeover.lapse(talk.tools, talk.id)
    await resuming.resume(talk.tools, talk.id)
    assert [(kind, text) for kind, text, _ in (await talk.told())[-4:]] == [
        ("guest", "Three are left."),
        ("visitor", "Send me one."),
        ("system", "Guest has left. The assistant answers again."),
        ("agent", ""),
    ]
    said = await talk.tools.db.read(reading.read, talk.id)
    assert [each.author_name for each in said if each.author_kind == "guest"] == ["Guest"]


async def test_takeover_leaves_it_to_another_person(talk: Talk, owner: Who) -> None:
    """TKO-07: the visitor is not left alone: the conversation waits, and the studio says so."""
    _, token = await shared(talk, TAKEOVER)
    await opened(talk, token)
    talk.clock.forward(2 * HOUR + 1000)
    assert await talk.pen() is Pen.REQUESTED
    for _ in range(2):
        await takeover.lapse(talk.tools, talk.id)
    assert await talk.pen() is Pen.REQUESTED
    assert (await talk.told())[-1][1] == "Guest has left. Somebody of the team will go on."
    now = talk.clock.now()
    waiting = Wanted(waits_at=now)
    assert await talk.tools.db.browse(transcripts.count, owner, waiting) == 1
    assert (await talk.say("Hello?")).turn_id == ""
    await talk.take()
    assert await takeover.release(talk.tools, talk.ana, talk.id)
    assert await talk.pen() is Pen.AGENT


async def test_later_openers_write_under_their_own_names(talk: Talk) -> None:
    """The first opener has the pen; later ones may write too, named."""
    _, token = await shared(talk, name="Tomás")
    first, second = await opened(talk, token), await opened(talk, token)
    await sharing.rename(talk.tools, token, second, "  Gus  ")
    await sharing.say(talk.tools, token, first, "I look.", "a")
    await sharing.say(talk.tools, token, second, "So do I.", "b")
    assert (await sharing.say(talk.tools, token, second, "So do I.", "b")).text == "So do I."
    said = await talk.tools.db.read(reading.read, talk.id)
    guests = [(each.author_name, each.text) for each in said if each.author_kind == "guest"]
    assert guests == [("Tomás", "I look."), ("Gus", "So do I.")]
    await sharing.rename(talk.tools, token, first, "Tomás Herrera")
    guest = await sharing.look(talk.tools, token, second)
    assert guest.talk.hold is not None
    assert guest.talk.hold.by_name == "Tomás Herrera"
    for name in ("x" * 61, "a\u202eb", "a\0b", "a\nb"):
        with pytest.raises(Invalid):
            await sharing.rename(talk.tools, token, second, name)


async def test_to_read_is_to_read_whatever_is_sent(talk: Talk) -> None:
    """SHR-01, TKO-11: a share that is read only takes nothing, and a token cannot be bent."""
    share, token = await shared(talk, VIEW)
    secret = await opened(talk, token)
    assert await talk.pen() is Pen.AGENT
    for refused in (
        sharing.take(talk.tools, token, secret),
        sharing.say(talk.tools, token, secret, "Hello", None),
        sharing.release(talk.tools, token, secret),
    ):
        with pytest.raises(NotAllowed):
            await refused
    bent = talk.tools.keys.sign_share(AUTO.number, share.id, share.expires_at // 1000)
    later = talk.tools.keys.sign_share(VIEW.number, share.id, share.expires_at // 1000 - 1)
    link = talk.token
    for wrong in (bent, later, link, token[:-1], "x" * 40, ""):
        with pytest.raises(NoSuchShare):
            await sharing.look(talk.tools, wrong, secret)
    _, auto = await shared(talk, AUTO)
    with pytest.raises(NotAllowed):
        await sharing.take(talk.tools, auto, secret)  # opened another share


async def test_a_guest_takes_it_from_who_shared_and_from_nobody_else(talk: Talk) -> None:
    """TKO-03: a colleague is not pushed aside by an address."""
    _, token = await shared(talk)
    await talk.take(talk.ben)
    secret = await opened(talk, token)
    assert not (await sharing.look(talk.tools, token, secret)).has_pen(talk.clock.now())
    with pytest.raises(Conflict):
        await sharing.take(talk.tools, token, secret)
    with pytest.raises(Conflict):
        await sharing.release(talk.tools, token, secret)
    with pytest.raises(Conflict):
        await sharing.say(talk.tools, token, secret, "Hello", None)
    await talk.take(talk.ana, force=True)
    await sharing.take(talk.tools, token, secret)
    assert (await sharing.look(talk.tools, token, secret)).has_pen(talk.clock.now())
    await talk.take(talk.ben, force=True)
    with pytest.raises(Conflict):
        await sharing.say(talk.tools, token, secret, "Hello", None)
    await takeover.release(talk.tools, talk.ben, talk.id)
    await sharing.take(talk.tools, token, secret)
    await sharing.release(talk.tools, token, secret)
    assert await talk.pen() is Pen.AGENT


@pytest.mark.parametrize(("mode", "after"), [(AUTO, Pen.AGENT), (TAKEOVER, Pen.REQUESTED)])
async def test_taken_back_is_over_at_once_with_the_pen(talk: Talk, mode: Mode, after: Pen) -> None:
    """SHR-07"""
    share, token = await shared(talk, mode)
    secret = await opened(talk, token)
    await sharing.revoke(talk.tools, talk.ana, talk.id, share.id)
    assert await talk.pen() is after
    assert await why_over(talk, token) == "share_revoked"
    with pytest.raises(ShareOver):
        await sharing.say(talk.tools, token, secret, "Hello", None)
    with pytest.raises(NotFound):
        await sharing.revoke(talk.tools, talk.ana, talk.id, share.id)
    assert (await talk.kinds("share."))[-1] == "share.revoked"


async def test_who_may_share_no_longer_shares_no_longer(talk: Talk, owner: Who) -> None:
    """SHR-07: demotion, a lost right, being shut out: over, and the pen with it."""
    pia = await joined(talk.tools, owner, "pia@team.example", "Pia", view_personal=True)
    made = await sharing.make(talk.tools, pia, talk.id, Wish(VIEW, 2, show_personal=True))
    open_, token = made.share.token(talk.tools.keys), (await shared(talk))[1]
    await opened(talk, token)
    guest = await sharing.look(talk.tools, open_, None)
    assert (guest.who.sees_personal, guest.topics) == (True, (people.topic(pia.id),))
    lead: dict[str, Any] = {"role": Role.TEAM_LEAD, "analytics": True, "view_personal": False}
    await people.change(talk.tools, owner, pia.id, **lead)
    guest = await sharing.look(talk.tools, open_, None)
    assert guest.who.sees_personal, "a lead with analytics"
    await people.change(talk.tools, owner, pia.id, analytics=False)
    assert await why_over(talk, open_) == "share_revoked"
    await sharing.tidy(talk.tools)
    assert await talk.pen() is Pen.OPERATOR
    await people.change(talk.tools, owner, talk.ana.id, role=Role.ANALYST)
    assert await why_over(talk, token) == "share_revoked"
    await sharing.tidy(talk.tools)
    assert await talk.pen() is Pen.AGENT
    soon = talk.clock.now() + HOUR
    made_key = await staff.create_key(talk.tools, owner, "bot", Role.OPERATOR, expires_at=soon)
    program = await staff.authenticate(talk.tools, made_key.secret)
    by_key = await sharing.make(talk.tools, program, talk.id, Wish(VIEW, 2))
    guest = await sharing.look(talk.tools, by_key.share.token(talk.tools.keys), None)
    assert (guest.ends_at, guest.share.expires_at) == (soon, soon + HOUR), "with the key at last"
    await staff.revoke_key(talk.tools, owner, program.id)
    assert await why_over(talk, by_key.share.token(talk.tools.keys)) == "share_revoked"


async def test_a_conversation_that_was_closed_is_only_read(talk: Talk) -> None:
    _, token = await shared(talk)
    secret = await opened(talk, token)
    door = await entrance.admitted(talk.tools, talk.token, talk.session)
    assert door.visitor_id is not None
    await turns.close(talk.tools, door, door.visitor_id, talk.id)
    assert not (await sharing.look(talk.tools, token, secret)).has_pen(talk.clock.now())
    with pytest.raises(Conflict) as closed:
        await sharing.say(talk.tools, token, secret, "Hello?", None)
    assert closed.value.code == "closed"
    with pytest.raises(Conflict):
        await sharing.take(talk.tools, token, secret)
    assert await sharing.open_(talk.tools, token, None) is not None, "to read it"


async def test_what_is_erased_takes_its_shares_along(talk: Talk) -> None:
    """SHR-07: by the database itself, in the same statement; the address then opens nothing."""
    _, token = await shared(talk)
    await opened(talk, token)
    await takeover.release(talk.tools, talk.ana, talk.id)
    await talk.tools.db.write(erasing.erase, [talk.id])
    with pytest.raises(NoSuchShare):
        await sharing.look(talk.tools, token, None)

    def left(conn: sa.Connection) -> list[Any]:
        tables = (store.shares, store.readers)
        return [conn.execute(sa.select(sa.func.count()).select_from(t)).scalar() for t in tables]

    assert await talk.tools.db.read(left) == [0, 0]


async def test_what_can_be_wished_and_what_not(talk: Talk) -> None:
    for hours in (0, -1, float("nan"), float("inf"), 8785):
        with pytest.raises(Invalid):
            await shared(talk, hours=hours)
    with pytest.raises(NotAllowed):
        await shared(talk, show_personal=True)
    with pytest.raises(NotFound):
        await sharing.make(talk.tools, replace(talk.ana, agent_id="agt_x"), talk.id, Wish())
    one, _ = await shared(talk, AUTO, 2)
    assert (await shared(talk, AUTO, 2))[0].id != one.id
    newest, _ = await shared(talk, AUTO, 3, reuse=True)
    assert newest.expires_at - talk.clock.now() == 2 * HOUR
    assert (await shared(talk, VIEW, 2, reuse=True))[0].id != one.id
    talk.clock.forward(3 * HOUR)
    assert (await shared(talk, AUTO, 2, reuse=True))[0].id not in {one.id, newest.id}


class Sharing:
    """An agent that asks for shares."""

    repeatable = False

    async def answer(self, question: Question) -> AsyncIterator[Part]:
        del question
        yield Text("I have asked a colleague to look.")
        yield Action("share", {"mode": "auto", "hours": 1})
        yield Action("share", {"mode": "view"})


async def test_an_agent_shares_and_finds_the_address(talk: Talk, owner: Who) -> None:
    """The agent's action; the address stands in a variable that only who may share is shown."""

    async def backend(*_: Any) -> Sharing:
        return Sharing()

    turn = await talk.tools.db.read(rows.latest, talk.id)
    assert turn is not None
    runner = Runner(talk.tools, backend)
    await runner.run(Job("job_1", turns.RUN, {"turn": turn.id}, 1, 1))
    runner.close()
    asked: list[Any] = await talk.tools.db.read(_jobs_of, handing.SHARE)
    assert [each["arguments"] for each in asked] == [{"mode": "auto", "hours": 1}]
    for _ in range(2):
        await sharing.make_for_agent(talk.tools, talk.id, asked[0]["arguments"])
    found = await talk.tools.db.read(finding.find, owner, talk.id)
    url = found.variables["conversation_share_url"]
    guest = await sharing.look(talk.tools, url.rpartition("/")[2], None)
    assert (guest.share.mode, guest.share.show_personal) == (AUTO, False)
    assert guest.share.expires_at - talk.clock.now() == HOUR
    assert len(await talk.tools.db.read(sharing.every, owner, talk.id)) == 1
    for less in (replace(owner, role=Role.ANALYST), replace(owner, sees_personal=False)):
        seen = await talk.tools.db.read(finding.find, less, talk.id)
        assert "/share/" not in str(seen.variables)
    for odd in ({"mode": ["auto"], "hours": -1}, {"hours": "soon"}, {"mode": "root"}):
        await sharing.make_for_agent(talk.tools, talk.id, odd)
    newest = (await talk.tools.db.read(sharing.every, owner, talk.id))[0][0]
    assert newest.mode in {VIEW, AUTO}


def _jobs_of(conn: sa.Connection, name: str) -> list[Any]:
    from parlour.kit.queue.rows import jobs

    return list(conn.execute(sa.select(jobs.c.payload).where(jobs.c.name == name)).scalars())


async def test_an_open_stream_ends_by_itself_when_the_time_comes(talk: Talk) -> None:
    """SHR-07: no job and no hint is needed; nobody announces that a moment has come."""
    talk.tools.clock = SystemClock()
    share, token = await shared(talk, VIEW, hours=1 / 3600)
    view = View(
        conversation_id=talk.id,
        cursor=Cursor(),
        present=lambda shown: showing.event(shown, ""),
        judge=sharing.judge(talk.tools, token),
        ends_at=share.expires_at,
        whole=True,
        stays=True,
    )
    seen = b""
    async with asyncio.timeout(PATIENCE):
        async for chunk in Live(talk.tools).follow(view):
            seen += chunk
    assert b"event: refused" in seen
    assert b"share_expired" in seen
