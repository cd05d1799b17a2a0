"""A person takes a conversation over by the API: what the visitor gets, word for word."""

from typing import Any

from parlour.rights import Role
from tests.rig import plays
from tests.rig.visiting import Visit
from tests.rig.visitor import Drawn
from tests.stories.test_manage_conversations import PATH, api_of


async def test_taken_over_in_the_middle_of_an_answer_and_handed_back(visit: Visit) -> None:
    """TKO-01, TKO-05: not a word of the agent comes after; then it knows what was said."""
    vera, ana = visit.visitor(), await api_of(visit, Role.OPERATOR)
    visit.model.plays(plays.paused("The first half", " and the rest"))
    await vera.say("Is it in stock?")
    (talk,) = (await ana.get(f"{PATH}?link={visit.link.id}")).json["items"]
    one = f"{PATH}/{talk['id']}"
    assert talk["control"] == {"holder": "agent", "name": None, "until": None}
    async with vera.live() as stream:
        await Drawn().until_text(stream, "The first half")
        taken = await ana.post(f"{one}/hold", {"minutes": 10})
        assert (taken.status, taken.json["holder"], taken.json["name"]) == (
            200,
            "operator",
            "operator",
        )
        done = (await stream.next("done")).data
        assert (done["message"]["state"], done["message"]["text"]) == ("stopped", "The first half")
        *lines, control = await stream.until("control")
        assert [each.data["text"] for each in lines] == ["operator answers now."]
        assert control.data == {"holder": "operator", "name": "operator"}
        visit.model.release()
        said = await vera.call("chat", json={"message": "Hello?", "async_mode": True})
        assert (said.status, said.json["turn"], said.json["execution_id"]) == (202, None, "")
        spoken = await ana.post(f"{one}/messages", {"message": "Yes, three."})
        assert spoken.status == 201
        seen: list[dict[str, Any]] = []
        while not seen or seen[-1]["author"]["kind"] != "operator":
            seen.append((await stream.next("message")).data)
        assert [each["author"]["kind"] for each in seen] == ["visitor", "operator"]
        assert (seen[-1]["text"], seen[-1]["author"]["name"]) == ("Yes, three.", "operator")
        waited = await vera.call("chat", json={"message": "Send me one."})
        assert (waited.json["state"], waited.json["response"]) == ("held", "")
        visit.model.plays(plays.reply("It is on its way."))
        assert (await ana.delete(f"{one}/hold")).json == {"released": True}
        assert (await stream.next("control")).data == {"holder": "agent"}
        done = (await stream.next("done")).data
        assert done["message"]["text"] == "It is on its way."
    asked = visit.model.requests[-1].json["messages"]
    assert asked[-1] == {"role": "user", "content": "Send me one."}
    assert "operator, a person of the team, wrote:] Yes, three." in asked[-2]["content"]
    history = [text for _, text in await vera.history()]
    assert "and the rest" not in str(history)


async def test_who_may_take_over_and_what_is_refused(visit: Visit) -> None:
    """TKO-03, TKO-08: a loser is told who was first; an analyst may only look."""
    vera, ana = visit.visitor(), await api_of(visit, Role.OPERATOR)
    visit.model.plays(plays.reply("Yes."))
    await vera.say("Hello?")
    await vera.settled()
    (talk,) = (await ana.get(f"{PATH}?link={visit.link.id}")).json["items"]
    one = f"{PATH}/{talk['id']}"
    looker, ben = await api_of(visit, Role.ANALYST), await api_of(visit, Role.TEAM_LEAD)
    calls: tuple[tuple[str, str, Any], ...] = (
        ("POST", "hold", {}), ("DELETE", "hold", None), ("POST", "messages", {"message": "x"})
    )  # fmt: skip
    for method, path, body in calls:
        refused = await looker.call(method, f"{one}/{path}", json=body)
        assert (refused.status, refused.code) == (403, "not_allowed")
        nobody = f"{PATH}/cnv_{'0' * 22}/{path}"
        assert (await ana.call(method, nobody, json=body)).status == 404
    assert (await ana.post(f"{one}/messages", {"message": "Hi"})).code == "not_held"
    assert (await ana.post(f"{one}/hold")).status == 200
    late = await ben.post(f"{one}/hold", {})
    assert (late.status, late.code) == (409, "held")
    assert "operator" in late.json["detail"]
    assert (await ben.post(f"{one}/messages", {"message": "Hi"})).code == "held"
    for odd in ({"minutes": 0}, {"minutes": 1441}, {"minutes": "5"}, {"hours": 1}):
        assert (await ana.post(f"{one}/hold", odd)).status in {400, 422}
    first = await ana.post(f"{one}/messages", {"message": "Hi", "message_id": "m1"})
    again = await ana.post(f"{one}/messages", {"message": "Hi", "message_id": "m1"})
    assert again.json["id"] == first.json["id"]
    assert (await ben.post(f"{one}/hold", {"force": True})).json["name"] == "team_lead"
    assert (await ana.post(f"{one}/messages", {"message": "Hi"})).code == "held"
    assert (await ben.delete(f"{one}/hold")).json == {"released": True}
    assert (await ben.delete(f"{one}/hold")).json == {"released": False}


async def test_handed_to_a_colleague_completed_and_open_again(visit: Visit) -> None:
    """TKO-03, TKO-08: the desk's groups, who may, what is refused, and what a repeat does."""
    vera, ana = visit.visitor(), await api_of(visit, Role.OPERATOR)
    visit.model.plays(plays.reply("Yes."))
    await vera.say("Hello?")
    await vera.settled()
    (talk,) = (await ana.get(f"{PATH}?link={visit.link.id}")).json["items"]
    one, link = f"{PATH}/{talk['id']}", visit.link.id
    assert (talk["group"], talk["completed"], talk["waits_since"]) == ("bot", None, None)

    async def groups() -> list[str]:
        every = ("waiting", "mine", "active", "bot", "completed")
        listed = [(await ana.get(f"{PATH}?link={link}&group={each}")).json for each in every]
        return [each for each, page in zip(every, listed, strict=True) if page["items"]]

    assert await groups() == ["bot"]
    assert (await ana.get(f"{PATH}?group=done")).status == 422
    looker = await api_of(visit, Role.ANALYST)
    for path, body in (
        ("hold/hand-over", {"to": "per_x"}), ("complete", {"reason": "solved"}), ("reopen", None)
    ):  # fmt: skip
        assert (await looker.post(f"{one}/{path}", body)).code == "not_allowed"
        assert (await ana.post(f"{PATH}/cnv_{'0' * 22}/{path}", body)).status == 404
    assert (await ana.post(f"{one}/hold/hand-over", {"to": "x"})).code == "not_held"
    await ana.post(f"{one}/hold")
    assert await groups() == ["mine"]
    assert (await ana.post(f"{one}/hold/hand-over", {"to": "nobody@x.example"})).status == 422
    for odd in ({}, {"reason": "because"}, {"reason": "solved", "seen": "x"}):
        assert (await ana.post(f"{one}/complete", odd)).status == 422
    late = await ana.post(f"{one}/complete", {"reason": "solved", "seen": 0})
    assert late.status == 200, "the agent was last"
    again = await ana.post(f"{one}/complete", {"reason": "spam"})
    assert again.json["completed"]["reason"] == "solved"
    assert (again.json["state"], again.json["group"]) == ("completed", "completed")
    assert await groups() == ["completed"]
    assert (await ana.post(f"{one}/reopen")).json["completed"] is None
    await ana.post(f"{one}/complete", {"reason": "elsewhere"})
    visit.model.plays(plays.reply("Of course."))
    await vera.say("And another thing")
    await vera.settled()
    assert await groups() == ["bot"]
    assert (await vera.history())[-1][1] == "Of course."
