"""A program looks over the links of all agents, and switches and ends several at once."""

from typing import Any

import pytest

from tests.rig.managing import Api, new_agent


@pytest.fixture(autouse=True)
async def links(api: Api) -> dict[str, Any]:
    """Links of two agents by name."""
    await new_agent(api)
    await new_agent(api, "shop", display_name="Corner shop", publish=False)
    made = {}
    for agent, wish in (
        ("helper", {"name": "Poster"}),
        ("helper", {"name": "Fair", "hours": 2}),
        ("helper", {"name": "Old", "enabled": False}),
        ("shop", {"name": "Window"}),
    ):
        answer = await api.post(f"/api/agents/{agent}/public-links", wish)
        made[str(wish["name"])] = answer.json
    return made


async def names(api: Api, **asked: str) -> list[str]:
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    told = await api.get(f"/api/links?{query}")
    assert told.status == 200, told.body
    return [each["name"] for each in told.json["items"]]


async def test_they_are_found(api: Api, links: dict[str, Any]) -> None:
    assert await names(api) == ["Window", "Old", "Fair", "Poster"]
    assert await names(api, agent="helper", state="live") == ["Fair", "Poster"]
    assert await names(api, view="soon") == ["Fair"]
    assert await names(api, view="forever", state="off") == ["Old"]
    assert await names(api, state="asleep") == ["Window"]
    assert await names(api, kind="temporary") == ["Fair"]
    assert await names(api, q="pos") == ["Poster"]
    assert await names(api, q="corner") == ["Window"]
    assert await names(api, q=links["Fair"]["url"]) == ["Fair"]
    assert await names(api, q=links["Fair"]["token"]) == ["Fair"]
    words = [each["state_words"] for each in (await api.get("/api/links")).json["items"]]
    assert words == ["Not published", "Switched off", "Ends in 2 h", "Live"]


async def test_page_by_page(api: Api) -> None:
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await api.get(f"/api/links?limit=1{cursor and '&after=' + cursor}")).json
        found += [each["name"] for each in page["items"]]
        cursor = page["next_cursor"]
    assert found == ["Window", "Old", "Fair", "Poster"]


@pytest.mark.parametrize(
    "query", ["view=x", "state=x", "kind=x", "after=eA", "after=%F0", "limit=0"]
)
async def test_questions_that_do_not_fit(api: Api, query: str) -> None:
    assert (await api.get(f"/api/links?{query}")).status in {400, 422}


async def test_several_at_once(api: Api, links: dict[str, Any]) -> None:
    ids = [links[name]["id"] for name in ("Poster", "Fair", "Old")]
    off = await api.post("/api/links/switch", {"ids": ids, "enabled": False})
    assert set(off.json["link_ids"]) == set(ids[:2])
    told = (await api.get(f"/api/public/link/{links['Fair']['token']}")).json
    assert told["reason"] == "disabled"
    gone = await api.post("/api/links/revoke", {"ids": [*ids, "lnk_AAAAAAAAAAA"]})
    assert set(gone.json["link_ids"]) == set(ids)
    assert await names(api) == ["Window"]
    for ids in ([], ["x"] * 501):
        assert (await api.post("/api/links/revoke", {"ids": ids})).fields == ["ids"]


async def test_a_summary_and_who_changed_it(api: Api, links: dict[str, Any]) -> None:
    one = f"/api/agents/helper/public-links/{links['Poster']['id']}"
    assert (links["Poster"]["updated_by"], links["Poster"]["uses"]) == (None, 0)
    changed = (await api.put(one, {"welcome_message": "Hi"})).json
    assert changed["updated_by"] == "owner"
    assert changed["summary"] == (
        "Anyone with the link can chat for as long as it is switched on. "
        "It greets them in its own words."
    )
