"""Webhooks over HTTP: programs and owners make them, try them, and see what was delivered."""

import re
from typing import Any

import aiohttp
import pytest

from parlour.rights import Role
from tests.rig.colleague import Colleague, owner_of
from tests.rig.managing import Api, Office, new_agent
from tests.rig.receiver import receiving
from tests.rig.server import Server
from tests.rig.storage import SQLITE
from tests.rig.waiting import eventually

PATH = "/api/webhooks"
LIST = "/studio/webhooks"


async def test_a_program_makes_one_and_reads_what_was_delivered(office: Office) -> None:
    """WHK-01, WHK-02, API-10: the secret once, If-Match, Idempotency-Key, the log, a replay."""
    api = await office.api()
    builder = await office.api(Role.BUILDER)
    assert (await builder.get(PATH)).status == 403
    async with receiving() as receiver:
        wish = {"name": "CRM", "url": receiver.url, "events": ["agent.created"]}
        made = await api.post(PATH, wish, Idempotency_Key="the-one-and-only")
        again = await api.post(PATH, wish, Idempotency_Key="the-one-and-only")
        assert (made.status, made.json) == (201, again.json)
        receiver.secret, one = made.json["secret"], f"{PATH}/{made.json['id']}"
        assert re.fullmatch(r"whsec_[0-9A-Za-z+/]{43}=", receiver.secret)
        office.secrets.append(receiver.secret)
        read = await api.get(one)
        assert (read.json["secret"], read.json["enabled"]) == (None, True)
        await new_agent(api, "told")
        await eventually(lambda: receiver.took)
        (told,) = receiver.took
        assert (told["type"], told["data"]["agent"]["name"]) == ("agent.created", "told")
        assert told["data"]["actor"]["kind"] == "key"
        log = await eventually(lambda: _log(api, one, "delivered"))
        assert (log[0]["id"], log[0]["status"]) == (receiver.ids[0], 204)
        replay = await api.post(f"{one}/deliveries/{log[0]['id']}/replay")
        assert replay.json == {"deliveries": 1}
        await eventually(lambda: len(receiver.ids) == 2)
        assert receiver.ids[0] == receiver.ids[1]
        assert (await api.post(f"{one}/test")).json["works"]
        changed = await api.put(one, {"name": "Other"}, If_Match=read.headers["ETag"])
        assert (changed.json["name"], changed.json["events"]) == ("Other", ["agent.created"])
        stale = await api.put(one, {"name": "Third"}, If_Match=read.headers["ETag"])
        assert stale.status == 412
        rotated = (await api.post(f"{one}/secret")).json
        office.secrets.append(rotated["secret"])
        assert rotated["old_secret_until"]
    assert (await api.put(one, {"url": "http://169.254.169.254/"})).fields == ["url"]
    assert (await api.put(one, {"events": ["nothing.here"]})).fields == ["events"]
    assert (await api.get(f"{one}/deliveries?state=odd")).status == 422
    assert not (await api.post(f"{one}/test")).json["works"]
    assert (await api.post(f"{one}/replay")).json == {"deliveries": 0}
    assert (await api.post(f"{one}/drop")).json == {"deliveries": 0}
    assert (await builder.post(f"{one}/drop")).status == 403
    gone = await api.post(f"{one}/deliveries/{log[0]['id']}/drop")
    assert (gone.status, gone.json["code"]) == (409, "not_waiting")
    assert (await api.delete(one)).json["webhook_id"] == made.json["id"]
    assert (await api.get(one)).status == 404


async def _log(api: Api, one: str, state: str) -> list[dict[str, Any]]:
    found = await api.get(f"{one}/deliveries?state={state}")
    return list(found.json["items"])


@pytest.mark.only_on(SQLITE)
async def test_an_owner_makes_one_in_the_studio(
    own_server: Server, http: aiohttp.ClientSession
) -> None:
    """Forms keep what was typed; what failed is at Home; the history tells of it."""
    olga = await owner_of(http, own_server)
    page = await olga.get(LIST)
    assert "No webhook yet" in page.words
    assert 'value="message.created" checked' in page.text
    refused = await olga.post(
        LIST, {"name": "CRM", "url": "ftp://nowhere", "event": "link.revoked"}
    )
    assert refused.status == 422
    assert 'value="ftp://nowhere"' in refused.text
    assert 'value="link.revoked" checked' in refused.text
    assert 'value="message.created" checked' not in refused.text
    async with receiving() as receiver:
        form = {"name": "CRM", "url": receiver.url, "event": "team.created"}
        made = await olga.post(LIST, form)
        found = re.search(r"whsec_[0-9A-Za-z+/]{43}=", made.text)
        assert found is not None
        receiver.secret = own_server.keep_secret(found[0])
        one = re.search(rf"{LIST}/whk_\w+", made.text)[0]  # type: ignore[index]
        assert receiver.secret not in (await olga.get(one)).text
        assert "It works: the program answered 204." in (await olga.post(f"{one}/test")).words
        await olga.post("/studio/teams", {"name": "Support"})
        await eventually(lambda: len(receiver.took) == 2)

        async def delivered() -> bool:
            return "Send again team.created" in (await olga.get(one)).words

        await eventually(delivered)
        id_ = re.search(r'name="delivery" value="(\w+)"', (await olga.get(one)).text)
        sent = await olga.post(f"{one}/replay", {"delivery": id_[1] if id_ else ""})
        assert "One event goes out again." in (await olga.get(sent.leads_to)).words
        await eventually(lambda: len(receiver.ids) == 3)
    await _fails_and_is_dropped(olga, one, own_server)
    seen = re.search(r'name="seen" value="(\d+)"', (await olga.get(one)).text)
    kept = {"name": "Reports", "url": receiver.url, "event": "team.deleted"}
    assert (await olga.post(one, {**kept, "seen": "1"})).status == 412
    saved = await olga.post(one, {**kept, "seen": seen[1] if seen else ""})
    assert saved.leads_to == f"{one}?said=saved"
    assert "whsec_" in (await olga.post(f"{one}/secret")).text
    assert (await olga.post(f"{one}/switch", {"on": "0"})).leads_to == f"{one}?said=webhook-off"
    assert (await olga.post(f"{one}/switch", {"on": "1"})).leads_to == f"{one}?said=webhook-on"
    assert (await olga.post(f"{one}/delete")).leads_to == f"{LIST}?said=webhook-deleted"
    history = (await olga.get("/studio/history")).words
    for said in ("made the webhook CRM", "gave a new secret to the webhook Reports",
                 "dropped what waited for the webhook CRM"):  # fmt: skip
        assert said in history


async def _fails_and_is_dropped(olga: Colleague, one: str, server: Server) -> None:
    """Nobody is at the address any more; what waits is not to be told after all."""
    await olga.post("/studio/teams", {"name": "Sales"})

    async def failing() -> bool:
        return "A webhook is failing" in (await olga.get("/studio")).words

    await eventually(failing)
    page = await olga.get(one)
    assert "It takes nothing since" in page.words
    assert "Drop what waits… One event is not told to it then." in page.words
    assert "Nothing is lost; it is tried again" in page.words
    dropped = await olga.post(f"{one}/drop")
    assert "Nothing waits for it" in (await olga.get(one)).words
    assert "One event was dropped." in (await olga.get(dropped.leads_to)).words
    assert "dropped by hand" in (await olga.get(f"{one}?show=dropped")).words
    assert server.cli("webhook", "drop", "CRM", "--yes") == {"deliveries": 0}
