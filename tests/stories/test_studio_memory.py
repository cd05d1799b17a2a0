"""What an agent remembers, in the studio: seen and deleted beside a conversation, turned off."""

from parlour.rights import Role
from tests.rig import plays
from tests.rig.colleague import joined
from tests.rig.waiting import eventually
from tests.stories.test_memory import SAID, WRITTEN

# The house of the conversations' stories, which is a fixture.
from tests.stories.test_studio_conversations import LIST, House, house, server
from tests.stories.test_studio_sharing import seen_on

__all__ = ["house", "server"]


async def test_an_owner_looks_deletes_and_turns_it_off(house: House) -> None:
    """In the studio: beside the conversation, and on the Sharing tab."""
    house.server.cli("agent", "sharing", "shop", "--verify", "after", "--verify-after", "50")
    vera = await house.talked("Hello?")
    talk = (await house.rows())[0]
    seen = (await house.owner.get(f"{LIST}/{talk}")).text
    assert "Remembered" not in seen, "nothing can be remembered of her yet"
    body = {"token": vera.token, "email": "vera@visitors.example"}
    await vera.ask("POST", "/api/public/verify/request", json=body)
    code = await eventually(lambda: _code(house))
    await vera.ask("POST", "/api/public/verify/confirm", json={**body, "code": code})
    house.model.plays(*[plays.reply("Yes.")] * 5, plays.reply(WRITTEN))
    for text in SAID:
        assert (await vera.call("chat", json={"message": text})).status == 200

    async def kept() -> bool:
        return "Vera Canary-8841</li>" in (await house.owner.get(f"{LIST}/{talk}")).text

    await eventually(kept)
    tess = await joined(house.owner, "tess@team.example", Role.TEAM_LEAD.value)
    masked = await tess.get(f"{LIST}/{talk}")
    assert ("Remembered" in masked.text, "gold</li>" in masked.text) == (True, False)
    path = f"{LIST}/{talk}/memory/delete"
    assert path in (await house.owner.get(f"{LIST}/{talk}")).text
    done = await house.owner.post(path, {})
    page = await house.owner.get(done.leads_to)
    assert "What was remembered has been deleted." in page.words
    assert "Canary-8841</li>" not in page.text
    form = await house.owner.get("/studio/agents/shop/sharing")
    assert "Remember confirmed visitors" in form.words
    off = {"memory": "", "seen": seen_on(form)}
    done = await house.owner.post("/studio/agents/shop/sharing/memory", off)
    assert "Nobody is remembered." in (await house.owner.get(done.leads_to)).words
    told = house.server.cli("agent", "sharing", "shop", "--memory")
    assert told["memory"] is True
    history = (await house.owner.get("/studio/history")).words
    assert "deleted what was remembered of a visitor" in history


def _code(house: House) -> str:
    marks = house.server.output.partition("This would go to vera@visitors.example:")[2].split("|")
    return marks[1].split()[0] if len(marks) > 1 else ""
