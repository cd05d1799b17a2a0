"""Where a confirmed visitor is known: the owner sees the browsers, and ends one of them."""

from parlour.rights import Role
from tests.rig.visiting import Visit
from tests.rig.visitor import Drawn, Visitor
from tests.rig.waiting import eventually
from tests.stories.test_manage_conversations import PATH, api_of
from tests.stories.test_public_verify import EMAILS, asks, confirm, mailed, request


async def known(visit: Visit, email: str, last: str = "") -> tuple[Visitor, str]:
    """Somebody with that address in another browser; and the code that let them in."""

    async def fresh() -> str:
        code = await mailed(visit, email)
        return "" if code == last else code

    person = visit.visitor()
    await request(person, email)
    code = await eventually(fresh)
    assert (await confirm(person, email, code)).json["verified"] is True
    return person, code


async def test_an_address_that_was_passed_on(visit: Visit) -> None:
    """PRV-06: another browser needs a code of its own; the owner sees both, and ends one."""
    await asks(visit)
    email = next(EMAILS)
    vera, code = await known(visit, email)
    await vera.say("Hello?")
    await vera.settled()
    passed_on = visit.visitor()
    assert (await passed_on.say("Me too")).code == "verification_required"
    phone, _ = await known(visit, email, code)
    owner = await api_of(visit, Role.OWNER)
    (talk,) = (await owner.get(f"{PATH}?link={visit.link.id}")).json["items"]
    devices = f"{PATH}/{talk['id']}/devices"
    found = (await owner.get(devices)).json
    assert len(found) == 2
    assert set(found[0]) == {"id", "client", "created_at", "last_seen_at", "expires_at"}
    # Who may only look sees no browser's name, and ends nothing.
    analyst = await api_of(visit, Role.ANALYST)
    assert [each["client"] for each in (await analyst.get(devices)).json] == ["", ""]
    assert (await analyst.delete(f"{devices}/{found[0]['id']}")).status == 403
    # The latest is the phone: its stream ends within two seconds, and the other goes on.
    async with phone.live() as stream:
        await Drawn().until_ended(stream)
        assert (await owner.delete(f"{devices}/{found[0]['id']}")).status == 200
        assert (await stream.next("refused")).data["problem"]["code"]
    assert (await phone.call("history", "GET")).status in {401, 404}
    assert (await vera.say("Still me")).status == 202
    assert [each["id"] for each in (await owner.get(devices)).json] == [found[1]["id"]]
    assert (await owner.delete(f"{devices}/{found[0]['id']}")).status == 404
    (event,) = (await owner.get("/api/events?kind=visitor.session_ended")).json["items"][:1]
    assert event["link_id"] == visit.link.id
    # At the command line, too.
    told = visit.server.cli("conversation", "devices", talk["id"], "--end", found[1]["id"])
    assert told == []
    assert (await vera.call("history", "GET")).status in {401, 404}


async def test_who_confirmed_nothing_has_no_devices(visit: Visit) -> None:
    vera = visit.visitor()
    await vera.say("Hello?")
    owner = await api_of(visit, Role.OWNER)
    (talk,) = (await owner.get(f"{PATH}?link={visit.link.id}")).json["items"]
    assert (await owner.get(f"{PATH}/{talk['id']}/devices")).json == []
    await vera.settled()
