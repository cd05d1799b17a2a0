"""Many who look at one conversation: each is judged and told, and it is read once for all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from parlour import sharing, takeover
from parlour.chat import rereading
from parlour.chat.live import Live, View
from parlour.conversations import reading
from parlour.conversations.model import Cursor
from parlour.kit.clock import SystemClock
from parlour.kit.errors import Unavailable
from parlour.rights import Who
from parlour.sharing import Mode, Wish
from parlour.tools import Tools
from parlour.transcripts import as_seen_by
from parlour.web import showing
from tests.rig.waiting import eventually
from tests.rooms.conftest import Maker
from tests.rooms.test_sharing import joined
from tests.rooms.test_takeover import Talk, begun

VIEWERS = 200


@pytest.fixture
async def talk(tools: Tools, owner: Who, make_agent: Maker) -> Talk:
    """A conversation in which somebody of the team answers; they have shared it."""
    made = await begun(tools, owner, make_agent)
    made.tools.clock = SystemClock()
    made.ana = await joined(tools, owner, "ana@team.example", "Ana Ruiz")
    await made.take()
    return made


async def a_share(talk: Talk) -> tuple[str, str]:
    """The id and the token of a share to read."""
    made = await sharing.make(talk.tools, talk.ana, talk.id, Wish(Mode.VIEW, 2))
    return made.share.id, made.share.token(talk.tools.keys)


async def view_by(talk: Talk, token: str) -> View:
    guest = await sharing.look(talk.tools, token, None)
    return View(
        conversation_id=talk.id,
        cursor=Cursor(),
        present=lambda shown: showing.event(shown, ""),
        judge=sharing.judge(talk.tools, token),
        read=as_seen_by(guest.who),
        topics=guest.topics,
        whole=True,
        stays=True,
    )


class Crowd:
    """Viewers, and what each of them has been told."""

    def __init__(self) -> None:
        self.told: list[bytearray] = []
        self.tasks: list[asyncio.Task[None]] = []

    def comes(self, live: Live, view: View) -> None:
        told = bytearray()

        async def look() -> None:
            async for chunk in live.follow(view):
                told.extend(chunk)

        self.told.append(told)
        self.tasks.append(asyncio.create_task(look()))

    async def all_have(self, word: bytes, *, but: int = 0) -> None:
        async def have() -> bool:
            return sum(word in told for told in self.told) == len(self.told) - but

        await eventually(have)


@asynccontextmanager
async def crowd(live: Live, views: list[View]) -> AsyncIterator[Crowd]:
    made = Crowd()
    for view in views:
        made.comes(live, view)
    try:
        yield made
    finally:
        for task in made.tasks:
            task.cancel()
        await asyncio.gather(*made.tasks, return_exceptions=True)


async def test_two_hundred_viewers_are_one_reading(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many look, and by how many shares: one reading for all who see the same."""
    one, two = (await a_share(talk))[1], (await a_share(talk))[1]
    views = [await view_by(talk, token) for token in (one, two)]
    live, read, judged = Live(talk.tools), [], []
    whole, judge = reading.read, sharing.guests._opened

    def counted(*given: Any, **more: Any) -> Any:
        read.append(given)
        return whole(*given, **more)

    def judging(*given: Any) -> Any:
        judged.append(given)
        return judge(*given)

    async with crowd(live, views * (VIEWERS // 2)) as viewers:
        await viewers.all_have(b"Ana Ruiz answers now.")
        monkeypatch.setattr(reading, "read", counted)
        monkeypatch.setattr(sharing.guests, "_opened", judging)
        await takeover.say(talk.tools, talk.ana, talk.id, "I am looking.", "a")
        await viewers.all_have(b"I am looking.")
        # The change is announced once; a bus of several processes may announce it once more, and
        # on a slow day a beat of the streams falls in between.
        assert 1 <= len(read) <= VIEWERS // 20
        assert len(judged) <= 2 * len(read)
    assert not live._together._viewers


async def test_each_is_judged_for_themselves(talk: Talk) -> None:
    """SHR-07: what ends for one goes on for others; nobody who leaves takes others along."""
    (first, one), (_, two) = await a_share(talk), await a_share(talk)
    ending, staying = await view_by(talk, one), await view_by(talk, two)
    live = Live(talk.tools)
    async with crowd(live, [ending, staying, ending, staying]) as viewers:
        await viewers.all_have(b"Ana Ruiz answers now.")
        viewers.tasks[0].cancel()  # in the middle of whatever it does
        await sharing.revoke(talk.tools, talk.ana, talk.id, first)
        await takeover.say(talk.tools, talk.ana, talk.id, "And now?", "b")
        await viewers.all_have(b"And now?", but=2)
        assert b"share_revoked" in viewers.told[2]
        assert b"And now?" not in viewers.told[2]
        assert viewers.tasks[2].done()


async def test_a_database_that_is_away_is_asked_again(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All who waited for the reading try again, together."""
    view = await view_by(talk, (await a_share(talk))[1])
    monkeypatch.setattr("parlour.chat.following._AGAIN", 0.01)
    live, asked = Live(talk.tools), []
    there = rereading.reread

    def away(*given: Any) -> Any:
        asked.append(given)
        if len(asked) < 3:
            raise Unavailable("the database is away")
        return there(*given)

    async with crowd(live, [view] * 3) as viewers:
        await viewers.all_have(b"Ana Ruiz answers now.")
        monkeypatch.setattr(rereading, "reread", away)
        await takeover.say(talk.tools, talk.ana, talk.id, "Back again.", "c")
        await viewers.all_have(b"Back again.")
    assert len(asked) >= 3
