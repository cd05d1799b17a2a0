"""A visitor whom the page around, or a mail, names: out of the address, and in without a code."""

import re
import time
from html import unescape
from typing import Any

from joserfc import jwt
from joserfc.jwk import OctKey

from tests.rig.managing import Api
from tests.rig.visiting import Visit
from tests.stories.test_public_verify import asks


def signed(secret: str, link_id: str, **more: Any) -> str:
    claims = {"sub": "u1", "aud": link_id, "exp": int(time.time()) + 600, **more}
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(secret))


async def test_a_visitor_who_is_named(visit: Visit) -> None:
    shell, name = visit.server.shell, visit.agent.name
    made = shell.done("identity", "create", name, "--name", "shop")
    secret = visit.server.keep_secret(made["secret"])
    assert shell.done("identity", "list", name)[0]["secret"] is None
    await asks(visit)
    word = visit.server.keep_secret(signed(secret, visit.link.id, name="Ana"))
    vera = visit.visitor()
    page = await vera.ask("GET", f"/chat/{vera.token}?id={word}&q=Hello")
    assert vera.cookies == {}, "looking changes nothing"
    fields = {
        name: unescape(value)
        for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text)
    }
    assert fields == {"id": word, "q": "Hello"}
    page = await vera.ask("POST", f"/chat/{vera.token}/identify", data=fields)
    assert (page.status, page.headers["Location"]) == (303, f"/chat/{vera.token}?q=Hello")
    assert (await vera.say("Hello?")).status == 202
    said = await vera.settled()
    # A program: by a header, by a field, by a call of its own.
    for way in ({"headers": {"X-Parlour-Identity": word}}, {"identity": word}):
        program = visit.visitor()
        headers = way.pop("headers", {})
        body = {"message": "And?", "async_mode": True, **way}
        assert (await program.call("chat", json=body, headers=headers)).status == 202
        said = await program.settled()
    program = visit.visitor()
    told = await program.ask(
        "POST", "/api/public/identify", json={"token": program.token, "id": word}
    )
    assert told.json["identified"] is True
    assert await program.history() == said
    stranger = visit.visitor()
    forged = {"token": stranger.token, "id": signed("not the secret at all", visit.link.id)}
    told = await stranger.ask("POST", "/api/public/identify", json=forged)
    assert told.json == {"identified": False}
    assert (await stranger.say("Hello?")).code == "verification_required"
    page = await stranger.ask("POST", f"/chat/{stranger.token}/identify", data={"id": "x"})
    assert (page.status, stranger.cookies) == (303, {})
    shell.done("identity", "revoke", name, made["id"])


async def test_keys_over_http(api: Api) -> None:
    from tests.rig.managing import new_agent

    await new_agent(api)
    made = await api.post("/api/agents/helper/identity-keys", {"name": "shop"})
    assert (made.status, made.json["algorithm"]) == (201, "HS256")
    listed = (await api.get("/api/agents/helper/identity-keys")).json
    assert [(each["id"], each["secret"]) for each in listed] == [(made.json["id"], None)]
    bad = await api.post("/api/agents/helper/identity-keys", {"name": "x", "public_key": "y"})
    assert (bad.status, bad.fields) == (422, ["public_key"])
    path = f"/api/agents/helper/identity-keys/{made.json['id']}"
    assert (await api.delete(path)).status == 200
    assert (await api.delete(path)).status == 404
