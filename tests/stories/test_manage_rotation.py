"""Programs give links new addresses, and visitors meet the old ones."""

import asyncio

import pytest

from parlour.links.rules import Kind
from parlour.rights import Role
from tests.rig.managing import Api, Office, new_agent
from tests.rig.server import Link
from tests.rig.visiting import Visit
from tests.rig.waiting import eventually

PUBLIC, PRIVATE = "/api/agents/helper/public-links", "/api/agents/helper/private-links"


async def link_of(api: Api, path: str) -> dict[str, str]:
    await new_agent(api)
    sent = {"users": [{"name": "Priya", "max_uses": 3}]} if path == PRIVATE else {"name": "Flyer"}
    made = (await api.post(path, sent)).json
    told: dict[str, str] = made[0] if path == PRIVATE else made
    return told


@pytest.mark.parametrize("path", [PUBLIC, PRIVATE])
async def test_a_link_gets_another_address(api: Api, office: Office, path: str) -> None:
    """LNK-12, LNK-18: for public and private links alike; by whoever manages links."""
    link = await link_of(api, path)
    one = f"{path}/{link['id']}"
    none = {"addresses": [], "visitor_count": 0, "visitors": []}
    assert (await api.get(f"{one}/old-addresses")).json == none
    turned = await api.post(f"{one}/rotate", {"overlap_hours": 2})
    assert turned.status == 201, turned.body
    new = turned.json
    assert (new["id"], new["name"], new["max_uses"]) == (
        link["id"], link["name"], link["max_uses"]
    )  # fmt: skip
    assert new["token"] != link["token"]
    assert (await api.get(one)).json["url"] == new["url"]
    for token in (link["token"], new["token"]):
        assert (await api.get(f"/api/public/link/{token}")).json["valid"] is True
    kept = (await api.get(f"{one}/old-addresses")).json
    assert [each["works"] for each in kept["addresses"]] == [True]
    ended = (await api.delete(f"{one}/old-addresses")).json
    assert [each["works"] for each in ended["addresses"]] == [False]
    told = (await api.get(f"/api/public/link/{link['token']}")).json
    assert (told["valid"], told["reason"]) == (False, "replaced")
    assert (await api.get(f"/api/public/link/{new['token']}")).json["valid"] is True
    # The other sort of link is not there.
    other = PRIVATE if path == PUBLIC else PUBLIC
    assert (await api.post(f"{other}/{link['id']}/rotate", {})).status == 404
    analyst = await office.api(Role.ANALYST)
    assert (await analyst.get(f"{one}/old-addresses")).json["addresses"] == ended["addresses"]
    assert (await analyst.post(f"{one}/rotate", {})).status == 403
    assert (await analyst.delete(f"{one}/old-addresses")).status == 403
    # O10
    kinds = [each["kind"] for each in (await api.get("/api/events")).json["items"]]
    assert kinds[1:3] == ["link.changed", "link.rotated"]


async def test_turned_once_however_often_asked_for(api: Api) -> None:
    """API-05: with a key the answer is the same; with a mark the second one is told."""
    link = await link_of(api, PUBLIC)
    one = f"{PUBLIC}/{link['id']}"
    tag = (await api.get(one)).headers["ETag"]
    headers = {"Idempotency_Key": "turn-1", "If_Match": tag}
    answers = await asyncio.gather(
        *(api.post(f"{one}/rotate", {"overlap_hours": 1}, **headers) for _ in range(6))
    )
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body for answer in answers}) == 1
    assert len((await api.get(f"{one}/old-addresses")).json["addresses"]) == 1
    assert (await api.post(f"{one}/rotate", {}, If_Match=tag)).status == 412


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"overlap_hours": -1}, "overlap_hours"),
        ({"overlap_hours": 8785}, "overlap_hours"),
        ({"overlap_hours": 1e308}, "overlap_hours"),
        ({"overlap_hours": "1"}, "overlap_hours"),
        ({"overlap_hours": None}, "overlap_hours"),
        ({"hours": 5}, "hours"),
        ({"expires_at": "tomorrow"}, "expires_at"),
        ({"name": "x"}, ""),
    ],
)
async def test_turns_that_do_not_fit(api: Api, sent: dict[str, object], field: str) -> None:
    """EXP-05: refused by name, and the address is what it was."""
    link = await link_of(api, PUBLIC)
    refused = await api.post(f"{PUBLIC}/{link['id']}/rotate", sent)
    assert refused.status in {400, 422}, refused.body
    assert not field or refused.fields == [field]
    assert (await api.get(f"{PUBLIC}/{link['id']}")).json["token"] == link["token"]


async def test_a_link_with_an_end_gets_a_later_one(api: Api) -> None:
    """EXP-09: its address carries its end, so it takes another address; the refusal says so."""
    await new_agent(api)
    link = (await api.post(PUBLIC, {"hours": 1})).json
    one = f"{PUBLIC}/{link['id']}"
    refused = await api.put(one, {"expires_at": "2035-01-01T00:00:00Z"})
    assert refused.status == 422
    assert "rotate" in str(refused.json["errors"])
    turned = (await api.post(f"{one}/rotate", {"hours": 100})).json
    assert turned["expires_at"] > link["expires_at"]
    assert turned["kind"] == "temporary"


async def test_visitors_go_on_by_the_new_address(visit: Visit) -> None:
    """LNK-12: the same conversation, in the same browser; the old address then says what to do."""
    old = await visit.another_link(kind=Kind.PRIVATE, name="Priya", max_uses=1)
    vera = visit.visitor(old)
    await vera.say("Hello")
    said = await vera.settled()
    new = await visit.keeper.rotate(visit.agent, old, overlap_hours=24)
    visit.server.keep_secret(new.token)
    assert await vera.history() == said  # by the old address, which still works
    # And by the new one: nothing is lost, and no other use is taken.
    moved = visit.visitor(new)
    moved.cookies = dict(vera.cookies)
    assert await moved.history() == said
    assert (await moved.say("More")).status == 202
    await moved.settled()
    assert (await visit.visitor(new).say("Me?")).code == "used_up"
    async with vera.live() as stream:
        await stream.next()
        await visit.keeper.retire(visit.agent, new)
        # The page learns at once that this address is over.
        assert (await stream.next("refused")).data["problem"]["code"] == "replaced"
    assert (await vera.say("Still here?")).code == "replaced"
    page = await vera.ask("GET", f"/chat/{old.token}")
    assert page.status == 410
    assert "This link has a new address." in page.text
    assert f"/chat/{old.token}/read" in page.text
    assert new.token not in page.text
    read = await vera.ask("GET", f"/chat/{old.token}/read")
    assert (read.status, "with which you can go on" in read.text) == (200, True)
    stranger = await visit.visitor(old).ask("GET", f"/chat/{old.token}")
    assert (stranger.status, f"/chat/{old.token}/read" in stranger.text) == (410, False)
    assert (await moved.say("And on")).status == 202
    await eventually(lambda: visit.model.open_connections == 0)


async def test_old_addresses_by_the_command_line(visit: Visit) -> None:
    link: Link = visit.link
    await visit.visitor().say("Hello")
    turned = visit.server.cli("link", "rotate", link.id, "--overlap", "0.5")
    assert (turned["id"], turned["token"] != link.token) == (link.id, True)
    visit.server.keep_secret(turned["token"])
    kept = visit.server.cli("link", "old-addresses", link.id)
    assert ([each["works"] for each in kept["addresses"]], kept["visitor_count"]) == ([True], 1)
    ended = visit.server.cli("link", "old-addresses", link.id, "--end")
    assert [each["works"] for each in ended["addresses"]] == [False]
    assert (await visit.visitor().say("Hello")).code == "replaced"
