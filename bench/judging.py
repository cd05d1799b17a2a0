"""What judging a message costs, and whether it costs more where a thousand times more is counted.

Judged is what a visitor's message is judged by between its arrival and its storing: how often its
visitor, its place, its link, its workspace and the instance said something in the last minute;
then, inside the message's own transaction, the door, the use of a private link, whether an address
has to be confirmed, the visitor's daily limit of tokens, and the budgets of the link and the agent.
Nothing is stored of the message; what is reserved and counted, is.
"""

import asyncio
import random
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from bench import programs
from bench.table import Figure, median
from parlour import entrance, main, rights, workspaces
from parlour.agents import keeping as agents
from parlour.agents import sharing
from parlour.budgets import spending
from parlour.config import Settings, load
from parlour.entrance.pacing import paced
from parlour.kit.limits import Limit, Limits, MemoryLimits
from parlour.kit.limits.redis import RedisLimits
from parlour.kit.tokens import new_id
from parlour.links import keeping as links
from parlour.links import private
from parlour.links.rules import Kind
from parlour.tools import Tools
from tests.rig.services import Redis
from tests.rig.waiting import eventually

FEW, MANY = 10, 10_000
MESSAGES = 200
ROUNDS = 21
FREE = 10**9
"""Tokens of each limit: nobody is refused, everything is counted."""


@dataclass
class Place:
    """One instance, and the visitors whose messages are counted there."""

    tools: Tools
    token: str
    sessions: list[str]

    async def judged(self, session: str) -> None:
        """Judge one message as it is judged when it comes."""
        place = self.tools.keys.hashed(f"messages from {session}")
        pass_ = entrance.ticket(self.tools, self.token, session, place=place)
        await paced(pass_, "How do I make a partial index?")
        await self.tools.db.write(_enter, pass_)

    async def cost(self, many: int = MESSAGES) -> float:
        """Return the CPU of one message in microseconds, of all threads."""
        await self.tools.db.write(_answered)
        who = random.choices(self.sessions, k=many)
        began = time.process_time()
        for session in who:
            await self.judged(session)
        return (time.process_time() - began) / many * 1e6


def measure(_tools: programs.Tools) -> list[Figure]:
    return asyncio.run(_measure())


async def _measure() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="parlour-bench-") as folder:
        few, many = await _judging(Path(folder))
    memory = await _counting(MemoryLimits(), MemoryLimits())
    shared = await _over_redis()
    return [
        Figure(f"judging a message, {FEW} visitors counted: CPU", few, "µs", most=1_000),
        Figure(f"… {MANY:,} visitors, each with limits of their own: CPU", many, "µs", most=1_000),
        Figure("… ratio", many / few, "×", most=1.15),
        Figure(f"counting an event against five limits, {FEW} keys", memory[0], "µs"),
        Figure(f"… {MANY:,} keys", memory[1], "µs"),
        Figure(f"… over Redis, {FEW} keys: time", shared[0], "µs"),
        Figure(f"… over Redis, {MANY:,} keys: time", shared[1], "µs"),
    ]


async def _judging(folder: Path) -> tuple[float, float]:
    async with (
        main.opened(_settings(folder / "few")) as small,
        main.opened(_settings(folder / "many")) as large,
    ):
        places = [await _place(small, FEW), await _place(large, MANY)]
        costs: list[list[float]] = [[], []]
        for turn in range(ROUNDS + 1):
            for place, found in zip(places, costs, strict=True):
                cost = await place.cost()
                if turn:  # the first round only warms up
                    found.append(cost)
    return median(costs[0]), median(costs[1])


def _settings(place: Path) -> Settings:
    return load(
        {
            "PARLOUR_DATA_DIR": str(place),
            "PARLOUR_SECRET_KEY": "measured" * 4,
            **{
                f"PARLOUR_RATE_LIMIT_{each}": "10000"
                for each in ("PER_MINUTE", "PER_PLACE", "PER_LINK", "PER_WORKSPACE", "IN_ALL")
            },
        }
    )


async def _place(tools: Tools, visitors: int) -> Place:
    """Make an agent and a link on which every sort of limit is in force, and let visitors in."""
    owner = rights.host((await workspaces.ensure_default(tools)).id)
    wish = agents.Wish("measured", "function", {"target": "json:dumps"})
    agent = (await agents.create(tools, owner, wish, trusted=True, publish=True)).agent
    terms = {
        "verify": "after",
        "verify_after": 100,
        "daily_token_limit": FREE,
        "budget_tokens": FREE,
        "turn_tokens": 10,
    }
    agent, _ = await sharing.change(tools, owner, agent, terms)
    wanted = links.Wish(
        kind=Kind.PRIVATE,
        name="measured",
        max_uses=100_000,
        daily_token_limit=FREE,
        budget_tokens=FREE,
    )
    (link,) = await private.invite(tools, owner, agent.id, [wanted])
    place = Place(tools, link.token(tools.keys), [])
    place.sessions = await tools.db.write(_all_enter, place, visitors)
    for at in range(visitors):  # what all share would be full after as many
        await tools.limits.hit([Limit(f"visitor {at}", FREE), Limit(f"place {at}", FREE)])
    return place


def _all_enter(conn: sa.Connection, place: Place, visitors: int) -> list[str]:
    passes = [entrance.ticket(place.tools, place.token, None) for _ in range(visitors)]
    return [_enter(conn, each) for each in passes]


def _enter(conn: sa.Connection, pass_: entrance.Ticket) -> str:
    now = pass_.tools.clock.now()
    entered = pass_(conn, now)
    entered.reserve(conn, new_id("trn"), now)
    return entered.session


def _answered(conn: sa.Connection) -> None:
    """Forget what is reserved, as if all questions before had been answered."""
    conn.execute(sa.delete(spending.reservations))
    conn.execute(sa.update(spending.spending).values(reserved=0))


async def _over_redis() -> tuple[float, float]:
    redis, others = Redis(), Redis()
    few, many = RedisLimits(redis.url), RedisLimits(others.url)
    try:
        async with asyncio.timeout(120):
            for each in (few, many):
                await each.start()
                await eventually(partial(_shares, each))
            return await _counting(few, many)
    finally:
        await few.close()
        await many.close()
        redis.close()
        others.close()


async def _shares(limits: Limits) -> bool:
    """Whether an event is counted over Redis; before it is connected, a process counts alone."""
    return bool((await limits.hit([Limit("", FREE)])).mark)


async def _counting(few: Limits, many: Limits) -> tuple[float, float]:
    """Count events of few visitors and of many, in turns; return the time of each."""
    times: list[list[float]] = [[], []]
    sides = ((few, FEW, times[0]), (many, MANY, times[1]))
    for limits, keys, _ in sides:
        for at in range(keys):
            await limits.hit(_limits(at))
    for turn in range(ROUNDS + 1):
        for limits, keys, found in sides:
            who = [_limits(random.randrange(keys)) for _ in range(MESSAGES)]
            began = time.perf_counter()
            for each in who:
                await limits.hit(each)
            if turn:
                found.append((time.perf_counter() - began) / MESSAGES * 1e6)
    return median(times[0]), median(times[1])


def _limits(at: int) -> list[Limit]:
    own = [Limit(f"visitor {at}", FREE), Limit(f"place {at}", FREE)]
    return [*own, Limit("link", FREE), Limit("workspace", FREE), Limit("all", FREE)]
