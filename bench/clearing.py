"""What a visitor's message waits for while old conversations are deleted, and cleared up behind.

On PostgreSQL, with a fiftieth of the year of `telling`; PARLOUR_BENCH_PART says which part.
"""

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Coroutine
from contextlib import ExitStack
from typing import Any

import aiohttp

from bench import house, programs, telling
from bench.table import Figure, median
from bench.year import DAYS, EACH
from parlour import main, rights, workspaces
from parlour.config import Settings, load
from parlour.forgetting import sweeping, terms
from tests.rig.processes import free_port, plain_environment
from tests.rig.services import Postgres, Redis

PART = 50


def measure(_tools: programs.Tools) -> list[Figure]:
    talks = telling.TALKS // int(os.environ.get("PARLOUR_BENCH_PART", PART))
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="parlour-bench-"))
        postgres, redis = Postgres(), Redis()
        stack.callback(postgres.close)
        stack.callback(redis.close)
        given = {
            "PARLOUR_DATA_DIR": folder,
            "PARLOUR_DATABASE_URL": postgres.url(postgres.create()),
            "PARLOUR_REDIS_URL": redis.url,
            **{f"PARLOUR_RATE_LIMIT_PER_{whom}": "0" for whom in ("MINUTE", "PLACE", "LINK")},
        }
        settings = load(given)
        _, _, token = telling.filled(settings, talks)
        port = free_port()
        environment = plain_environment(PARLOUR_PORT=str(port), **given)
        stack.enter_context(programs.running(house.start(port, environment)[0], port))
        return asyncio.run(_cleared(settings, f"http://127.0.0.1:{port}", token, talks))


async def _cleared(settings: Settings, url: str, token: str, talks: int) -> list[Figure]:
    """Say something again and again: alone, beside the sweep, beside the clearing up."""
    async with aiohttp.ClientSession(url) as http, main.opened(settings) as tools:
        who = rights.host((await workspaces.ensure_default(tools)).id)
        for _ in range(2):
            alone = await telling.said(http, token)
        await terms.change(tools, who, DAYS // 2, sure=True)
        beside, swept = await _beside(sweeping.sweep(tools), http, token)
        cleared, vacuumed = await _beside(tools.db.scrub(), http, token)
    what = f"{talks * EACH:,} messages"
    figures = [
        Figure(f"PostgreSQL, {what}: half of them deleted in", swept, "s"),
        Figure("PostgreSQL: cleared up behind them in", vacuumed, "s"),
    ]
    for name, waits in (
        ("while nothing is deleted", alone),
        ("while old conversations are deleted", beside),
        ("while it is cleared up", cleared),
    ):
        p95 = statistics.quantiles(waits, n=20)[-1]
        figures += [
            Figure(f"PostgreSQL: saying something {name}, half within", median(waits), "ms"),
            Figure(f"PostgreSQL: saying something {name}, 95 of 100 within", p95, "ms"),
        ]
    return figures


async def _beside(
    work: Coroutine[Any, Any, None], http: aiohttp.ClientSession, token: str
) -> tuple[telling.Waits, float]:
    """Say something as long as work takes; return what that took, and the work, in seconds."""
    began = time.perf_counter()
    working = asyncio.create_task(work)
    waits: telling.Waits = []
    while not waits or not working.done():
        waits += await telling.said(http, token)
    await working
    return waits, time.perf_counter() - began
