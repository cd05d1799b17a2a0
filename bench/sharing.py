"""PostgreSQL and Redis: many streams over a small pool, which no stream may hold on to."""

import asyncio
import json
import subprocess
import time

import asyncpg

from bench import programs
from bench.house import EVENTS, model, serving
from bench.table import Figure
from tests.rig.services import Postgres, Redis

STREAMS = 300


def measure(tools: programs.Tools) -> list[Figure]:
    postgres, redis = Postgres(), Redis()
    try:
        url = postgres.url(postgres.create())
        settings = {"PARLOUR_DATABASE_URL": url, "PARLOUR_REDIS_URL": redis.url}
        with tools.model() as model_port, serving(model(model_port), **settings) as house:
            command = tools.visitors_command(
                house.port,
                "POST",
                house.say,
                headers=(EVENTS,),
                body='{"message": "#p50n200#"}',
                end="event: done",
                visitors=STREAMS,
                ramp=3,
                times=1,
                seconds=10,
            )
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
                time.sleep(7)
                busy = asyncio.run(_busy(url))
                met, _ = process.communicate()
        found = json.loads(met)
    finally:
        redis.close()
        postgres.close()
    return [
        Figure(f"PostgreSQL, {STREAMS} streams: replies to their end", found["whole"]["count"], ""),
        Figure("… connections that were not idle in the midst of it", busy, "", most=5),
    ]


async def _busy(url: str) -> int:
    """Return the most connections of ours that were at work in any of a hundred looks."""
    connection = await asyncpg.connect(url)
    try:
        wanted = (
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE application_name = 'parlour' AND state <> 'idle'"
        )
        return max([int(await connection.fetchval(wanted)) for _ in range(100)])
    finally:
        await connection.close()
