"""A link's time comes: the reply under way is finished, no new one begun, and all stays to read."""

import pytest

from parlour.links.rules import Kind
from tests.rig import plays
from tests.rig.server import Link
from tests.rig.visiting import Visit
from tests.rig.visitor import Drawn, Visitor
from tests.rig.waiting import eventually

CLOSED = ("message_id", "<textarea", "<form", 'data-do="')


@pytest.fixture
async def link(visit: Visit) -> Link:
    return await visit.another_link(kind=Kind.TEMPORARY, hours=1)


async def ends(visit: Visit, link: Link) -> None:
    """Let the link's time be over, and have everybody look again as at a heartbeat."""
    await visit.keeper.change(visit.agent, link, expires_at=visit.keeper.tools.clock.now() - 1000)


async def talking(visit: Visit, link: Link) -> Visitor:
    """Vera, in the middle of a reply."""
    visit.model.plays(plays.paused("One two", " three \U0001f426."))
    vera = visit.visitor(link)
    assert (await vera.say("Hello?")).status == 202
    return vera


async def test_the_reply_that_is_being_written_is_seen_to_its_end(visit: Visit, link: Link) -> None:
    """EXP-02: by who watches it, and by who lost the connection; then both are told why it ends."""
    vera = await talking(visit, link)
    drawn, again = Drawn(), Drawn()
    async with vera.live() as stream:
        await drawn.until_text(stream, "One two")
        await ends(visit, link)
        async with vera.live() as other:
            await again.until_text(other, "One two")
            visit.model.release()
            for each, source in ((drawn, stream), (again, other)):
                for event in await source.until("refused"):
                    each.take(event)
                assert [event async for event in source] == []
    for each in (drawn, again):
        assert each.shown()[-1] == ("agent", "One two three \U0001f426.", "done")
        assert each.refused == "expired"
    late = await vera.call("live", "GET")
    assert (late.status, late.code) == (410, "expired")


async def test_no_new_reply_is_begun(visit: Visit, link: Link) -> None:
    """EXP-02: not to what waited in line, not to what comes later, not again."""
    vera = await talking(visit, link)
    assert (await vera.say("And this?")).status == 202
    await ends(visit, link)
    visit.model.release()

    async def settled() -> bool:
        turns = await visit.keeper.turns(link)
        return [turn.state for turn in turns] == ["done", "failed"]

    await eventually(settled)
    assert len(visit.model.requests) == 1
    for verb in ("chat", "retry"):
        refused = await vera.call(verb, json={"message": "More"} if verb == "chat" else {})
        assert (refused.status, refused.code) == (410, "expired")
    page = await vera.ask("GET", f"/chat/{link.token}/read")
    assert "The link ended before this could be answered." in page.text


async def test_a_reply_that_outlasts_its_link_can_be_stopped(visit: Visit, link: Link) -> None:
    vera = await talking(visit, link)
    async with vera.live() as stream:
        await Drawn().until_text(stream, "One two")
        await ends(visit, link)
        assert (await vera.call("stop")).json == {"stopped": True}
        assert (await stream.next("done")).data["message"]["state"] == "stopped"
        await stream.next("refused")


async def test_what_was_said_stays_to_be_read(visit: Visit, link: Link) -> None:
    """The dead end leads whoever spoke here to a page without a message box, and nobody else."""
    vera, sam = visit.visitor(link), visit.visitor(link)
    await vera.say("Hello?")
    told = await vera.settled()
    open_still = await vera.ask("GET", f"/chat/{link.token}/read")
    assert (open_still.status, open_still.headers["Location"]) == (303, f"/chat/{link.token}")
    await ends(visit, link)
    assert await vera.history() == told
    ended = await vera.page()
    assert ended.status == 410
    assert f'href="/chat/{link.token}/read"' in ended.text
    for path in (f"/chat/{link.token}/read", f"/public/chat/{link.token}/read"):
        page = await vera.ask("GET", path)
        assert page.status == 200
        assert "One two three." in page.text
        assert "This link ended on " in page.text
        assert not any(each in page.text for each in CLOSED)
        stranger = await sam.ask("GET", path)
        assert stranger.status == 410
        assert "One two" not in stranger.text
    assert "/read" not in (await sam.page()).text


async def test_a_door_that_somebody_shut_shuts_the_reading_room_too(
    visit: Visit, link: Link
) -> None:
    """LNK-11, LNK-22: revoked and disabled links keep nothing open."""
    vera = visit.visitor(link)
    await vera.say("Hello?")
    await vera.settled()
    await ends(visit, link)
    read = f"/chat/{link.token}/read"
    await visit.keeper.change(visit.agent, link, enabled=False)
    assert [(await vera.ask("GET", read)).status, (await vera.page()).status] == [403, 403]
    assert (await vera.call("history", "GET")).code == "disabled"
    assert "/read" not in (await vera.page()).text
    await visit.keeper.revoke(visit.agent, link)
    assert (await vera.ask("GET", read)).status == 404
    assert (await vera.call("history", "GET")).status == 404


async def test_a_reply_is_cut_when_its_link_is_shut(visit: Visit, link: Link) -> None:
    """LNK-11: also when its time has come before; within two seconds."""
    visit.model.plays(plays.hang_after("One two"))
    vera = visit.visitor(link)
    await vera.say("Hello?")
    async with vera.live() as stream:
        await Drawn().until_text(stream, "One two")
        await ends(visit, link)
        await visit.keeper.revoke(visit.agent, link)
        refused = await stream.next("refused")
        assert refused.data["problem"]["code"] == "not_found"
    await eventually(lambda: visit.model.open_connections == 0)
