"""Every route times every role: let in or refused exactly as `rights` says, and nothing else.

The routes come from the site's own table, so that a new one is tried as soon as it is there.
"""

import asyncio
import re

import aiohttp
import pytest
from yarl import URL

from parlour.rights import MAY, Permission, Role
from tests.rig.colleague import Colleague, joined, owner_of
from tests.rig.routes import Route, every_route
from tests.rig.server import Server
from tests.rig.storage import SQLITE

OPEN = {
    "GET /",
    "GET /.well-known/parlour/{word}",
    "GET /.well-known/security.txt",
    "GET /docs",
    "GET /favicon.ico",
    "GET /healthz",
    "GET /inks/{name}",
    "GET /letters/{name}",
    "GET /openapi.json",
    "GET /pictures/{name}",
    "GET /readyz",
    "GET /robots.txt",
    "GET /static/{version}/{path}",
    "GET /studio/invite/{token}",
    "GET /studio/mails/{token}",
    "GET /studio/setup",
    "GET /studio/sign-in",
    "GET /studio/sign-in/code",
    "GET /studio/sign-in/provider",
    "GET /studio/sign-in/provider/back",
    "GET /widget/v1.js",
    "POST /studio/invite/{token}",
    "POST /studio/mails/{token}",
    "POST /studio/setup",
    "POST /studio/sign-in",
    "POST /studio/sign-in/code",
}
"""What everybody may call, signed in or not."""

SELF = {"GET /metrics"}
"""What looks at its credentials itself."""

BY_TOKEN = ("/chat/", "/public/chat/", "/api/public/")
"""What may be called by whoever holds a link's token."""

BY_SHARE = "/share/"
"""What may be called by whoever holds a share's token."""

AS_BEFORE = ("/peoples/conversation/share/", "/conversation/share/")
"""What older clients call, where they know it."""

CHANGES_BY_SEEING = {
    "POST /studio/messages/mail",
    "POST /studio/messages/views",
    "POST /studio/messages/views/{view_id}/delete",
    "POST /api/messages/views",
    "DELETE /api/messages/views/{view_id}",
}
"""Calls that change something of one's own, and so ask no more than to see."""

SIGN_IN, SIGN_OUT = "/studio/sign-in", "/studio/sign-out"
STUDIO = [route for route in every_route() if route.kind == "person"]
API = [route for route in every_route() if route.kind == "key"]


def test_what_is_open_is_open_on_purpose() -> None:
    others = [route for route in every_route() if route.kind not in {"person", "key"}]
    assert {str(route) for route in others if route.kind == "open"} == OPEN
    assert {str(route) for route in others if route.kind == "self"} == SELF
    by_link = [route for route in others if route.kind == "link"]
    assert [str(route) for route in by_link if not route.path.startswith(BY_TOKEN)] == []
    by_share = [route for route in others if route.kind == "share"]
    assert [str(route) for route in by_share if not route.path.startswith(BY_SHARE)] == []
    assert {route.kind for route in others} == {"open", "self", "link", "share"}


def test_the_studio_is_for_persons_and_the_interface_for_keys() -> None:
    assert [str(route) for route in STUDIO if not route.path.startswith("/studio")] == []
    ours = ("/api/", *AS_BEFORE)
    assert [str(route) for route in API if not route.path.startswith(ours)] == []


def test_seeing_is_not_enough_to_change_anything() -> None:
    """What needs no permission at all changes one's own account only."""
    wrong, changing = [], (":manage", ":answer", ":share", ":reveal", ":lead", ":forget")
    for route in (*STUDIO, *API):
        permission = route.permission
        if not route.changes or str(route) in CHANGES_BY_SEEING:
            continue
        if permission is None and route.path.startswith(("/studio/me/", "/studio/sign-out")):
            continue
        if permission is None or not permission.value.endswith(changing):
            wrong.append(f"{route}: {route.gate.name}")
    assert wrong == []


def may(role: Role, permission: Permission | None) -> bool:
    return permission is None or permission in MAY[role]


@pytest.mark.only_on(SQLITE)
async def test_every_route_of_the_studio_knows_every_role(
    http: aiohttp.ClientSession, own_server: Server
) -> None:
    owner = await owner_of(http, own_server)
    server = own_server
    server.cli("agent", "create", "helper", "--backend", "function", "--target", "json:dumps")
    people = {
        role: await joined(owner, f"{role.value}@team.example", role.value, role.value.title())
        for role in Role
    }
    wrong: list[str] = []
    # Signing out ends what the others need.
    for route in sorted(STUDIO, key=lambda route: route.path == SIGN_OUT):
        stranger = await ask(Colleague(http, server), route)
        if stranger != (303, SIGN_IN):
            wrong.append(f"{route} for a stranger: {stranger}")
        for role, person in people.items():
            allowed = may(role, route.permission)
            # Whoever may finds nothing there to change; whoever may not is told so all the same.
            status, leads_to = await ask(person, route, name="nothing" if allowed else "helper")
            signed_out = leads_to == SIGN_IN and route.path != SIGN_OUT
            if (status != 403) != allowed or status >= 500 or signed_out:
                wrong.append(f"{route} for {role.value}: {status} {leads_to}")
    assert wrong == []


async def ask(somebody: Colleague, route: Route, **values: str) -> tuple[int, str]:
    """Ask as a browser does, and look at the head of the answer only: it may be a stream."""
    sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in somebody.cookies.items())}
    url = somebody.server.url + route.at(**values)
    form: dict[str, str] | None = {} if route.changes else None
    async with somebody.http.request(
        route.method, url, data=form, headers=sent, allow_redirects=False
    ) as answer:
        return answer.status, answer.headers.get("Location", "").split("?")[0]


@pytest.mark.only_on(SQLITE)
async def test_every_call_of_the_interface_knows_every_role(
    http: aiohttp.ClientSession, own_server: Server
) -> None:
    server = own_server
    server.cli("agent", "create", "helper", "--backend", "function", "--target", "json:dumps")
    keys = {
        role: server.keep_secret(
            server.cli("key", "create", "--name", role.value, "--role", role.value)["key"]
        )
        for role in Role
    }
    wrong: list[str] = []
    for route in API:
        answers = [
            call(http, server, route, key, "nothing" if may(role, route.permission) else "helper")
            for role, key in keys.items()
        ]
        statuses = await asyncio.gather(*answers, call(http, server, route, "", "helper"))
        for role, status in zip(keys, statuses, strict=False):
            if (status != 403) != may(role, route.permission) or status == 401 or status >= 500:
                wrong.append(f"{route} for {role.value}: {status}")
        if statuses[-1] != 401:
            wrong.append(f"{route} without a key: {statuses[-1]}")
    assert wrong == []


async def call(
    http: aiohttp.ClientSession, server: Server, route: Route, key: str, name: str
) -> int:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    body: dict[str, str] | None = {} if route.method in {"POST", "PUT", "PATCH"} else None
    path = server.url + route.at(name=name)
    async with http.request(route.method, path, json=body, headers=headers) as answer:
        return answer.status


async def test_a_nul_in_the_address_breaks_no_call(
    http: aiohttp.ClientSession, own_server: Server
) -> None:
    """INP-07: PostgreSQL knows no NUL, whatever it is asked for by it."""
    owner = await owner_of(http, own_server)
    server = own_server
    server.cli("agent", "create", "helper", "--backend", "function", "--target", "json:dumps")
    made = server.cli("key", "create", "--name", "all", "--role", "owner")
    key = {"Authorization": f"Bearer {server.keep_secret(made['key'])}"}
    cookies = {"Cookie": "; ".join(f"{name}={value}" for name, value in owner.cookies.items())}
    query = "&".join(f"{name}=a%00b" for name in ("q", "after", "agent", "link_id", "who"))
    broken: list[str] = []
    for route in API + [each for each in STUDIO if not each.changes]:
        values = dict.fromkeys(re.findall(r"\{(\w+)\}", route.path), "a%00b")
        for given in (values, values | {"name": "helper"}):
            path = URL(f"{server.url}{route.at(**given)}?{query}", encoded=True)
            body: dict[str, str] | None = {} if route.method in {"POST", "PUT", "PATCH"} else None
            headers = key if route.kind == "key" else cookies
            async with http.request(route.method, path, json=body, headers=headers) as answer:
                if answer.status >= 500:
                    broken.append(f"{answer.status} {route}")
    assert broken == []
