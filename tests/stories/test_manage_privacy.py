"""What is personal, for programs: patterns, and what is hidden told for a reason, for a while."""

from parlour.rights import Role
from tests.rig.details import tells_number
from tests.rig.managing import Office
from tests.rig.visiting import Visit
from tests.stories.test_manage_conversations import PATH, api_of, talked

WHY = "Calls back about the delivery to vera@visitors.example"


async def test_programs_say_why_too(visit: Visit) -> None:
    """A key without the right; its reason is in the history, masked for who may not see it."""
    await talked(visit, "Call +44 20 7946 0018")
    owner, tess = await api_of(visit), await api_of(visit, Role.TEAM_LEAD)
    odin = await api_of(visit, Role.OPERATOR)
    (row,) = (await tess.get(f"{PATH}?agent={visit.agent.name}")).json["items"]
    one = f"{PATH}/{row['id']}"
    assert (await odin.post(f"{one}/reveal", {"reason": WHY})).status == 403
    assert (await tess.post(f"{one}/reveal", {"reason": ""})).fields == ["reason"]
    made = await tess.post(f"{one}/reveal", {"reason": WHY})
    assert (made.status, made.json["conversation_id"]) == (201, row["id"])
    told = (await tess.get(f"{one}/messages")).json["items"]
    assert told[0]["text"] == "Call +44 20 7946 0018"
    assert not (await tess.get(one)).json["masked"]
    assert "7946" in (await tess.get(one)).json["last_message"]["text"]
    assert not tells_number((await tess.get(PATH)).body.decode())
    (event,) = (await owner.get("/api/events?kind=conversation.revealed&limit=1")).json["items"]
    assert event["data"]["reason"] == "Calls back about the delivery to •••@•••"
    assert (await tess.delete(f"{one}/reveal")).json == {"hidden": True}
    assert (await tess.delete(f"{one}/reveal")).json == {"hidden": False}
    assert not tells_number((await tess.get(f"{one}/messages")).body.decode())
    pia = await api_of(visit, Role.TEAM_LEAD, view_personal=True)
    assert (await pia.post(f"{one}/reveal", {"reason": WHY})).status == 409
    scoped = await api_of(
        visit,
        Role.TEAM_LEAD,
        agent_id=(await visit.keeper.agent("function", {"target": "json:dumps"})).id,
    )
    assert (await scoped.post(f"{one}/reveal", {"reason": WHY})).status == 404


async def test_programs_say_what_is_personal(office: Office) -> None:
    api = await office.api()
    read = await api.get("/api/privacy")
    assert read.json == {
        "patterns": [], "reveal": "leads", "updated_at": None, "updated_by": None
    }  # fmt: skip
    wish = {"patterns": ["KD-#####"], "reveal": "nobody"}
    put = await api.put("/api/privacy", wish, If_Match=read.headers["ETag"])
    assert (put.status, put.json["patterns"], put.json["reveal"]) == (200, ["KD-#####"], "nobody")
    stale = await api.put("/api/privacy", {"patterns": []}, If_Match=read.headers["ETag"])
    assert (stale.status, stale.code) == (412, "changed_meanwhile")
    kept = await api.put("/api/privacy", {"reveal": "answering"})
    assert (kept.json["patterns"], kept.json["reveal"]) == (["KD-#####"], "answering")
    for wrong in ({"reveal": "all"}, {"patterns": ["*"]}, {"patterns": "KD"}, {"x": 1}):
        assert (await api.put("/api/privacy", wrong)).status in {400, 422}
    for role in set(Role) - {Role.OWNER}:
        other = await office.api(role)
        assert (await other.get("/api/privacy")).status == 403
    scoped = await office.api(
        Role.OWNER, (await office.agent("function", {"target": "json:dumps"})).id
    )
    assert (await scoped.put("/api/privacy", wish)).status == 403
