"""A program makes widgets, changes how an agent looks, and shares chat links."""

import asyncio
from typing import Any

import pytest

from parlour.rights import Role
from tests.rig.managing import Api, Office, new_agent

WIDGETS = "/api/agents/helper/widgets"


@pytest.fixture(autouse=True)
async def agent(api: Api) -> None:
    await new_agent(api, display_name="Helper", welcome_message="Hello")


async def first(api: Api) -> Any:
    return (await api.get(WIDGETS)).json[0]


async def test_a_widget_s_whole_life(api: Api) -> None:
    (given,) = (await api.get(WIDGETS)).json
    assert (given["is_first"], given["name"], given["accent"]) == (True, "Chat page", None)
    wish = {"name": "Fair", "title": "Fair desk", "welcome_message": "Hi\nyou", "accent": "#FFFF00"}
    answer = await api.post(WIDGETS, wish)
    assert answer.status == 201
    made = answer.json
    assert {**made, **wish, "accent": "#ffff00"} == made
    # A colour that cannot be read is shown as one that can.
    assert made["contrast"]["nudged"]
    assert min(made["contrast"]["light"], made["contrast"]["dark"]) >= 4.5
    one = f"{WIDGETS}/{made['id']}"
    read = await api.get(one)
    assert read.json == made
    tag = read.headers["ETag"]
    changed = await api.put(one, {"title": None}, If_Match=tag)
    assert (changed.json["title"], changed.json["welcome_message"]) == (None, "Hi\nyou")
    stale = await api.put(one, {"title": "x"}, If_Match=tag)
    assert (stale.status, stale.code) == (412, "changed_meanwhile")
    assert [each["name"] for each in (await api.get("/api/widgets")).json["items"]] == [
        "Chat page",
        "Fair",
    ]
    assert (await api.delete(one)).json == {
        "message": "the widget has been deleted",
        "widget_id": made["id"],
    }
    assert (await api.get(one)).status == 404
    kept = await api.delete(f"{WIDGETS}/{given['id']}")
    assert (kept.status, kept.code) == (409, "first_widget")


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x", "accent": "blue"}, "accent"),
        ({"name": "x", "title": "y" * 81}, "title"),
        ({"name": "x", "welcome_message": "a\0"}, "welcome_message"),
    ],
)
async def test_what_does_not_fit(api: Api, wish: dict[str, str], field: str) -> None:
    refused = await api.post(WIDGETS, wish)
    assert (refused.status, refused.fields) == (422, [field])
    assert len((await api.get(WIDGETS)).json) == 1


async def test_its_permanent_link_is_the_same_each_time(api: Api) -> None:
    """Also for two who click at once."""
    share = f"{WIDGETS}/{(await first(api))['id']}/links"
    answers = await asyncio.gather(*(api.post(share, {}) for _ in range(6)))
    assert sorted(each.status for each in answers) == [200] * 5 + [201]
    assert len({each.json["url"] for each in answers}) == 1
    link = answers[0].json
    assert (link["kind"], link["state_words"], link["who_can_open"]) == (
        "permanent",
        "Live",
        "Anyone",
    )
    short = [(await api.post(share, {"hours": 72})).json for _ in range(2)]
    assert len({link["url"], *(each["url"] for each in short)}) == 3
    assert short[0]["state_words"] == "Ends in 3 days"
    once = [await api.post(share, {"hours": 1}, Idempotency_Key="k") for _ in range(2)]
    assert once[0].json == once[1].json
    # One that was revoked is followed by another.
    await api.delete(f"/api/agents/helper/public-links/{link['id']}")
    again = await api.post(share, {"kind": "permanent"})
    assert again.status == 201
    assert again.json["url"] != link["url"]


@pytest.mark.parametrize(
    "wish", [{"kind": "temporary"}, {"hours": 0}, {"kind": "x"}, {"hours": 1e9}]
)
async def test_a_share_that_does_not_fit(api: Api, wish: dict[str, Any]) -> None:
    share = f"{WIDGETS}/{(await first(api))['id']}/links"
    assert (await api.post(share, wish)).status == 422
    assert (await api.get("/api/agents/helper/public-links")).json == []


async def test_visitors_meet_the_agent_as_the_widget_shows_it(api: Api) -> None:
    widget = await first(api)
    one = f"{WIDGETS}/{widget['id']}"
    link = (await api.post(one + "/links", {})).json
    await api.put(one, {"title": "Fair desk", "welcome_message": "Hi", "accent": "#8a3b26"})
    told = (await api.get(f"/api/public/link/{link['token']}")).json
    assert (told["agent_display_name"], told["welcome_message"]) == ("Fair desk", "Hi")
    page = await api.get(f"/chat/{link['token']}")
    assert b'data-ink="8a3b26"' in page.body
    assert b"<title>Fair desk</title>" in page.body
    sheet = await api.get("/inks/8a3b26.css")
    assert sheet.headers["Content-Type"].startswith("text/css")
    assert b'[data-ink="8a3b26"]{--accent:#8a3b26' in sheet.body
    # Where a widget has none, the agent's own is worn; each version keeps the one it had.
    agent = (await api.put("/api/agents/helper", {"accent": "#3d5a2c"})).json
    assert agent["accent"] == "#3d5a2c"
    await api.post("/api/agents/helper/publish", {})
    plain = (await api.post("/api/agents/helper/public-links", {})).json
    assert b'data-ink="3d5a2c"' in (await api.get(f"/chat/{plain['token']}")).body
    assert b'data-ink="8a3b26"' in (await api.get(f"/chat/{link['token']}")).body
    odd = await api.put("/api/agents/helper", {"accent": "blue"})
    assert (odd.status, odd.json["errors"][0]["field"]) == (422, "accent")
    # Every page of the visitor's wears it, dead ends, too.
    await api.put(f"/api/agents/helper/public-links/{link['id']}", {"enabled": False})
    refusal = await api.get(f"/chat/{link['token']}")
    assert (refusal.status, b'data-ink="8a3b26"' in refusal.body) == (403, True)
    assert b"Fair desk" in refusal.body
    await api.delete(f"/api/agents/helper/public-links/{link['id']}")
    nothing = await api.get(f"/chat/{link['token']}")
    assert (nothing.status, b"data-ink" in nothing.body) == (404, False)


@pytest.mark.parametrize("name", ["x.css", "8a3b26", "8a3b26.css.css", "8a3b2.css", "8A3B26.css"])
async def test_there_are_no_other_inks(api: Api, name: str) -> None:
    assert (await api.get(f"/inks/{name}")).status == 404


async def test_who_may_what(api: Api, office: Office, another_office: Office) -> None:
    widget = await first(api)
    one = f"{WIDGETS}/{widget['id']}"
    reader = await office.api(Role.ANALYST)
    assert (await reader.get(one)).status == 200
    assert (await reader.get("/api/links")).status == 200
    for call in (
        reader.post(WIDGETS, {"name": "x"}),
        reader.put(one, {"name": "x"}),
        reader.delete(one),
        reader.post(one + "/links", {}),
        reader.post("/api/links/switch", {"ids": ["x"], "enabled": True}),
        reader.post("/api/links/revoke", {"ids": ["x"]}),
    ):
        assert (await call).status == 403
    link = (await api.post(one + "/links", {})).json
    stranger = await another_office.api()
    assert (await stranger.get(one)).status == 404
    assert (await stranger.post("/api/links/revoke", {"ids": [link["id"]]})).json == {
        "link_ids": []
    }
    assert (await stranger.get("/api/links")).json["items"] == []
    # A key for one agent sees the links of no other.
    other = await new_agent(api, "other")
    narrow = await office.api(Role.BUILDER, other["id"])
    assert (await narrow.get("/api/links")).json["items"] == []
    assert len((await narrow.get("/api/widgets")).json["items"]) == 1
    ids = {"ids": [link["id"]], "enabled": False}
    assert (await narrow.post("/api/links/switch", ids)).json == {"link_ids": []}
    assert (await api.get("/api/links")).json["items"][0]["enabled"] is True
