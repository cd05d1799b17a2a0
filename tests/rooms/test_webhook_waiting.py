"""What waits for a webhook can be dropped, all of it or one event, and told again after all."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from parlour import events
from parlour.events import Kind
from parlour.kit.clock import DAY
from parlour.kit.errors import Conflict, NotFound
from parlour.rights import Role, Who
from parlour.webhooks import keeping
from parlour.webhooks.keeping import Wish
from parlour.webhooks.rules import State
from tests.rooms.test_webhooks import Scene, scene

__all__ = ["scene"]


async def told(scene: Scene) -> list[str]:
    """Return what the webhook is told from here on, whatever it had waited for."""
    scene.receiver.calls.clear()
    scene.talk.clock.forward(DAY)
    for _ in range(3):
        await scene.runs()
    return [each["data"]["message"]["text"] for each in scene.receiver.took(scene.secret)]


async def in_history(scene: Scene) -> list[tuple[str, int]]:
    found = await scene.tools.db.read(events.by_staff, scene.owner.workspace_id, limit=9)
    kinds = (Kind.WEBHOOK_DROPPED, Kind.WEBHOOK_REPLAYED)
    return [(each.kind, each.data["deliveries"]) for each in found if each.kind in kinds]


async def test_all_that_waits_is_dropped_before_it_is_turned_on_again(scene: Scene) -> None:
    """WHK-02: nothing of it goes out; the log has it, from where one can be sent after all."""
    await scene.make(kinds=[Kind.MESSAGE_CREATED])
    scene.receiver.answers = [410]
    for text in ("one", "two", "three"):
        await scene.talk.say(text)
    await scene.runs()
    assert not (await scene.hook()).is_on
    assert await keeping.drop(scene.tools, scene.owner, scene.id) == 3
    assert await keeping.drop(scene.tools, scene.owner, scene.id) == 0, "and says so once"
    await keeping.change(scene.tools, scene.owner, scene.id, Wish(is_on=True))
    await scene.talk.say("four")
    assert await told(scene) == ["four"]
    dropped = await scene.log(State.DROPPED)
    assert {each.trouble for each in dropped} == {"dropped by hand"}
    await keeping.replay(scene.tools, scene.owner, scene.id, dropped[-1].id)
    assert await told(scene) == ["one"]
    assert await in_history(scene) == [(Kind.WEBHOOK_REPLAYED, 1), (Kind.WEBHOOK_DROPPED, 3)]


async def test_one_that_stands_in_the_way_is_dropped(scene: Scene) -> None:
    """WHK-03: those after it have their turn, in their order."""
    await scene.make(kinds=[Kind.MESSAGE_CREATED])
    scene.receiver.answers = [500]
    for text in ("one", "two", "three"):
        await scene.talk.say(text)
    await scene.runs()
    first = (await scene.log(State.WAITING))[-1]
    assert await keeping.drop(scene.tools, scene.owner, scene.id, first.id) == 1
    assert await told(scene) == ["two", "three"]
    with pytest.raises(Conflict):
        await keeping.drop(scene.tools, scene.owner, scene.id, first.id)
    for who, hook, one in (
        (scene.owner, scene.id, "dlv_" + "A" * 22),
        (scene.owner, "whk_none", first.id),
        (Who("person", "per_x", "Sam", "wks_elsewhere", Role.OWNER), scene.id, None),
    ):
        with pytest.raises(NotFound):
            await keeping.drop(scene.tools, who, hook, one)
    assert await in_history(scene) == [(Kind.WEBHOOK_DROPPED, 1)]


async def test_what_is_dropped_while_it_is_sent_stays_dropped(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """WHK-03: what comes back from that call changes nothing any more."""
    await scene.make(kinds=[Kind.MESSAGE_CREATED])
    await scene.talk.say("one")
    receive = scene.receiver.stream

    @asynccontextmanager
    async def stream(*args: Any, **more: Any) -> AsyncIterator[Any]:
        assert await keeping.drop(scene.tools, scene.owner, scene.id) == 1
        async with receive(*args, **more) as answer:
            yield answer

    monkeypatch.setattr(scene.receiver, "stream", stream)
    scene.receiver.answers = [500]
    await scene.runs()
    monkeypatch.undo()
    assert [each.state for each in await scene.log()] == [State.DROPPED]
    assert await told(scene) == []
