"""Programs that manage people: invite, change, shut out; and what each role is refused (API-07)."""

import asyncio
from collections import Counter

import pytest

from parlour.rights import Role
from tests.rig.colleague import PASSWORD, Colleague
from tests.rig.managing import Api, Office
from tests.rig.server import Server


async def _join(api: Api, house: Server, email: str, role: str) -> Colleague:
    made = await api.post("/api/people", {"email": email, "role": role})
    assert made.status == 201, made.body
    path = made.json["url"].removeprefix(house.url)
    house.keep_secret(path.rpartition("/")[2])
    colleague = Colleague(api.http, house)
    page = await colleague.post(path, {"name": email.partition("@")[0], "password": PASSWORD})
    assert page.status == 303, page.words
    return colleague


async def test_a_person_s_whole_life(api: Api, house: Server, office: Office) -> None:
    email = f"ana.{office.who.workspace_id[-6:].lower()}@team.example"
    ana = await _join(api, house, email, "operator")
    listed = (await api.get("/api/people")).json["items"]
    assert [(each["email"], each["role"]) for each in listed] == [(email, "operator")]
    assert listed[0]["last_seen_at"] is not None
    assert "password" not in listed[0]
    path = f"/api/people/{listed[0]['id']}"
    read = await api.get(path)
    stale = {"If_Match": '"0"'}
    assert (await api.put(path, {"role": "builder"}, **stale)).code == "changed_meanwhile"
    fresh = {"If_Match": read.headers["ETag"]}
    changed = (await api.put(path, {"role": "builder"}, **fresh)).json
    assert (changed["role"], changed["view_personal"]) == ("builder", False)
    changed = (await api.put(path, {"view_personal": True})).json
    assert (changed["role"], changed["view_personal"]) == ("builder", True)
    assert (await ana.get("/studio")).status == 200
    assert (await api.delete(f"{path}/sessions")).status == 200
    assert (await ana.get("/studio")).status == 303
    assert (await api.delete(path)).json["disabled_at"] is not None
    assert (await ana.sign_in(email)).status == 422
    assert (await api.post(f"{path}/enable")).json["disabled_at"] is None
    assert (await ana.sign_in(email)).status == 303


async def test_invitations_are_listed_without_their_address(api: Api, office: Office) -> None:
    email = f"ben.{office.who.workspace_id[-6:].lower()}@team.example"
    wish = {"email": email, "role": "analyst", "view_personal": True}
    made = (await api.post("/api/people", wish)).json
    office.secrets.append(made["url"].rpartition("/")[2])
    listed = await api.get("/api/invitations")
    assert [each["id"] for each in listed.json] == [made["id"]]
    assert made["url"].rpartition("/")[2].encode() not in listed.body
    assert (await api.delete(f"/api/invitations/{made['id']}")).status == 200
    assert (await api.delete(f"/api/invitations/{made['id']}")).code == "not_found"
    assert (await api.get("/api/invitations")).json == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": "ana", "role": "owner"}, "email"),
        ({"email": "a b@x.example", "role": "owner"}, "email"),
        ({"email": "a@x.example\nBcc: b@x.example", "role": "owner"}, "email"),
        ({"email": "a" * 250 + "@x.example", "role": "owner"}, "email"),
        ({"email": "ana@x.example", "role": "king"}, "role"),
    ],
)
async def test_who_cannot_be_invited(api: Api, body: dict[str, str], field: str) -> None:
    told = await api.post("/api/people", body)
    assert (told.status, told.code, told.fields) == (422, "invalid", [field])


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OWNER])
async def test_only_owners_manage_people(api: Api, office: Office, role: Role) -> None:
    """API-07: with any other role nothing of it is even seen."""
    program = await office.api(role)
    for method, path, body in (
        ("GET", "/api/people", None),
        ("GET", "/api/invitations", None),
        ("POST", "/api/people", {"email": "sam@x.example", "role": "owner"}),
        ("PUT", "/api/people/per_x", {"role": "owner"}),
        ("DELETE", "/api/people/per_x", None),
        ("POST", "/api/people/per_x/enable", None),
        ("DELETE", "/api/people/per_x/sessions", None),
        ("DELETE", "/api/invitations/inv_x", None),
    ):
        told = await program.call(method, path, body)
        assert (told.status, told.code) == (403, "not_allowed"), f"{method} {path}"
    assert (await api.get("/api/invitations")).json == []


async def test_people_of_another_workspace_are_not_there(
    api: Api, house: Server, office: Office, another_office: Office
) -> None:
    email = f"cas.{office.who.workspace_id[-6:].lower()}@team.example"
    await _join(api, house, email, "builder")
    person = (await api.get("/api/people")).json["items"][0]["id"]
    other = await another_office.api()
    assert (await other.get("/api/people")).json["items"] == []
    for method, path in (
        ("GET", f"/api/people/{person}"),
        ("DELETE", f"/api/people/{person}"),
        ("DELETE", f"/api/people/{person}/sessions"),
        ("POST", f"/api/people/{person}/enable"),
    ):
        assert (await other.call(method, path)).code == "not_found"
    assert (await other.put(f"/api/people/{person}", {"role": "owner"})).code == "not_found"
    taken = await other.post("/api/people", {"email": email, "role": "owner"})
    assert (taken.status, taken.code) == (409, "email_taken")


async def test_a_session_of_the_studio_is_no_key_and_a_key_no_session(
    api: Api, house: Server, office: Office
) -> None:
    email = f"dan.{office.who.workspace_id[-6:].lower()}@team.example"
    dan = await _join(api, house, email, "owner")
    (session,) = dan.cookies.values()
    assert (await office.stranger(session).get("/api/people")).status == 401
    assert (await office.stranger().get("/api/people", Cookie=f"x={session}")).status == 401
    assert (
        await Colleague(api.http, house, {"parlour-studio": api.key}).get("/studio")
    ).status == 303


async def test_an_invitation_is_made_once_for_one_idempotency_key(api: Api, office: Office) -> None:
    email = f"eve.{office.who.workspace_id[-6:].lower()}@team.example"
    wish = {"email": email, "role": "builder"}
    told = await asyncio.gather(
        *(api.post("/api/people", wish, Idempotency_Key="one") for _ in range(5))
    )
    assert Counter(each.status for each in told) == {201: 5}
    assert len({each.json["url"] for each in told}) == 1
    office.secrets.append(told[0].json["url"].rpartition("/")[2])
