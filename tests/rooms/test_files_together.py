"""Files of one message: so many, and so large together, also when a question is said otherwise."""

from collections.abc import AsyncIterator

import pytest

from parlour import entrance
from parlour.agents import sharing as terms
from parlour.chat import redoing, turns
from parlour.chat.runner import Runner
from parlour.conversations import turns as rows
from parlour.entrance import carrying
from parlour.entrance.carrying import Sender
from parlour.entrance.tickets import Brought
from parlour.kit.errors import Invalid, TooLarge
from parlour.rights import Who
from parlour.tools import Tools
from tests.rig.confirming import Browser
from tests.rig.remembering import Model, Place
from tests.rooms.conftest import Maker


async def content(size: int) -> AsyncIterator[bytes]:
    yield b"x" * size


async def sent(vera: Browser, *sizes: int) -> tuple[str, ...]:
    """Send files ahead; their ids."""
    sender = Sender(vera.session, vera.place)
    where = await carrying.sender_let_in(vera.tools, vera.token, sender)
    came = [
        await carrying.receive(vera.tools, where, sender, f"{n}.txt", content(size))
        for n, size in enumerate(sizes)
    ]
    return tuple(each.id for each in came)


async def test_what_one_request_holds_is_bounded(
    tools: Tools, owner: Who, make_agent: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """INP-06: what answers gets all of it at once, so the sum has a cap, too."""
    monkeypatch.setattr(carrying, "TOGETHER", 1_000)
    agent, model = await make_agent(), Model()
    agent, _ = await terms.change(tools, owner, agent, {"files": ["text"], "files_most": 3})

    async def backend(*_: object) -> Model:
        return model

    runner = Runner(tools, backend)
    place = Place(tools, owner, agent, model, runner)
    vera = await place.door()

    def pass_(*ids: str) -> entrance.Ticket:
        return entrance.ticket(tools, vera.token, vera.session, brought=Brought(files=ids))

    ids = await sent(vera, 500, 501, 400)
    with pytest.raises(TooLarge) as refused:
        await turns.say(tools, pass_(*ids[:2]), "Look", None)
    assert refused.value.code == "files_too_large"
    said = await turns.say(tools, pass_(ids[0]), "Look", None)
    vera.session, vera.conversation = said.visit.session, said.conversation_id
    turn = await tools.db.read(rows.latest, said.conversation_id)
    assert turn is not None
    await runner.run(place.turn_job(turn.id))
    assert [each.size for each in model.questions[-1].files] == [500]
    # What went along with a question goes along with what is said in its place, and counts.
    edited = said.message.id
    with pytest.raises(TooLarge) as refused:
        await redoing.edit(tools, pass_(ids[1]), "Look here", None, edits=edited)
    assert refused.value.code == "files_too_large"
    more = await sent(vera, 1, 1, 1)
    with pytest.raises(Invalid) as many:
        await redoing.edit(tools, pass_(*more), "Look here", None, edits=edited)
    assert many.value.code == "file_too_many"
    again = await redoing.edit(tools, pass_(ids[2]), "Look here", None, edits=edited)
    assert [each["size"] for each in (again.message.extra or {})["files"]] == [500, 400]
    runner.close()
