"""What waits for a webhook can be dropped, all of it or one event, and told again after all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa

from parlour import events, webhooks
from parlour.events import Kind
from parlour.kit.clock import DAY
from parlour.kit.errors import Conflict, NotFound
from parlour.kit.http import RequestFailed
from parlour.kit.queue import Job
from parlour.rights import Role, Who
from parlour.webhooks import deliveries, keeping
from parlour.webhooks.keeping import Wish
from parlour.webhooks.rules import State
from tests.rig.waiting import eventually
from tests.rooms.test_webhooks import Receiver, Scene, scene

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


MANY = 100_000
LANES = 1_000
QUEUED = """
INSERT INTO webhook_deliveries (id, webhook_id, event_id, kind, lane, state, due, attempts, made_at)
WITH RECURSIVE places (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM places WHERE n < :many)
SELECT 'dlv_' || places.n, first.webhook_id, first.event_id, first.kind,
       'lane ' || (places.n % :lanes), 'waiting',
       CASE WHEN places.n <= :lanes THEN first.due END, 0, first.made_at
FROM places, webhook_deliveries AS first WHERE first.webhook_id = :hook
ORDER BY places.n
"""


@dataclass
class Creeping(Receiver):
    """One of the programs takes for ever, until its caller has waited long enough."""

    patience: asyncio.Event = field(default_factory=asyncio.Event)
    inside: int = 0
    most: int = 0

    @asynccontextmanager
    async def stream(self, method: str, url: str, **more: Any) -> AsyncIterator[Any]:
        if "creeps" in url:
            self.inside += 1
            self.most = max(self.most, self.inside)
            await self.patience.wait()
            self.inside -= 1
            raise RequestFailed("timeout", "no answer")
        async with super().stream(method, url, **more) as answer:
            yield answer


async def test_a_long_queue_of_one_that_creeps_holds_nobody_up(scene: Scene) -> None:
    """WHK-04: 100,000 wait for it; few calls at once, the others are told meanwhile."""
    receiver = scene.tools.http = scene.receiver = Creeping()  # type: ignore[assignment]
    await scene.make(kinds=[Kind.MESSAGE_CREATED], url="https://creeps.example/in")
    creeping = scene.id
    await scene.talk.say("one")
    await webhooks.hand_out(scene.tools)
    given = {"many": MANY, "lanes": LANES, "hook": creeping}
    await scene.tools.db.write(lambda conn: conn.execute(sa.text(QUEUED), given))
    job = Job("creeps", webhooks.DELIVER, {"webhook": creeping}, 1, 1)
    calling = asyncio.create_task(webhooks.deliver(scene.tools, job))
    await eventually(lambda: receiver.inside == 8)
    await scene.make(kinds=[Kind.MESSAGE_CREATED], url="https://quick.example/in")
    for text in ("two", "three"):
        await scene.talk.say(text)
    await scene.runs()
    told = [each["data"]["message"]["text"] for each in receiver.took(scene.secret)]
    assert told == ["two", "three"]
    assert not calling.done()
    receiver.patience.set()
    await calling
    assert receiver.most == 8
    # Then it is left alone for a while; what was tried comes again, what was not comes, too.
    quick, scene.id = scene.id, creeping
    assert ((await scene.hook()).failures, (await scene.hook()).is_on) == (8, True)
    counted = await scene.tools.db.read(deliveries.counts, creeping)
    assert counted == {State.WAITING: MANY + 3}
    assert await keeping.drop(scene.tools, scene.owner, creeping) == MANY + 3
    scene.id = quick
    await scene.talk.say("four")
    await scene.runs()
    assert [each["data"]["message"]["text"] for each in receiver.took(scene.secret)] == ["four"]
