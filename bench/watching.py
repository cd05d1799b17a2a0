"""What it costs that many look at one conversation: how often it is read, and the CPU of it all.

One process on SQLite. A person of the team answers; 1, then 200 guests follow by shares to read,
masked. Counted is how often the conversation is read for all of them; measured is the time until
the last of them has been told, and the CPU of saying something, with all who are told.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bench import programs, seeing
from bench.table import Figure, median
from parlour import entrance, main, rights, sharing, takeover, workspaces
from parlour.agents import keeping as agents
from parlour.chat import rereading, turns
from parlour.chat.live import Live, View
from parlour.config import load
from parlour.conversations.model import Cursor
from parlour.links import keeping as links
from parlour.rights import Who
from parlour.sharing import Mode, Wish
from parlour.tools import Tools
from parlour.transcripts import as_seen_by
from parlour.web import showing

FEW, MANY = 1, 200
ROUNDS = 21


def measure(tools: programs.Tools) -> list[Figure]:
    return [*asyncio.run(_measure()), *seeing.measure(tools)]


async def _measure() -> list[Figure]:
    figures = []
    with tempfile.TemporaryDirectory(prefix="parlour-bench-") as folder:
        settings = load({"PARLOUR_DATA_DIR": folder, "PARLOUR_SECRET_KEY": "measured" * 4})
        async with main.opened(settings) as tools:
            owner = rights.host((await workspaces.ensure_default(tools)).id)
            talk = await _talk(tools, owner)
            for viewers in (FEW, MANY):
                reads, last, cpu = await _watched(tools, owner, talk, viewers)
                who = "guest" if viewers == 1 else "guests"
                name = f"a message to {viewers} {who}"
                figures += [
                    Figure(f"{name}: readings of the conversation", reads, "", most=1),
                    Figure("… until the last is told", last, "ms", most=150),
                    Figure("… CPU, with storing it", cpu, "ms"),
                ]
    return figures


async def _talk(tools: Tools, owner: Who) -> str:
    """Begin a conversation, and take it over."""
    wish = agents.Wish("measured", "function", {"target": "json:dumps"})
    agent = (await agents.create(tools, owner, wish, trusted=True, publish=True)).agent
    link = await links.create(tools, owner, agent.id, links.Wish())
    pass_ = entrance.ticket(tools, link.token(tools.keys), None)
    said = await turns.say(tools, pass_, "Call +44 20 7946 0018.", None)
    await takeover.take(tools, owner, said.conversation_id, minutes=60)
    return said.conversation_id


async def _watched(tools: Tools, owner: Who, talk: str, viewers: int) -> tuple[float, float, float]:
    """Return readings for a message, and in ms the time until all have it, and its CPU."""
    readings: list[float] = []
    times: list[float] = []
    costs: list[float] = []
    counted, there = 0, rereading.reread

    def reread(*given: Any) -> Any:
        nonlocal counted
        counted += 1
        return there(*given)

    rereading.reread = reread
    async with _guests(tools, owner, talk, viewers) as told:
        for turn in range(ROUNDS + 1):
            counted, began, cpu = 0, time.perf_counter(), time.process_time()
            await takeover.say(tools, owner, talk, f"{viewers} guests read this, {turn}.")
            for _ in range(viewers):
                await told.get()
            if turn:  # the first round only warms up
                times.append((time.perf_counter() - began) * 1e3)
                costs.append((time.process_time() - cpu) * 1e3)
                readings.append(counted)
    rereading.reread = there
    return max(readings), median(times), median(costs)


@asynccontextmanager
async def _guests(
    tools: Tools, owner: Who, talk: str, many: int
) -> AsyncIterator["asyncio.Queue[None]"]:
    """Have guests follow; what they are told of each message comes into a queue."""
    live, told = Live(tools), asyncio.Queue[None]()
    share = (await sharing.make(tools, owner, talk, Wish(Mode.VIEW, 1))).share
    token = share.token(tools.keys)
    guest = await sharing.look(tools, token, None)

    async def look() -> None:
        view = View(
            conversation_id=talk,
            cursor=Cursor(),
            present=lambda shown: showing.event(shown, ""),
            judge=sharing.judge(tools, token),
            read=as_seen_by(guest.who),
            topics=guest.topics,
            whole=True,
            stays=True,
        )
        async for chunk in live.follow(view):
            if chunk.startswith((b"retry", b":")):
                arrived.release()
            else:
                told.put_nowait(None)

    arrived = asyncio.Semaphore(0)
    tasks = [asyncio.create_task(look()) for _ in range(many)]
    for _ in tasks:
        await arrived.acquire()
    yield told
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
