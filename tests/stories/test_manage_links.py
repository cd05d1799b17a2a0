"""A program makes links, changes them, draws them, and ends them."""

import asyncio
import re

import pytest

from parlour.rights import Role
from tests.rig.managing import Api, Office, new_agent

LINKS = "/api/agents/helper/public-links"


async def new_link(api: Api, **wish: object) -> dict[str, object]:
    made = await api.post(LINKS, wish)
    assert made.status == 201, made.body
    found: dict[str, object] = made.json
    return found


async def opens(api: Api, link: dict[str, object]) -> tuple[bool, str | None]:
    told = (await api.get(f"/api/public/link/{link['token']}")).json
    return told["valid"], told["reason"]


@pytest.fixture(autouse=True)
async def agent(api: Api) -> None:
    await new_agent(api)


async def test_a_link_s_whole_life(api: Api) -> None:
    made = await new_link(api, name="Für Ana 😀", hours=2, welcome_message="Hello\nAna")
    assert made["kind"] == "temporary"
    assert str(made["url"]).endswith(f"/chat/{made['token']}")
    assert (made["enabled"], made["require_email"], made["created_by"]) == (True, None, "owner")
    assert made["usage_stats"] == {
        "total_messages": 0,
        "unique_users": 0,
        "unique_ips": None,
        "last_used_at": None,
    }
    one = f"{LINKS}/{made['id']}"
    assert (await api.get(one)).json == made
    assert await opens(api, made) == (True, None)
    off = await api.put(one, {"enabled": False, "name": None})
    assert (off.json["enabled"], off.json["name"], off.json["welcome_message"]) == (
        False,
        None,
        "Hello\nAna",
    )
    assert await opens(api, made) == (False, "disabled")
    assert (await api.put(one, {"enabled": True})).json["enabled"] is True
    gone = await api.delete(one)
    assert gone.json == {"message": "the link has been revoked", "link_id": made["id"]}
    assert await opens(api, made) == (False, "not_found")
    for again in (api.get(one), api.put(one, {}), api.delete(one), api.get(f"{one}/qr.svg")):
        assert (await again).status == 404


async def test_links_are_listed_newest_first(api: Api) -> None:
    made = []
    for n in range(3):
        made.append(await new_link(api, name=f"{n}"))
        await asyncio.sleep(0.002)
    assert (await api.get(LINKS)).json == made[::-1]


async def test_the_address_goes_only_to_who_may_manage_links(api: Api, office: Office) -> None:
    """LNK-18"""
    made = await new_link(api)
    for role in (Role.ANALYST, Role.OPERATOR, Role.TEAM_LEAD):
        reader = await office.api(role)
        for path in (LINKS, f"{LINKS}/{made['id']}"):
            told = await reader.get(path)
            assert told.status == 200
            assert str(made["token"]).encode() not in told.body
        for path in ("qr.svg", "qr.png"):
            assert (await reader.get(f"{LINKS}/{made['id']}/{path}")).status == 403
    builder = await office.api(Role.BUILDER)
    assert (await builder.get(f"{LINKS}/{made['id']}")).json["url"] == made["url"]


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host", "Forwarded"])
async def test_addresses_are_ours_whatever_a_request_claims(api: Api, header: str) -> None:
    """LNK-13"""
    value = "host=evil.test" if header == "Forwarded" else "evil.test"
    made = await api.call("POST", LINKS, {}, **{header: value})
    assert made.status == 201
    assert made.json["url"].startswith(api.url)


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"kind": "private"}, "kind"),
        ({"kind": "Permanent"}, "kind"),
        ({"kind": "permanent", "hours": 1}, "hours"),
        ({"kind": "temporary"}, "hours"),
        ({"hours": 0}, "hours"),
        ({"hours": -1}, "hours"),
        ({"hours": 1e308}, "hours"),
        ({"hours": 9000}, "hours"),
        ({"expires_at": "tomorrow"}, "expires_at"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "1970-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "9999-12-31T23:59:59Z"}, "expires_at"),
        ({"expires_at": "9999-12-31T23:59:59-14:00"}, "expires_at"),
        ({"expires_at": "2027-01-01T00:00:00"}, "expires_at"),
        ({"expires_at": "2027-01-01"}, "expires_at"),
        ({"expires_at": "2027-02-30T00:00:00Z"}, "expires_at"),
        ({"name": ""}, "name"),
        ({"name": 'x\n{"actor":"admin"}'}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"welcome_message": "x" * 1001}, "welcome_message"),
    ],
)
async def test_links_that_do_not_fit(api: Api, wish: dict[str, object], field: str) -> None:
    """EXP-05, API-12"""
    told = await api.post(LINKS, wish)
    assert (told.status, told.fields) == (422, [field]), told.body
    assert (await api.get(LINKS)).json == []


@pytest.mark.parametrize(
    "body",
    [
        {"require_email": "yes"},
        {"rate_limit_per_minute": "5"},
        {"daily_token_limit": "5"},
        {"budget_period": 5},
        {"uses": 0},
        {"token": "x"},
        {"enabled": "yes"},
        {"hours": True},
        {"name": 5},
        [],
        None,
        "x",
    ],
)
async def test_bodies_of_another_form_are_refused(api: Api, body: object) -> None:
    """ISO-06: what does not work yet is refused, not silently ignored."""
    told = await api.call("POST", LINKS, str(body).encode() if body is None else body)
    assert 400 <= told.status < 500
    assert told.code
    assert (await api.get(LINKS)).json == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"5",
        b'\xef\xbb\xbf{"name":"x"}',
        '{"name":"x"}'.encode("utf-16"),
        b'{"name":"\xff"}',
        b'{"name":"\\ud800"}',
        b'{"name":"\\u0000"}',
        b'{"hours":NaN}',
        b'{"hours":Infinity}',
        b'{"hours":1e400}',
        b'{"name":"a","name":"b"}',
        b'{"name":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b"{" + b",".join(b'"k%d":1' % n for n in range(50_000)) + b"}",
        b'{"name":"' + b"x" * 2_000_000 + b'"}',
    ],
    ids=lambda body: repr(body[:24]),
)
async def test_hostile_bodies(api: Api, body: bytes) -> None:
    """INP-02"""
    told = await api.call("POST", LINKS, body)
    assert 400 <= told.status < 500, told.body
    if not body:
        assert told.json["errors"] == [{"field": "", "message": "a body is needed"}]
    assert told.code
    assert (await api.get(LINKS)).json == []


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "x"])
async def test_other_kinds_of_content(api: Api, kind: str) -> None:
    """INP-02: a plain form of another site cannot send JSON."""
    told = await api.call("POST", LINKS, b"{}", Content_Type=kind)
    assert told.status == 415


@pytest.mark.parametrize(
    ("given", "echoed"),
    [
        ("2027-03-28T02:30:00+01:00", "2027-03-28T01:30:00.000Z"),
        ("2027-01-01T00:00:00+14:00", "2026-12-31T10:00:00.000Z"),
        ("2027-01-01t00:00:00z", "2027-01-01T00:00:00.000Z"),
        ("2027-01-01T00:00:00.999Z", "2027-01-01T00:00:00.000Z"),
    ],
)
async def test_times_are_echoed_in_utc(api: Api, given: str, echoed: str) -> None:
    """EXP-05"""
    assert (await new_link(api, expires_at=given))["expires_at"] == echoed


async def test_a_link_is_shortened_and_never_prolonged(api: Api) -> None:
    made = await new_link(api, expires_at="2027-03-01T00:00:00Z")
    one = f"{LINKS}/{made['id']}"
    short = await api.put(one, {"expires_at": "2027-02-01T00:00:00Z"})
    assert short.json["expires_at"] == "2027-02-01T00:00:00.000Z"
    assert short.json["token"] == made["token"]
    assert (await api.put(one, {"expires_at": None})).json["expires_at"] == made["expires_at"]
    assert (await api.put(one, {"expires_at": "2027-03-02T00:00:00Z"})).fields == ["expires_at"]
    await api.put(one, {"expires_at": "2020-01-01T00:00:00Z"})
    assert await opens(api, made) == (False, "expired")


async def test_a_permanent_link_is_not_given_an_end(api: Api) -> None:
    made = await new_link(api)
    one = f"{LINKS}/{made['id']}"
    told = await api.put(one, {"expires_at": "2027-03-01T00:00:00Z"})
    assert (told.status, told.fields) == (422, ["expires_at"])
    assert (await api.put(one, {"expires_at": None})).json["expires_at"] is None


async def test_lost_updates_are_told(api: Api) -> None:
    """API-06"""
    made = await new_link(api)
    one = f"{LINKS}/{made['id']}"
    tag = (await api.get(one)).headers["ETag"]
    assert (await api.put(one, {"name": "a"}, If_Match=tag)).status == 200
    assert (await api.put(one, {"name": "b"}, If_Match=tag)).status == 412
    assert (await api.delete(one, If_Match=tag)).status == 412
    newest = await api.get(one)
    assert newest.json["name"] == "a"
    assert (await api.delete(one, If_Match=newest.headers["ETag"])).status == 200


async def test_made_once(api: Api) -> None:
    """API-05: the same answer, to the byte, for one link."""
    outcomes = await asyncio.gather(
        *(api.post(LINKS, {"name": "x"}, Idempotency_Key="k") for _ in range(5))
    )
    assert {each.status for each in outcomes} == {201}
    assert len({each.body for each in outcomes}) == 1
    assert sum("Idempotency-Replayed" in each.headers for each in outcomes) == 4
    assert len((await api.get(LINKS)).json) == 1


async def test_qr_codes_hold_the_address(api: Api) -> None:
    """LNK-14"""
    made = await new_link(api)
    one = f"{LINKS}/{made['id']}"
    drawn = await api.get(f"{one}/qr.svg")
    assert drawn.headers["Content-Type"].startswith("image/svg+xml")
    assert drawn.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in drawn.headers["Content-Security-Policy"]
    assert drawn.headers["Cache-Control"] == "no-store"
    assert b"<script" not in drawn.body
    assert str(made["token"]).encode() not in drawn.body
    small, large = await api.get(f"{one}/qr.png?scale=1"), await api.get(f"{one}/qr.png?scale=32")
    assert small.body[:8] == large.body[:8] == b"\x89PNG\r\n\x1a\n"
    width = int.from_bytes(small.body[16:20], "big")
    assert int.from_bytes(large.body[16:20], "big") == 32 * width


@pytest.mark.parametrize("scale", ["1e9", "-1", "0", "33", "x", "", "1.5", "9" * 400, "٣"])
async def test_qr_codes_stay_small(api: Api, scale: str) -> None:
    """LNK-14"""
    made = await new_link(api)
    told = await api.get(f"{LINKS}/{made['id']}/qr.png?scale={scale}")
    assert (told.status, told.fields) == (400, ["scale"])


async def test_links_of_other_agents_are_not_found(api: Api) -> None:
    made = await new_link(api)
    await new_agent(api, "other")
    for path in ("", "/qr.svg", "/qr.png"):
        told = await api.get(f"/api/agents/other/public-links/{made['id']}{path}")
        assert told.status == 404


@pytest.mark.parametrize("link_id", ["lnk_x", "%00", "..%2f..", "' OR 1=1 --", "*", "lnk_%25%25"])
async def test_odd_ids(api: Api, link_id: str) -> None:
    """INP-07"""
    await new_link(api)
    assert (await api.get(f"{LINKS}/{link_id}")).status == 404


async def test_the_link_of_a_deleted_agent_stays_dead(api: Api) -> None:
    """LNK-15"""
    made = await new_link(api)
    await api.delete("/api/agents/helper")
    assert await opens(api, made) == (False, "not_found")
    await new_agent(api)
    assert await opens(api, made) == (False, "not_found")
    assert (await api.get(LINKS)).json == []


async def test_tokens_have_nothing_in_common(api: Api) -> None:
    """LNK-01"""
    tokens = [str((await new_link(api))["token"]) for _ in range(30)]
    ids = [str(each["id"]) for each in (await api.get(LINKS)).json]
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{40}", token) for token in tokens)
    assert len({token[3:14] for token in tokens}) == len({token[-21:] for token in tokens}) == 30
    assert len({each[:7] for each in ids}) == 30


@pytest.mark.parametrize(
    ("field", "value"),
    [("hours", "24"), ("hours", True), ("enabled", "true"), ("enabled", 1), ("name", 1)],
)
async def test_nothing_is_taken_for_what_it_is_not(api: Api, field: str, value: object) -> None:
    """INP-02, USE-08, EXP-05: a text is no number, a number no yes."""
    refused = await api.post(LINKS, {field: value})
    assert (refused.status, refused.json["errors"][0]["field"]) == (422, field)
