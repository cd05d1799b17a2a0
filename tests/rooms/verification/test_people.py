"""Who has confirmed an address: on other devices, on other links, listed or not, ended."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from parlour import entrance, events, retention, visitors
from parlour.agents import sharing
from parlour.agents.model import Agent
from parlour.chat import turns
from parlour.conversations.store import conversations
from parlour.entrance import Refused
from parlour.kit.clock import DAY, HOUR, MINUTE, SetClock
from parlour.kit.errors import Invalid
from parlour.links import keeping as links
from parlour.links import uses
from parlour.links.store import Link
from parlour.rights import Who
from parlour.tools import Tools
from parlour.verification import codes
from tests.rig.confirming import ANA, BEN, Browser, another


async def test_the_same_address_on_another_device_goes_on(vera: Browser, clock: SetClock) -> None:
    await vera.confirm()
    await vera.say("on the phone")
    clock.moment += 20 * MINUTE
    laptop = another(vera, place="192.0.2.1")
    await laptop.confirm()
    door = await laptop.door()
    assert door.conversation_id == vera.conversation
    assert (await vera.door()).visitor_id == door.visitor_id, "SES-09: both stay"
    someone = another(vera)
    await someone.confirm(BEN)
    assert (await someone.door()).visitor_id != door.visitor_id


async def test_who_confirmed_an_address_and_was_too_late_reads_that_it_is_used_up(
    vera: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not that they should confirm it: somebody else took the last use in the same moment."""
    await vera.confirm()
    monkeypatch.setattr(uses, "spend", lambda *_: None)
    with pytest.raises(Refused) as refused:
        await vera.say()
    assert refused.value.code == "used_up"


async def test_the_same_address_on_another_link_is_somebody_else(
    vera: Browser, tools: Tools, owner: Who, agent: Agent
) -> None:
    """SES-02: a session and its visitor belong to one link."""
    elsewhere = await links.create(tools, owner, agent.id, links.Wish())
    await vera.confirm()
    there = Browser(tools, elsewhere.token(tools.keys), session=vera.session)
    assert (await there.door()).visitor_id is None
    there.session = None
    await there.confirm()
    assert (await there.door()).visitor_id != (await vera.door()).visitor_id


async def test_some_messages_go_before(
    vera: Browser, tools: Tools, owner: Who, agent: Agent
) -> None:
    """After so many messages, also in conversations begun anew; what was said is kept."""
    terms = {"verify": "after", "verify_after": 2}
    await sharing.change(tools, owner, agent, terms)
    await vera.say("one", "m1")
    first = vera.conversation
    door = await vera.door()
    assert door.visitor_id is not None
    await turns.close(tools, door, door.visitor_id, first)
    await vera.say("two", "m2")
    with pytest.raises(Refused) as caught:
        await vera.say("three", "m3")
    assert caught.value.code == "verification_required"
    second, before = vera.conversation, vera.session
    await vera.confirm()
    assert (await vera.door()).conversation_id == second
    assert (await vera.say("three", "m3")).conversation_id == second
    assert not (await replace(vera, session=before).door()).visitor_id


async def test_what_was_said_without_a_name_goes_along(
    vera: Browser, tools: Tools, owner: Who, agent: Agent, clock: SetClock
) -> None:
    """Somebody known comes anew, says something, confirms: that stays, the earlier is put away."""
    await vera.confirm()
    await vera.say("last week")
    await sharing.change(tools, owner, agent, {"verify": "after", "verify_after": 1})
    clock.moment += 2 * DAY
    later = another(vera)
    await later.say("today")
    await later.confirm()
    door = await later.door()
    assert door.conversation_id == later.conversation
    wanted = sa.select(conversations.c.id, conversations.c.closed_at).where(
        conversations.c.visitor_id == door.visitor_id
    )
    found = dict(await tools.db.read(lambda conn: conn.execute(wanted).all()))
    assert found == {vera.conversation: clock.now(), later.conversation: None}


async def test_who_is_somebody_takes_nothing_to_somebody_else(
    vera: Browser, clock: SetClock
) -> None:
    """MEM-05 and ISO-18 in small: a confirmed conversation stays its owner's."""
    await vera.confirm()
    await vera.say("mine")
    clock.moment += MINUTE
    other = replace(vera)
    await other.confirm(BEN)
    assert (await other.door()).conversation_id is None
    assert (await vera.door()).visitor_id is None, "the session is Ben's now"


async def test_a_link_says_it_differently_from_its_agent(
    vera: Browser, tools: Tools, owner: Who, agent: Agent, link: Link
) -> None:
    open_link = await links.create(tools, owner, agent.id, links.Wish(require_email=False))
    await Browser(tools, open_link.token(tools.keys)).say()
    await links.change(tools, owner, link, {"require_email": False})
    await vera.say()
    await sharing.change(tools, owner, agent, {"verify": "off"})
    strict = await links.create(tools, owner, agent.id, links.Wish(require_email=True))
    with pytest.raises(Refused):
        await Browser(tools, strict.token(tools.keys)).say()
    with pytest.raises(entrance.NoVerification):
        await vera.ask()


async def test_only_who_is_listed_comes_in(
    vera: Browser, tools: Tools, owner: Who, link: Link, clock: SetClock
) -> None:
    """PRV-02, PRV-03, OTP-10: for an address that is not listed all is the same, but no mail."""
    await links.change(tools, owner, link, {"emails": ("@example.org", "Guest@Other.example")})
    assert await vera.ask("stranger@other.example") == ""
    wanted = sa.select(sa.func.count()).select_from(codes.codes)
    assert await tools.db.read(lambda conn: conn.execute(wanted).scalar()) == 1
    clock.moment += 1
    await another(vera).confirm("guest@other.example")
    inside = another(vera)
    await inside.confirm(ANA)
    assert (await inside.door()).refused() is None
    # PRV-04: taken off the list, out at once.
    await links.change(tools, owner, link, {"emails": ("guest@other.example",)})
    refused = (await inside.door()).refused()
    assert refused is not None
    assert refused.code == "verification_required"


async def test_it_is_told_without_an_address(vera: Browser) -> None:
    """PRI-07: with which wording of the notices stood there to be read."""
    await vera.confirm()
    told = sa.select(events.events).where(events.events.c.kind == "visitor.verified")
    (row,) = await vera.tools.db.read(lambda conn: conn.execute(told).all())
    assert (row.actor_kind, row.data) == ("visitor", {"proof": "code", "notice": 1, "memory": 1})
    assert row.actor_id == (await vera.door()).visitor_id


async def test_a_session_that_is_ended_opens_nothing(vera: Browser) -> None:
    """PRV-06, SES-04: one device of two is ended; the other stays."""
    tools = vera.tools
    await vera.confirm()
    phone = another(vera)
    await phone.confirm()
    visitor_id = (await vera.door()).visitor_id or ""
    found = await tools.db.read(visitors.devices, visitor_id, tools.clock.now())
    assert [each.client for each in found] == ["Firefox on Linux"] * 2
    judged = entrance.judge(tools, vera.token, vera.session)
    assert await tools.db.read(judged) is None
    for each in found:
        await tools.db.write(visitors.end_device, visitor_id, each.id)
    bar = await tools.db.read(judged)
    assert bar is not None
    assert not bar.after_reply
    assert (await phone.door()).visitor_id is None


async def test_no_address_is_asked_for_where_no_mail_goes(
    vera: Browser, tools: Tools, owner: Who, agent: Agent, link: Link
) -> None:
    await sharing.change(tools, owner, agent, {"verify": "off"})
    tools.settings = replace(tools.settings, host="0.0.0.0")
    with pytest.raises(Invalid):
        await sharing.change(tools, owner, agent, {"verify": "required"})
    with pytest.raises(Invalid):
        await links.change(tools, owner, link, {"require_email": True})
    with pytest.raises(Invalid):
        await links.create(tools, owner, agent.id, links.Wish(require_email=True))


async def test_what_counts_for_nothing_is_deleted(vera: Browser, clock: SetClock) -> None:
    await vera.ask()
    for moved, left in ((HOUR, 1), (2 * HOUR, 0)):
        clock.moment += moved
        await vera.tools.db.write(retention.tidy, clock.now())
        wanted = sa.select(sa.func.count()).select_from(codes.codes)
        assert await vera.tools.db.read(lambda conn: conn.execute(wanted).scalar()) == left  # noqa: B023
