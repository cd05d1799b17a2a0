"""Workspaces are apart: whatever somebody of one asks of another's is as if it had never been.

The routes come from the site's own table, so that a new one is tried as soon as it is there; one
with something in its path that is nobody's yet fails until that is known.
"""

import json
import re
from typing import Any, Final

import pytest

from tests.rig.managing import Office, Told
from tests.rig.model import FakeModel
from tests.rig.neighbours import PLAIN, House, furnished, never, params
from tests.rig.routes import Route, every_route
from tests.rig.server import Server

ROUTES: Final = [each for each in every_route() if each.kind in {"person", "key"}]
BODIES: Final[dict[str, dict[str, Any]]] = {
    "POST /studio/canned/{reply_id}": {"shortcut": "hi", "text": "Hello"},
    "POST /api/agents/{name}/identity-keys": {"name": "x"},
    "POST /api/agents/{name}/rollback": {"version": 1},
    "POST /api/agents/{name}/private-links": {"users": [{"name": "x"}]},
    "POST /api/agents/{name}/widgets": {"name": "x"},
    "POST /api/conversations/{conversation_id}/messages": {"message": "x"},
    "POST /api/conversations/{conversation_id}/hold/hand-over": {"to": "per_x"},
    "POST /api/conversations/{conversation_id}/complete": {"reason": "solved"},
    "POST /api/conversations/{conversation_id}/internal-notes": {"text": "x"},
    "POST /api/conversations/{conversation_id}/reveal": {"reason": "asked for it"},
    "PUT /api/teams/{team_id}/ways": {"mails": True},
    "PUT /api/canned-replies/{reply_id}": {"shortcut": "hi", "text": "Hello"},
}
"""What calls need to hear before they look whether there is what they are asked for."""
QUERIES: Final = {"DELETE /api/agents/{name}/documents": "?filename=x"}
SAYS_SO: Final = {"POST /studio/links/{link_id}/switch"}
"""What leads back to a page that says that there is no such thing."""


async def asked(whose: House, route: Route, ids: dict[str, str]) -> tuple[int, str]:
    """Ask as the owner of a house; what came back, without the ids."""
    path = re.sub(r"\{(\w+)\}", lambda found: {**PLAIN, **ids}[found[1]], route.path)
    headers = whose.owner.headers(route)
    body = BODIES.get(str(route), {})
    sent: dict[str, Any] = {}
    if route.kind == "person" and route.changes:
        sent = {"data": body, "headers": {**headers, "Origin": whose.scene.server.url}}
    else:
        sent = {
            "headers": headers,
            "json": body if route.method in {"POST", "PUT", "PATCH"} else None,
        }
    url = whose.scene.server.url + path + QUERIES.get(str(route), "")
    async with whose.scene.http.request(route.method, url, allow_redirects=False, **sent) as told:
        text = (await told.read()).decode(errors="replace")
    for value in ids.values():
        text = text.replace(value, "…")
    return told.status, re.sub(r'nonce="\w+"|"instance": ?"[^"]+"', "", text)


@pytest.fixture
async def houses(
    office: Office, another_office: Office, house: Server, model: FakeModel
) -> tuple[House, House]:
    """One's own, and the neighbours'."""
    return await furnished(office, house, model), await furnished(another_office, house, model)


async def state(theirs: House) -> list[str]:
    """What the neighbours find of theirs."""
    ids, talk = theirs.ids, f"/api/conversations/{theirs.ids['conversation_id']}"
    paths = [
        *(talk, f"{talk}/messages", f"{talk}/shares", f"{talk}/internal-notes"),
        *("/api/agents", "/api/links", "/api/widgets", "/api/webhooks", "/api/teams"),
        *("/api/canned-replies", "/api/keys", "/api/people", "/api/receipts"),
        *(f"/api/notes/{ids['note_id']}", f"/api/visitors/{ids['visitor_id']}", "/api/privacy"),
    ]
    found = [await theirs.api.get(path) for path in paths]
    assert {each.status for each in found} == {200}
    # When a key or a person was last here is nothing that anybody did to them.
    return [re.sub(r'"last_\w+":"[^"]*"', "", each.body.decode()) for each in found]


async def test_nothing_of_a_neighbour_is_there(houses: tuple[House, House]) -> None:
    """By every route with somebody's id in it: theirs, and theirs inside of one's own."""
    mine, theirs = houses
    before = await state(theirs)
    nobody = never(theirs.ids)
    wrong: list[str] = []
    for route in ROUTES:
        if not (names := params(route)):
            continue
        foreign, absent = {**theirs.ids}, {**nobody}
        ways = [(foreign, absent)]
        if len(names) > 1:  # what is another's inside of what is one's own
            own = {names[0]: mine.ids[names[0]]}
            ways.append((foreign | own, absent | own))
        for there, nowhere in ways:
            told, same = await asked(mine, route, there), await asked(mine, route, nowhere)
            if told[0] != (303 if str(route) in SAYS_SO else 404) or told[1] != same[1]:
                said = " ".join(re.sub(r"<[^>]+>", " ", told[1]).split())[-200:]
                wrong.append(f"{route}: {told[0]} {same[0]} {said}")
    assert wrong == [], "\n".join(wrong)
    assert await state(theirs) == before


FIELDS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "POST /api/keys": ("name", {"name": "x", "role": "operator", "agent_name": "{name}"}),
    "POST /api/teams": ("agent_id", {"name": "x", "agents": ["{name}"]}),
    "POST /api/teams ": ("person_id", {"name": "x", "people": ["{person_id}"]}),
    "PUT /api/teams/{team_id}": ("name", {"agents": ["{name}"]}),
    "PUT /api/teams/{team_id} ": ("person_id", {"people": ["{person_id}"]}),
    "POST /api/links/switch": ("link_id", {"ids": ["{link_id}"], "enabled": False}),
    "POST /api/links/revoke": ("link_id", {"ids": ["{link_id}"]}),
    "POST /api/conversations/{conversation_id}/hold/hand-over": (
        "person_id",
        {"to": "{person_id}"},
    ),
    "PUT /api/agents/{name}/sharing": ("name", {"when_spent": "{name}"}),
}
"""Bodies in which ids of others may stand."""
FILTERS: Final = {
    "agent": "name",
    "link": "link_id",
    "link_id": "link_id",
    "team": "team_id",
    "view": "view_id",
    "actor_id": "person_id",
}
"""Fields of addresses that choose by an id."""


async def test_a_neighbour_s_ids_in_bodies_and_filters(houses: tuple[House, House]) -> None:
    mine, theirs = houses
    before, nobody, wrong = await state(theirs), never(theirs.ids), []
    talk = f"/api/conversations/{mine.ids['conversation_id']}"
    assert (await mine.api.post(f"{talk}/hold", {})).status in {200, 201}
    for call, (_, body) in FIELDS.items():
        method, path = call.split()[:2]
        path = re.sub(r"\{(\w+)\}", lambda found: mine.ids[found[1]], path)
        told = [
            await mine.api.call(method, path, json.loads(filled(json.dumps(body), ids)))
            for ids in (theirs.ids, nobody)
        ]
        if told[0].status != told[1].status or (
            told[0].status < 400 and told[0].body != told[1].body
        ):
            wrong.append(f"{call}: {[(each.status, each.body[:150]) for each in told]}")
    for route in (each for each in ROUTES if not each.changes and not params(each)):
        for name, kind in FILTERS.items():
            if route.path.endswith("/live"):
                continue
            told = [
                await mine.api.get(f"{route.path}?{name}={ids[kind]}")
                if route.kind == "key"
                else await by_browser(mine, f"{route.path}?{name}={ids[kind]}")
                for ids in (theirs.ids, nobody)
            ]
            if told[0].status != told[1].status or theirs.scene.talk.encode() in told[0].body:
                wrong.append(f"{route} by {name}: {[each.status for each in told]}")
    assert wrong == [], "\n".join(wrong)
    assert await state(theirs) == before


def filled(text: str, ids: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: ids[found[1]], text)


async def by_browser(whose: House, path: str) -> Told:
    url = whose.scene.server.url + path
    headers = {"Cookie": whose.owner.cookie}
    async with whose.scene.http.get(url, headers=headers, allow_redirects=False) as told:
        return Told(told.status, told.headers, await told.read())
