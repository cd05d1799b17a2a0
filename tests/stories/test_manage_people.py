"""Programs that manage people: invite, change, shut out; and what each role is refused (API-07)."""

import asyncio
from collections import Counter

import pytest

from parlour import workspaces
from parlour.rights import Role
from parlour.staff import mails
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
    for wish in ({"role": "team_lead", "view_personal": False}, {"analytics": True}):
        changed = (await api.put(path, wish)).json
        assert changed["sees_personal"] is changed["analytics"] is ("analytics" in wish)
    assert (await api.put(path, {"role": "operator"})).json["sees_personal"] is False
    assert (await ana.get("/studio")).status == 200
    assert (await api.delete(f"{path}/sessions")).status == 200
    assert (await ana.get("/studio")).status == 303
    assert (await api.delete(path)).json["disabled_at"] is not None
    assert (await ana.sign_in(email)).status == 422
    assert (await api.post(f"{path}/enable")).json["disabled_at"] is None
    assert (await ana.sign_in(email)).status == 303


async def test_invitations_are_listed_without_their_address(api: Api, office: Office) -> None:
    email = f"ben.{office.who.workspace_id[-6:].lower()}@team.example"
    wish = {"email": email, "role": "analyst", "view_personal": True, "analytics": True}
    made = (await api.post("/api/people", wish)).json
    office.secrets.append(made["url"].rpartition("/")[2])
    listed = await api.get("/api/invitations")
    assert [each["id"] for each in listed.json] == [made["id"]]
    assert listed.json[0]["analytics"] is True
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


async def test_which_mails_come_to_somebody(api: Api, house: Server, office: Office) -> None:
    """The API, the command line, the studio and the mail itself (RFC 8058) change it alike."""
    address = f"olga.{office.who.workspace_id[-6:].lower()}@team.example"
    olga = await _join(api, house, address, "owner")
    (person,) = (await api.get("/api/people")).json["items"]
    path = f"/api/people/{person['id']}/mails"
    usual = {"digest": "weekly", "weekday": "monday", "hour": 8,
             "alerts": ["budget", "failing", "ending", "webhook", "jobs"]}  # fmt: skip
    assert (await api.get(path)).json == usual
    put = await api.put(path, {"digest": "daily", "hour": 6, "alerts": ["jobs", "failing"]})
    assert put.json == {**usual, "digest": "daily", "hour": 6, "alerts": ["failing", "jobs"]}
    for wrong, field in (({"digest": "hourly"}, "digest"), ({"hour": 24}, "hour"),
                         ({"weekday": "x"}, "weekday"), ({"alerts": ["x"]}, "alerts")):  # fmt: skip
        assert (await api.put(path, wrong)).fields == [field]
    assert (await api.get("/api/people/per_x/mails")).status == 404
    builder = await office.api(Role.BUILDER)
    assert ((await builder.get(path)).status, (await builder.put(path, {})).status) == (403, 403)
    # In the studio, one's own.
    form = {"digest": "weekly", "weekday": "4", "hour": "7", "alert-ending": "1"}
    assert (await olga.post("/studio/me/mails", form)).leads_to == "/studio/me?said=mails"
    kept = {"digest": "weekly", "weekday": "friday", "hour": 7, "alerts": ["ending"]}
    assert (await api.get(path)).json == kept
    assert (await olga.post("/studio/me/mails", {**form, "hour": "99"})).status == 422
    assert "changed which mails they get" in (await olga.get("/studio/history")).words
    tools = office.keeper.tools
    slugs = {each.id: each.slug for each in await tools.db.read(workspaces.every)}
    of = ("staff", "mails", address, "--workspace", slugs[office.who.workspace_id])
    assert house.cli(*of) == kept
    assert house.cli(*of, "--alert", "none", "--alert", "budget")["alerts"] == ["budget"]
    # By the mail: whoever only looks, as programs do, changes nothing; one click does.
    out = mails.way_out(tools, person["id"], "digest")
    stranger = Colleague(api.http, house)
    seen = await stranger.get(out)
    assert (seen.status, "mails about how it went" in seen.words) == (200, True)
    assert (await api.get(path)).json["digest"] == "weekly"
    for _ in range(2):
        async with api.http.post(
            house.url + out, data={"List-Unsubscribe": "One-Click"}, allow_redirects=False
        ) as click:
            assert click.status == 200
    assert (await api.get(path)).json["digest"] == "off"
    assert (await stranger.get(out[:-1] + "_")).status == 404
    assert (await stranger.post(out[:-1] + "_")).status == 404
