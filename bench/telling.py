"""How long numbers take about a year of conversations, and finding a message among millions.

100,000 conversations of 50 messages each; PARLOUR_BENCH_PART=20 makes a twentieth of them.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import aiohttp
import sqlalchemy as sa

from bench import filling, house, programs
from bench.table import Figure, median
from bench.year import COLUMNS, DAYS, EACH, Year
from parlour import insights, main, rights, staff, workspaces
from parlour.agents import keeping
from parlour.config import Settings, load
from parlour.events import events
from parlour.insights import indexing, marking
from parlour.insights.wording import edition
from parlour.links import keeping as links
from parlour.rights import Role
from tests.rig.processes import free_port, plain_environment
from tests.rig.services import Postgres, Redis

TALKS = 100_000
LINKS, AGENTS = 40, 4
VISITS, SEARCHES, SAID = 7, 12, 60
"""Looks at numbers, searches of each kind, messages said."""
ENGINES = {"SQLite": 800, "PostgreSQL": 500}
"""Milliseconds in which 95 of 100 searches are answered."""
METRICS = 300
Waits = list[float]
Sought = list[dict[str, str]]


def measure(_tools: programs.Tools) -> list[Figure]:
    talks = TALKS // int(os.environ.get("PARLOUR_BENCH_PART", "1"))
    figures = []
    for engine, most in ENGINES.items():
        if os.environ.get("PARLOUR_BENCH_ENGINE", engine) != engine:
            continue
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="parlour-bench-"))
            given = {"PARLOUR_DATA_DIR": folder, "PARLOUR_PAGES_PER_MINUTE": "0"}
            given |= dict.fromkeys(
                (f"PARLOUR_RATE_LIMIT_PER_{whom}" for whom in ("MINUTE", "PLACE", "LINK")), "0"
            )
            if engine == "PostgreSQL":
                postgres, redis = Postgres(), Redis()
                stack.callback(postgres.close)
                stack.callback(redis.close)
                given |= {"PARLOUR_DATABASE_URL": postgres.url(postgres.create()),
                          "PARLOUR_REDIS_URL": redis.url}  # fmt: skip
            began = time.perf_counter()
            year, key, token = filled(load(given), talks)
            _told(f"{engine}: {talks * EACH:,} messages", began)
            port = free_port()
            environment = plain_environment(PARLOUR_PORT=str(port), **given)
            stack.enter_context(programs.running(house.start(port, environment)[0], port))
            found = asyncio.run(_asked(f"http://127.0.0.1:{port}", key, token, year))
            _told(f"{engine}: measured", began)
            made = f"{talks * EACH:,} messages"
            metrics, kinds, alone, beside = found
            for days, took in metrics.items():
                name = f"{engine}, {made}: metrics of {days} days"
                figures.append(Figure(name, median(took), "ms", most=METRICS))
            searches = [each for waits in kinds.values() for each in waits]
            p95 = statistics.quantiles(searches, n=20)[-1]
            for kind, waits in kinds.items():
                name = f"{engine}, {made}: searches, {kind}, longest {max(waits):.0f}"
                figures.append(Figure(name, median(waits), "ms"))
            figures += [
                Figure(f"{engine}, {made}: searches, half within", median(searches), "ms"),
                Figure(f"{engine}, {made}: searches, 95 of 100 within", p95, "ms", most=most),
                Figure(f"{engine}: saying something, half within, nobody looks", median(alone),
                       "ms"),
                Figure(f"{engine}: the same while somebody searches", median(beside), "ms"),
            ]  # fmt: skip
            size = sum(each.stat().st_size for each in Path(folder).rglob("*") if each.is_file())
            if engine == "SQLite":
                figures.append(Figure(f"SQLite, {made}: on disk", size / 2**20, "MB"))
    return figures


def _told(what: str, began: float) -> None:
    print(f"  {what} after {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)


def filled(settings: Settings, talks: int) -> tuple[Year, str, str]:
    """Make an instance, fill it, and have it count; return what there is, a key, and a link."""
    year, key, token = asyncio.run(_made(settings))
    began = time.perf_counter()
    filling.store(settings, COLUMNS, year.pieces(talks))
    _told("stored", began)
    asyncio.run(_counted(settings))
    _told("counted", began)
    return year, key, token


async def _made(settings: Settings) -> tuple[Year, str, str]:
    async with main.opened(settings, upgrade=True) as tools:
        who = rights.host((await workspaces.ensure_default(tools)).id)
        doors = []
        for number in range(AGENTS):
            wish = keeping.Wish(f"a{number}", "function", {"target": "json:dumps"})
            made = await keeping.create(tools, who, wish, trusted=True, publish=True)
            for place in range(LINKS // AGENTS):
                link = await links.create(tools, who, made.agent.id, links.Wish(name=f"L{place}"))
                doors.append((made.agent.id, link.id))
        key = await staff.create_key(tools, who, "bench", Role.OWNER, None)
        last = await tools.db.read(lambda conn: conn.scalar(sa.select(sa.func.max(events.c.id))))
        year = Year(who.workspace_id, doors, tools.clock.now(), last or 0)
        return year, key.secret, link.token(tools.keys)


async def _counted(settings: Settings) -> None:
    async with main.opened(settings) as tools:
        # Sittings and words are stored as they would have been kept; only hours are counted here.
        now = tools.clock.now()
        await tools.db.write(marking.reach, "sittings", now)
        words = f"words {edition():08x} first"
        await tools.db.write(marking.reach, words, indexing.first_id(now))
        await insights.read_on(tools)


async def _asked(
    url: str, key: str, token: str, year: Year
) -> tuple[dict[int, Waits], dict[str, Waits], Waits, Waits]:
    headers = {"Authorization": f"Bearer {key}"}
    queries = _queries(year)

    async with aiohttp.ClientSession(url) as http:

        async def look(path: str, **given: str) -> float:
            began = time.perf_counter()
            async with http.get(path, params=given, headers=headers) as answer:
                await answer.read()
                assert answer.ok, answer.status
            return (time.perf_counter() - began) * 1000

        metrics = {}
        for days in (14, 90, DAYS):
            metrics[days] = [await look("/api/metrics", days=str(days)) for _ in range(VISITS)]
        searches = {
            kind: [await look("/api/messages", **{"days": str(DAYS), **each}) for each in some]
            for kind, some in queries.items()
        }
        alone = await said(http, token)
        looking = asyncio.create_task(_always(look, queries))
        beside = await said(http, token)
        looking.cancel()
        return metrics, searches, alone, beside


async def _always(look: Callable[..., Any], queries: dict[str, Sought]) -> None:
    while True:
        for some in zip(*queries.values(), strict=True):
            for each in some:
                await look("/api/messages", **{"days": str(DAYS), **each})
                await look("/api/metrics", days="90")


async def said(http: aiohttp.ClientSession, token: str) -> Waits:
    took = []
    for _ in range(SAID):
        body = {"message": "Hello?", "async_mode": True}
        began = time.perf_counter()
        async with http.post(f"/api/public/chat/{token}", json=body) as answer:
            await answer.read()
            assert answer.status == 202, answer.status
        took.append((time.perf_counter() - began) * 1000)
    return took


def _queries(year: Year) -> dict[str, Sought]:
    """Return what is looked for: frequent and rare words, beginnings, slips, quotes, filters."""
    dice, found = year.dice, dict[str, Sought]()
    said = {word for text, _ in year.pool for word in text.rstrip("?").split()}
    rare = [word for word in year.words[5_000:] if word in said]
    for _ in range(SEARCHES):
        often, seldom = dice.choice(year.words[:200]), dice.choice(rare)
        one, two = dice.choice(year.pool)[0].rstrip("?").split()[:2]
        _, link = dice.choice(year.doors)
        for kind, query in {
            "a frequent word": {"q": often},
            "a rare word": {"q": seldom},
            "a word nobody said": {"q": f"{seldom}xyz"},
            "two frequent words": {"q": f"{often} {dice.choice(year.words[:200])}"},
            "a frequent and a rare word": {"q": f"{often} {seldom}"},
            "a phrase": {"q": f'"{one} {two}"'},
            "a phrase nobody said": {"q": f'"{often} {dice.choice(year.words[:20])}"'},
            "a slip": {"q": _slipped(seldom)},
            "a beginning, by visitors": {"q": seldom[:3], "author": "visitor"},
            "a frequent word by a link": {"q": often, "link_id": link},
            "a rare word of a month": {"q": seldom, "days": "30"},
            "what had no answer": {"lack": "any"},
            "a rare word without an answer": {"q": seldom, "lack": "any"},
        }.items():
            found.setdefault(kind, []).append(query)
    return found


def _slipped(word: str) -> str:
    """Say a word's last two letters the wrong way round."""
    return word[:-2] + word[-1] + word[-2]
