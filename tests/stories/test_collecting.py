"""What an agent collects: by a form before and in the chat, by the page, by an address, signed."""

import json
from typing import Any

import sqlalchemy as sa

from parlour import staff
from parlour.conversations.store import conversations
from parlour.kit.masking import HIDDEN
from parlour.rights import Role
from tests.rig import plays
from tests.rig.details import tells_number
from tests.rig.managing import Api, new_agent
from tests.rig.server import Link
from tests.rig.visiting import Visit
from tests.stories.test_visit_forms import fields
from tests.stories.test_visit_identity import signed

VARIABLES: list[dict[str, Any]] = [
    {"name": "name", "label": "Your name", "asked": True, "required": True},
    {"name": "email", "label": "E-mail", "type": "email", "asked": True},
    {"name": "plan", "type": "choice", "options": ["Free", "Gold"], "personal": False},
    {"name": "tier", "signed": True, "personal": False},
    {"name": "note", "label": "A <b>note</b>", "personal": False},
]


async def collecting(visit: Visit, **reply: Any) -> Link:
    """Have a program answer whose agent collects all of these."""
    visit.model.plays(plays.answer(200, json.dumps({"text": "Noted."} | reply).encode()))
    url = f"http://127.0.0.1:{visit.model.port}/"
    agent = await visit.keeper.agent("webhook", {"url": url}, variables=VARIABLES)
    link = await visit.keeper.link(agent)
    visit.server.keep_secret(link.token)
    visit.agent, visit.link = agent, link
    return link


async def known(visit: Visit) -> list[dict[str, Any]]:
    wanted = sa.select(conversations.c.variables).where(conversations.c.link_id == visit.link.id)
    return [row.variables for row in await visit.keeper.rows(wanted)]


async def test_a_form_without_scripts(visit: Visit) -> None:
    """STR-17: what does not fit is told where it stands, and nothing that was typed is lost."""
    await collecting(visit)
    vera = visit.visitor()
    path = f"/chat/{vera.token}"
    looked = await vera.ask("GET", f"{path}?v.plan=gold&v.name=Ver%22%3Ea&v.tier=9&v.x=y")
    assert 'name="v.name"' in looked.text
    assert 'value="Ver&#34;&gt;a"' in looked.text
    assert '<input type="hidden" name="v.plan" value="gold">' in looked.text
    assert "v.tier" not in looked.text.split("/new?")[0]
    assert "A &lt;b&gt;" not in looked.text, "it is not asked for"
    sent = {"message": "Hello?", **fields(looked), "v.plan": "gold"}
    refused = await vera.ask("POST", path, data=sent | {"v.name": " ", "v.email": "vera"})
    assert refused.status == 422
    assert refused.text.count('aria-invalid="true"') == 2
    assert "This is needed." in refused.text
    assert ">Hello?</textarea>" in refused.text
    assert vera.cookies == {}
    assert await known(visit) == []
    done = await vera.ask(
        "POST", path, data=sent | {"v.name": "Vera", "v.email": "V@x.example", "v.tier": "1"}
    )
    assert done.status == 303, done.body
    await vera.settled()
    assert await known(visit) == [{"name": "Vera", "email": "v@x.example", "plan": "Gold"}]
    page = await vera.page()
    assert '<fieldset class="asks" id="asks" disabled>' in page.text, "it is asked once"
    again = await vera.ask("POST", f"{path}/new?v.plan=gold")
    assert again.headers["Location"] == f"{path}?v.plan=gold"


async def test_by_programs(visit: Visit) -> None:
    """What is missing or odd is named, field by field; what nobody defined is ignored."""
    await collecting(visit)
    vera = visit.visitor()
    told = (await vera.call("link", "GET")).json["form"]
    assert [(each["name"], each["required"]) for each in told] == [("name", True), ("email", False)]
    refused = await vera.say("Hello?")
    assert (refused.status, refused.code) == (422, "variables")
    assert refused.json["misfits"] == {"name": "missing"}
    odd: Any
    for odd in ({"name": ["x"]}, {"name": "a\0"}, {"name": "V", "plan": "silver"}, {"name": {}}):
        assert (await vera.say("Hello?", variables=odd)).status == 422, odd
    assert (await vera.say("Hello?", variables=5)).status == 422
    given = {"name": "Vera", "plan": "free", "tier": "1", "other": "x"}
    assert (await vera.say("Hello?", variables=given)).status == 202
    await vera.settled()
    assert visit.model.requests[-1].json["variables"] == {"name": "Vera", "plan": "Free"}
    # Later ones change what is known, and with them the message may be empty.
    assert (await vera.say("", variables={"email": "v@x.example"})).status == 202
    assert (await vera.settled())[-2] == ("user", "Filled in: E-mail")
    assert (await known(visit))[0]["email"] == "v@x.example"
    assert (await vera.say("", variables={"other": "x"})).status == 422


async def test_what_is_signed(visit: Visit) -> None:
    """An address that says more than a visitor may say: only by an identity key, for this link."""
    await collecting(visit)
    made = visit.server.shell.done("identity", "create", visit.agent.name, "--name", "shop")
    secret = visit.server.keep_secret(made["secret"])
    word = visit.server.keep_secret(
        signed(secret, visit.link.id, sub=None, variables={"tier": "2", "plan": "gold"})
    )
    others = signed(secret, "lnk_AAAAAAAAAAA", variables={"tier": "3"})
    forged = signed("not the secret at all, no", visit.link.id, variables={"tier": "4"})
    for odd in (others, forged, "x", "a.b.c", ""):
        visitor = visit.visitor()
        assert (await visitor.say("Hi", variables={"name": "S"}, signed=odd)).status == 202
        await visitor.settled()
    assert await known(visit) == [{"name": "S"}] * 5
    vera = visit.visitor()
    page = await vera.ask("GET", f"/chat/{vera.token}?signed={word}&v.tier=9")
    sent = {"message": "Hello?", "v.name": "Vera", **fields(page)}
    assert sent["signed"] == word
    assert (await vera.ask("POST", f"/chat/{vera.token}", data=sent)).status == 303
    await vera.settled()
    assert {"name": "Vera", "tier": "2", "plan": "Gold"} in await known(visit)


async def test_the_agent_asks_in_the_chat(visit: Visit) -> None:
    """With a form below its reply; its values go to the agent, and stand in no message."""
    asks = {"name": "form", "arguments": {"variables": ["email", "plan", "tier", "nothing"]}}
    await collecting(visit, actions=[asks], variables={"plan": "gold", "email": "no", "own": 1})
    vera = visit.visitor()
    assert (await vera.say("Hello?", variables={"name": "Vera"})).status == 202
    await vera.settled()
    assert await known(visit) == [{"name": "Vera", "plan": "Gold", "own": 1}], "what fits is kept"
    page = (await vera.page()).text
    form = page[page.index("asks--card") :]
    form = form[: form.index("</form>")]
    assert 'name="v.email"' in form
    assert "<option>Gold</option>" in form
    assert "v.tier" not in form
    async with vera.live("1") as stream:
        told: dict[str, Any] = {}
        while "form" not in told:
            told = (await stream.next("done")).data["message"]
    assert [each["name"] for each in told["form"]["fields"]] == ["email", "plan"]
    assert told["form"]["html"].startswith('<form class="asks asks--card"')
    sent = {"message_id": f"form-{told['id']}", "v.email": "v@x.example", "v.plan": ""}
    for _ in range(2):  # pressed twice
        assert (await vera.ask("POST", f"/chat/{vera.token}", data=sent)).status == 303
    said = await vera.settled()
    assert [text for role, text in said if role == "user"] == ["Hello?", "Filled in: E-mail, plan"]
    assert visit.model.requests[-1].json["variables"]["email"] == "v@x.example"
    assert (await known(visit))[0]["email"] == "v@x.example"


async def test_who_sees_what_was_collected(visit: Visit) -> None:
    """SHR-03: what is personal is masked, and what is not but looks so, is masked in part."""
    await collecting(visit)
    vera = visit.visitor()
    given = {"name": "Vera Lind", "plan": "gold", "note": "Call +44 20 7946 0018"}
    assert (await vera.say("Hello?", variables=given)).status == 202
    await vera.settled()
    [talk] = (await _list(visit, await _key(visit, Role.OWNER)))["items"]
    assert talk["variables"] == {**given, "plan": "Gold"}
    masked = await _key(visit, Role.ANALYST)
    [talk] = [each for each in (await _list(visit, masked))["items"] if each["id"] == talk["id"]]
    assert talk["variables"]["name"] == HIDDEN
    assert talk["variables"]["plan"] == "Gold"
    assert talk["variables"]["note"].startswith("Call ")
    assert "7946" not in talk["variables"]["note"]
    csv = await masked.get(f"/api/conversations/{talk['id']}/variables.csv")
    assert b"Gold" in csv.body
    assert b"Vera" not in csv.body
    assert not tells_number(csv.body.decode())


async def _key(visit: Visit, role: Role) -> Api:
    tools, who, sees = visit.keeper.tools, visit.keeper.who, role is Role.OWNER
    made = await staff.create_key(tools, who, role.value, role, None, view_personal=sees)
    visit.server.keep_secret(made.secret)
    return Api(visit.http, visit.server.url, made.secret)


async def _list(visit: Visit, api: Api) -> Any:
    return (await api.get(f"/api/conversations?agent={visit.agent.name}")).json


async def test_definitions_by_programs_and_at_the_command_line(api: Api) -> None:
    made = await new_agent(api, variables=[{"name": "plan", "asked": True}])
    assert made["variables"][0] == {
        "name": "plan",
        "label": "",
        "type": "text",
        "options": [],
        "pattern": "",
        "asked": True,
        "required": False,
        "personal": True,
        "signed": False,
    }
    for odd in ([{"name": "A B"}], [{"name": "a", "pattern": "(x+)+*y"}], [{"nam": "a"}], "x", [1]):
        assert (await api.put("/api/agents/helper", {"variables": odd})).status == 422, odd
    edited = await api.put("/api/agents/helper", {"variables": None})
    assert edited.json["variables"] == []
    versions = (await api.get("/api/agents/helper/versions")).json["items"]
    assert [each["name"] for each in versions[0]["variables"]] == ["plan"]
