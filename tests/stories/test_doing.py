"""What an agent is doing, as everybody reads it who looks on while it answers."""

from typing import Any

from parlour.agents import sharing
from parlour.rights import Role
from tests.rig.plays import Asked, Wire
from tests.rig.visiting import Visit
from tests.rig.waiting import Stream
from tests.stories.test_manage_conversations import PATH, api_of

CANARY = "/srv/data/canary-2207.md"
ARGUMENTS = f'{{"path": "{CANARY}"}}'


async def uses_tools(_: Asked, wire: Wire) -> None:
    """A model server that thinks, uses two tools, reads what they found, and answers."""
    await wire.start_stream()
    for told in (
        {"reasoning_content": f"I look into {CANARY}"},
        {"tool_calls": [{"index": 0, "function": {"name": "contracts", "arguments": ARGUMENTS}}]},
        {"role": "tool", "content": f"{CANARY}: gold"},
        {"tool_calls": [{"index": 1, "function": {"name": CANARY, "arguments": ARGUMENTS}}]},
    ):
        await wire.data({"choices": [{"index": 0, "delta": told}]})
    await wire.released.wait()
    wire.released.clear()
    await wire.token("You have the gold plan.")
    # Not ended before it was seen that it writes: who looks on late is told the whole at once.
    await wire.released.wait()
    await wire.finish(None)


async def labels(stream: Stream, count: int) -> list[str]:
    return [(await stream.next("status")).data["label"] for _ in range(count)]


async def test_visitor_and_guest_read_the_same_and_no_argument(visit: Visit) -> None:
    """Tools by their owner's words, in the visitor's language; whoever sees it masked, too."""
    named = {"contracts": {"": "Looking up your contract", "de": "Ihr Vertrag wird gesucht"}}
    await sharing.change(visit.keeper.tools, visit.keeper.who, visit.agent, {"labels": named})
    vera = visit.visitor()
    german = {"Accept-Language": "de"}
    assert (await vera.call("chat", json={"message": "Hello?"}, headers=german)).status == 200
    owner = await api_of(visit, Role.OWNER)
    (talk,) = (await owner.get(f"{PATH}?link={visit.link.id}")).json["items"]
    made = (
        await owner.post(
            f"{PATH}/{talk['id']}/shares", {"mode": "view", "hours": 1, "show_personal": False}
        )
    ).json
    visit.server.keep_secret(made["url"].rpartition("/")[2])
    visit.model.plays(uses_tools)
    asked = {"message": "Which plan do I have?", "async_mode": True}
    said = await vera.call("chat", json=asked, headers=german)
    assert said.status == 202
    wanted = ["Denkt nach", "Ihr Vertrag wird gesucht", "Liest, was gefunden wurde",
              "Benutzt ein Werkzeug"]  # fmt: skip
    async with vera.live(str(said.json["message"]["seq"])) as stream:
        assert await labels(stream, 4) == wanted
        async with visit.http.get(made["url"] + "/live?lang=fr") as got:
            guest = Stream(got)
            assert await labels(guest, 4) == wanted
            visit.model.release()
            assert await labels(guest, 1) == ["Écrit"]
            visit.model.release()
            done: Any = (await guest.next("done")).data
            assert done["message"]["text"] == "You have the gold plan."
            assert "delta" not in {each.kind for each in guest.seen}
        assert (await stream.next("done")).data["message"]["state"] == "done"
        assert "canary-2207" not in str(stream.seen)
