"""Programs make private links: all or none, fifty at a time, and whose each is."""

import asyncio
import io
from typing import Any

import pytest
from pypdf import PdfReader

from parlour.rights import Role
from tests.rig.managing import Api, Office, new_agent

LINKS = "/api/agents/helper/private-links"


async def test_made_read_changed_and_deleted(api: Api, office: Office) -> None:
    await new_agent(api)
    users = [{"name": "Priya Nair", "max_uses": 10}, {"name": "Data team"}]
    made = await api.post(LINKS, {"users": users, "welcome_message": "Hello, you."})
    assert made.status == 201, made.body
    priya, team = made.json
    assert (priya["kind"], priya["name"], priya["uses"], priya["max_uses"]) == (
        "private", "Priya Nair", 0, 10
    )  # fmt: skip
    assert (team["max_uses"], team["expires_at"], team["last_used_at"]) == (0, None, None)
    assert priya["who_can_open"] == "Who it was given to"
    assert "whoever they pass it on to" in priya["summary"]
    assert {each["name"] for each in (await api.get(LINKS)).json} == {"Priya Nair", "Data team"}
    one = f"{LINKS}/{priya['id']}"
    tag = (await api.get(one)).headers["ETag"]
    changed = await api.call("PATCH", one, {"max_uses": 3, "name": "Priya"}, If_Match=tag)
    assert (changed.json["max_uses"], changed.json["name"]) == (3, "Priya")
    assert (await api.call("PATCH", one, {"max_uses": 4}, If_Match=tag)).status == 412
    ends = await api.call("PATCH", one, {"expires_at": "2027-01-01T00:00:00Z"})
    assert ends.json["expires_at"] == "2027-01-01T00:00:00.000Z"
    assert (await api.call("PATCH", one, {"expires_at": None})).json["expires_at"] is None
    # Among the public ones they are not, and among all they are.
    public = "/api/agents/helper/public-links"
    assert (await api.get(public)).json == []
    assert (await api.get(f"{public}/{priya['id']}")).status == 404
    kept = (await api.get("/api/links?kind=private")).json["items"]
    assert {each["name"] for each in kept} == {"Priya", "Data team"}
    # To be handed out.
    assert (await api.get(f"{one}/qr.svg")).body.startswith(b"<?xml")
    assert (await api.get(f"{one}/qr.png")).body.startswith(b"\x89PNG")
    table = await api.get(LINKS + "/urls.csv")
    assert priya["url"] in table.body.decode("utf-8-sig")
    sheet = await api.get(LINKS + "/codes.pdf")
    assert "Data team" in PdfReader(io.BytesIO(sheet.body)).pages[0].extract_text()
    # LNK-18: who only sees links is told no address.
    analyst = await office.api(Role.ANALYST)
    shown = (await analyst.get(LINKS)).json
    assert {(each["url"], each["token"]) for each in shown} == {(None, None)}
    for path in (LINKS + "/urls.csv", LINKS + "/codes.pdf", f"{one}/qr.svg"):
        assert (await analyst.get(path)).status == 403
    assert (await analyst.post(LINKS, {"users": users})).status == 403
    gone = await api.delete(one)
    assert gone.json == {"message": "the link has been revoked", "link_id": priya["id"]}
    assert (await api.get(one)).status == 404
    assert (await api.get(f"/api/public/link/{priya['token']}")).json["reason"] == "not_found"


async def test_terms_of_their_own(api: Api) -> None:
    """What the studio and the command line say of a private link, programs say, too."""
    await new_agent(api)
    terms = {
        "emails": ["@team.example"],
        "rate_limit_per_minute": 7,
        "daily_token_limit": 5000,
        "budget_tokens": 9000,
        "budget_period": "day",
        "schedule": {"zone": "Europe/Berlin", "weekly": {"mon": ["09:00-12:00"]}},
        "seats": 2,
        "require_email": False,
    }

    def kept(shown: Any) -> dict[str, Any]:
        hours = shown["schedule"] and {key: shown["schedule"][key] for key in ("zone", "weekly")}
        return {**{key: shown[key] for key in terms}, "schedule": hours}

    made = await api.post(LINKS, {"users": [{"name": "Priya"}, {"name": "Joan"}], **terms})
    assert made.status == 201, made.body
    assert [kept(each) for each in made.json] == [terms, terms]
    one = f"{LINKS}/{made.json[0]['id']}"
    nothing = dict.fromkeys(terms) | {"seats": 0}
    assert kept((await api.call("PATCH", one, nothing)).json) == nothing
    changed = await api.call("PATCH", one, terms)
    assert kept(changed.json) == terms
    assert kept((await api.call("PATCH", one, {"name": "Priya N"})).json) == terms
    for field, wrong in (
        ("seats", -1),
        ("budget_period", "year"),
        ("emails", ["team.example"]),
        ("schedule", {"zone": "Mars/Olympus"}),
        ("rate_limit_per_minute", -1),
    ):
        assert (await api.call("PATCH", one, {field: wrong})).status == 422, field
        refused = await api.post(LINKS, {"users": [{"name": "Ben"}], field: wrong})
        assert refused.status == 422, field
    assert len((await api.get(LINKS)).json) == 2


async def test_made_once_however_often_asked_for(api: Api) -> None:
    """USE-03, API-05"""
    await new_agent(api)
    sent = {"users": [{"name": "Priya"}, {"name": "Joan"}]}
    answers = await asyncio.gather(
        *(api.post(LINKS, sent, Idempotency_Key="make-two") for _ in range(8))
    )
    assert len({answer.body for answer in answers}) == 1
    assert len((await api.get(LINKS)).json) == 2


async def test_fifty_at_a_time_exactly(api: Api) -> None:
    await new_agent(api)
    sent = [{"users": [{"name": f"{at}-{n}"} for n in range(9)]} for at in range(8)]
    answers = await asyncio.gather(*(api.post(LINKS, each) for each in sent))
    assert sorted(answer.status for answer in answers) == [201] * 5 + [409] * 3
    refused = next(answer for answer in answers if answer.status == 409)
    assert refused.code == "too_many_links"
    assert len((await api.get(LINKS)).json) == 45
    made = await api.post(LINKS, {"users": [{"name": str(n)} for n in range(5)]})
    assert made.status == 201
    assert (await api.post(LINKS, {"users": [{"name": "more"}]})).status == 409


@pytest.mark.parametrize(
    "user",
    [
        {"name": "a", "max_uses": -1},
        {"name": "a", "max_uses": 1.5},
        {"name": "a", "max_uses": "1"},
        {"name": "a", "max_uses": None},
        {"name": "a", "max_uses": 2**63},
        {"name": "a", "max_uses": 10**30},
        {"name": "a", "max_uses": True},
        {"name": "", "max_uses": 1},
        {"name": "a\nb"},
        {"name": None},
        {"max_uses": 1},
        {"name": "a", "uses": 1},
        "a",
    ],
)
async def test_what_does_not_fit_makes_nothing(api: Api, user: Any) -> None:
    """USE-08: and nothing of what fits beside it."""
    await new_agent(api)
    refused = await api.post(LINKS, {"users": [{"name": "good"}, user]})
    assert refused.status in {400, 422}, refused.body
    assert (await api.get(LINKS)).json == []


async def test_a_link_stays_when_whoever_made_it_goes(api: Api, office: Office) -> None:
    """LNK-16: it says who made it, and those who are there still may end it."""
    await new_agent(api)
    builder = await office.api(Role.BUILDER)
    made = (await builder.post(LINKS, {"users": [{"name": "Priya"}]})).json[0]
    keys = (await api.get("/api/keys")).json
    (theirs,) = [each for each in keys["items"] if each["role"] == "builder"]
    assert (await api.delete(f"/api/keys/{theirs['id']}")).status == 200
    shown = (await api.get(f"{LINKS}/{made['id']}")).json
    assert (shown["state"], shown["created_by"]) == ("live", made["created_by"])
    assert (await builder.get(LINKS)).status == 401
    assert (await api.delete(f"{LINKS}/{made['id']}")).status == 200
