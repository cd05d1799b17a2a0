"""A visitor's own drawer behind doors that are shut: theirs alone, and nothing else opens."""

from collections.abc import Awaitable, Callable

import pytest
import sqlalchemy as sa

from parlour.agents.store import agents
from parlour.kit.clock import DAY, HOUR
from parlour.kit.hours import Schedule
from parlour.links.rules import Kind
from parlour.rights import Role
from tests.rig.visiting import Visit
from tests.stories.test_files import put
from tests.stories.test_manage_conversations import PATH, api_of
from tests.stories.test_manage_devices import known
from tests.stories.test_memory import prompt_of
from tests.stories.test_public_verify import EMAILS, asks
from tests.stories.test_yours import SAID, drawer, talking

Turn = Callable[[Visit], Awaitable[None]]


async def disabled(visit: Visit) -> None:
    await visit.keeper.change(visit.agent, visit.link, enabled=False)


async def offline(visit: Visit) -> None:
    await visit.keeper.switch(visit.agent, live=False)


async def private(visit: Visit) -> None:
    await visit.keeper.terms(visit.agent, mode="private")


async def verification_required(visit: Visit) -> None:
    await visit.keeper.terms(visit.agent, verify="required")


async def closed(visit: Visit) -> None:
    past = visit.keeper.tools.clock.now() - HOUR
    await visit.keeper.change(visit.agent, visit.link, schedule=Schedule(closes_at=past))


async def not_open(visit: Visit) -> None:
    ahead = visit.keeper.tools.clock.now() + DAY
    await visit.keeper.change(visit.agent, visit.link, schedule=Schedule(opens_at=ahead))


async def full(visit: Visit) -> None:
    """Sam has the only place; who put their conversation away gave theirs back."""
    await visit.keeper.change(visit.agent, visit.link, seats=1)


async def not_published(visit: Visit) -> None:
    """No verb takes back what was published; a database that was set back may."""

    def unit(conn: sa.Connection) -> None:
        mine = agents.c.id == visit.agent.id
        conn.execute(sa.update(agents).where(mine).values(published=None))

    await visit.keeper.tools.db.write(unit)


async def expired(visit: Visit) -> None:
    await visit.keeper.end(visit.link)


@pytest.mark.parametrize(
    "shut",
    [
        *(disabled, offline, private, verification_required, expired),
        *(closed, not_open, full, not_published),
    ],
    ids=lambda f: f.__name__,
)
async def test_what_is_theirs_stays_theirs_when_the_door_is_shut(visit: Visit, shut: Turn) -> None:
    """PRI-01, PRI-03: seen, taken along, ended and deleted; nothing is said, asked or opened."""
    await visit.keeper.terms(visit.agent, files=["text"])
    sam, vera = await talking(visit, "canary-of-sam"), await talking(visit)
    (file,) = (await put(vera, "mine.txt", b"my own")).json["files"]
    await vera.say("With a file", files=[file["id"]])
    await vera.settled()
    await vera.call("session", "DELETE")  # put away: there is no open conversation any more
    stranger = visit.visitor()
    vera.faulty = sam.faulty = stranger.faulty = True  # an agent that is away is told by 503
    await shut(visit)

    page = await vera.page()
    assert page.status in {200, 403, 410, 503}
    assert f'href="/chat/{vera.token}/yours"' in page.text
    assert SAID not in page.text
    shown = await drawer(vera)
    assert shown.status == 200
    assert "put away" in shown.text
    assert "/yours/phone" not in shown.text, "no way into a door that is shut"
    taken = (await drawer(vera, "/data.json")).json
    assert taken["conversations"][0]["messages"][0]["text"] == SAID
    assert "canary-of-sam" not in str(taken)
    assert SAID in (await drawer(vera, "/data.html")).text
    assert (await vera.call("yours", "GET")).json["conversations"] == taken["conversations"]
    one = f"/api/public/files/{vera.token}/{file['id']}"
    assert (await vera.ask("GET", one)).body == b"my own"
    assert (await sam.ask("GET", one)).status == 404

    # Nothing else opens: not the conversation, not the agent, not another browser.
    code = shut.__name__
    assert (await vera.say("And now?")).code == code
    for verb, method in (("handover", "POST"), ("live", "GET"), ("files", "POST")):
        assert (await vera.call(verb, method, json={})).code == code, verb
    if shut is not expired:
        assert (await vera.call("history", "GET")).code == code
        assert (await vera.ask("GET", f"/chat/{vera.token}/read")).status == page.status
    assert (await drawer(vera, "/phone", "POST")).status == page.status

    # Strangers read why the door is shut, and nothing of a drawer.
    assert "/yours" not in (await stranger.page()).text
    for name in ("", "/data.json", "/delete"):
        assert (await drawer(stranger, name)).status == page.status, name
    assert (await drawer(stranger, "/delete", "POST")).status == page.status
    assert (await stranger.call("yours", "GET")).code == code
    assert (await stranger.call("yours", "DELETE")).code == code
    stranger.cookies = dict.fromkeys(vera.cookies, sam.session[:-4] + "AAAA")
    assert (await drawer(stranger)).status == page.status, "a session that nobody has"

    assert (await drawer(vera, "/delete")).status == 200
    done = await drawer(vera, "/delete", "POST")
    assert "Everything has been deleted." in done.text
    assert vera.cookies == {}
    owner = await api_of(visit, Role.OWNER)
    left = (await owner.get(f"{PATH}?link={visit.link.id}")).json["items"]
    assert [each["message_count"] for each in left] == [2], "Sam's is as it was"
    ended = await drawer(sam, "/leave", "POST")
    assert "This browser knows you no more." in ended.text
    assert (await drawer(sam)).status == page.status


async def test_who_used_a_link_up_keeps_a_drawer_there(visit: Visit) -> None:
    """PRI-01, USE-10: it is theirs still; whoever else comes by the link reads that it is over."""
    link = await visit.another_link(kind=Kind.PRIVATE, name="Priya", max_uses=1)
    vera, sam = visit.visitor(link), visit.visitor(link)
    await vera.say(SAID)
    await vera.settled()
    await visit.keeper.let_uses_end(link)
    page = await vera.page()
    assert (page.status, f'href="/chat/{link.token}/yours"' in page.text) == (410, True)
    assert (await vera.say("More")).code == "used_up"
    assert (await drawer(vera)).status == 200
    taken = (await drawer(vera, "/data.json")).json
    assert taken["conversations"][0]["messages"][0]["text"] == SAID
    assert (await drawer(sam)).status == 410
    assert "Everything has been deleted." in (await drawer(vera, "/delete", "POST")).text
    assert await visit.keeper.messages(link) == []
    assert await visit.keeper.uses(link) == 1, "no use comes back by that"


async def test_where_there_is_nothing_any_more_there_is_no_drawer(visit: Visit) -> None:
    """LNK-04: an address that was taken back tells as much as one that never was."""
    vera = await talking(visit)
    await visit.keeper.revoke(visit.agent, visit.link)
    assert (await drawer(vera)).status == 404
    assert (await vera.call("yours", "DELETE")).code == "not_found"


async def test_what_is_remembered_is_theirs_to_delete_behind_a_shut_door(visit: Visit) -> None:
    """MEM-07, MEM-09."""
    await asks(visit, verify="after", verify_after=50)
    vera, _ = await known(visit, next(EMAILS))
    await prompt_of(visit, vera, "My name is Vera")
    await disabled(visit)
    path = f"/api/public/memory/{vera.token}"
    told = await vera.ask("GET", path)
    assert (told.status, told.json["replies"]) == (200, 1)
    assert (await vera.ask("DELETE", path)).json == {"deleted": False}
    page = await vera.ask("GET", f"/chat/{vera.token}/memory")
    assert page.status == 200
    assert (await visit.visitor().ask("GET", path)).code == "disabled"
