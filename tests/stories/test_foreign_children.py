"""What belongs to another thing is not found beneath one's own, however good its id is."""

import re
from typing import Any

from parlour.kit.tokens import new_id
from parlour.links.rules import Kind
from parlour.rights import Role
from parlour.staff import people, sessions
from parlour.staff.people import NewPerson
from tests.rig import plays
from tests.rig.colleague import COOKIE, PASSWORD
from tests.rig.managing import Api
from tests.rig.routes import Route, every_route
from tests.rig.visiting import Visit
from tests.stories.test_manage_conversations import PATH, api_of
from tests.stories.test_public_walls import writing

ELSEWHERE = {
    "device_id",  # of a visitor who proved who they are: test_manage_devices
    "file_id",  # what visitors sent along: test_files
    "duration",  # no id: hours
    "number",  # no id: a version of the agent itself
    "n",  # cited passages: test_egress, test_studio_conversations
    "act",  # no id: what is done to the one person that the address names
    "person_id",
}
GUARDED = [
    route
    for route in every_route()
    if route.kind in {"key", "person"} and len(re.findall(r"\{(\w+)\}", route.path)) > 1
]


def child_of(route: Route) -> str:
    """The name of what the last id of an address names."""
    return str(re.findall(r"\{(\w+)\}", route.path)[-1])


async def things(visit: Visit, api: Api, agent_name: str, token: str) -> dict[str, str]:
    """Everything that has an owner: of an agent, of a conversation, of a webhook."""
    visitor = visit.visitor()
    visitor.token = token
    assert (await visitor.say("Hello?")).status == 202
    await visitor.settled()
    (talk,) = (await api.get(f"{PATH}?agent={agent_name}")).json["items"]
    one, agent = f"{PATH}/{talk['id']}", f"/api/agents/{agent_name}"
    wanted = {"name": "ours", "url": visit.model.base_url, "events": ["webhook.disabled"]}
    hook = (await made(api, "/api/webhooks", wanted))["id"]
    await api.post(f"/api/webhooks/{hook}/test")
    deliveries = (await api.get(f"/api/webhooks/{hook}/deliveries")).json["items"]
    return {
        "name": agent_name,
        "conversation_id": talk["id"],
        "webhook_id": hook,
        "delivery_id": deliveries[0]["id"],
        "share_id": (await made(api, f"{one}/shares", {}))["id"],
        "note_id": (await made(api, f"{one}/internal-notes", {"text": "Ours"}))["id"],
        "key_id": (await made(api, f"{agent}/identity-keys", {"name": "ours"}))["id"],
        "widget_id": (await made(api, f"{agent}/widgets", {"name": "ours"}))["id"],
        "link_id": (await made(api, f"{agent}/public-links", {}))["id"],
    }


async def made(api: Api, path: str, body: dict[str, Any]) -> Any:
    told = await api.post(path, body)
    assert told.status in {200, 201}, (path, told.body)
    return told.json


async def cookie_of(visit: Visit) -> str:
    """An owner with a browser."""
    tools, workspace = visit.keeper.tools, visit.keeper.who.workspace_id
    email = f"{new_id('x')[2:].lower()}@team.example"
    new = NewPerson(workspace, email, "Olga", Role.OWNER, PASSWORD, view_personal=True)
    person = await people.add(tools, visit.keeper.who, new)
    secret = await sessions.begin(tools, workspace, person.id, "Firefox")
    return f"{COOKIE}={visit.server.keep_secret(secret)}"


async def test_nothing_is_found_beneath_what_it_is_no_part_of(visit: Visit) -> None:
    """ISO-05: an address of one's own with the id of another's part: absent, and unchanged."""
    visit.model.plays(plays.reply("Noted."))
    api, cookie = await api_of(visit, view_personal=True), await cookie_of(visit)
    other = await visit.keeper.model_agent(visit.model.base_url)
    mine = await things(visit, api, visit.agent.name, visit.link.token)
    link = await visit.keeper.link(other)
    theirs = await things(visit, api, other.name, link.token)
    private = await visit.keeper.link(other, kind=Kind.PRIVATE, name="Sam")
    visit.server.keep_secret(link.token)
    visit.server.keep_secret(private.token)
    assert {child_of(route) for route in GUARDED} - set(mine) - ELSEWHERE == set()
    tried = []
    for route in GUARDED:
        child = child_of(route)
        if child in ELSEWHERE or route.path.startswith("/studio/people"):
            continue
        named = theirs | ({"link_id": private.id} if "private-links" in route.path else {})
        path = route.at(**{**mine, child: named[child]})
        tried.append(str(route))
        if route.kind == "key":
            body: dict[str, str] | None = {} if route.method in {"POST", "PUT", "PATCH"} else None
            told = await api.call(route.method, path, body)
            assert (told.status, told.code) == (404, "not_found"), (route, told.body)
            continue
        headers = {"Cookie": cookie, "Origin": visit.server.url}
        address = visit.server.url + path
        async with visit.http.request(
            route.method, address, headers=headers, allow_redirects=False
        ) as page:
            assert page.status == 404, (route, page.status, page.headers.get("Location"))
    assert len(tried) > 25
    for child, parent in (("share_id", "shares"), ("note_id", "internal-notes")):
        found = (await api.get(f"{PATH}/{theirs['conversation_id']}/{parent}")).json
        assert [each["id"] for each in found] == [theirs[child]]
    for child, parent in (("link_id", "public-links"), ("widget_id", "widgets")):
        own = f"/api/agents/{other.name}/{parent}/{theirs[child]}"
        assert (await api.get(own)).status == 200, "it is there, where it belongs"
    for each in (mine, theirs):
        assert (await api.delete(f"/api/webhooks/{each['webhook_id']}")).status == 200


async def test_a_visitor_does_nothing_to_what_another_said(visit: Visit) -> None:
    """ISO-04, ISO-05: asked anew, edited, rated, stopped: absent, and what is written goes on."""
    vera = await writing(visit)
    theirs = [each for each in await visit.keeper.messages(visit.link) if each.seq <= 2]
    visit.model.plays(plays.reply("For Sam."))
    sam = visit.visitor()
    await sam.say("Hello")
    await sam.settled()
    for message in theirs:
        for verb, body in (
            ("again", {"message_id": message.id}),
            ("rate", {"message_id": message.id, "rating": "down"}),
            ("chat", {"message": "Mine now", "edits": message.id, "async_mode": True}),
        ):
            refused = await sam.call(verb, json=body)
            assert refused.status in {404, 409}, (verb, refused.body)
        form = {"message_id": message.id, "rating": "down"}
        for act in ("again", "rate", "stop"):
            await sam.ask("POST", f"/chat/{visit.link.token}/{act}", data=form)
    now = {each.id: each for each in await visit.keeper.messages(visit.link)}
    assert [now[each.id] for each in theirs] == theirs
    assert (await vera.call("stop")).json == {"stopped": True}, "nobody stopped it before"
