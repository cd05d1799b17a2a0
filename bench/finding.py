"""Whether finding a link costs more when there are a thousand times as many."""

import asyncio
import os
import random
import sqlite3
import tempfile
import time
from pathlib import Path

from bench import programs
from bench.table import Figure, median
from parlour import main, rights, workspaces
from parlour.agents import keeping
from parlour.config import Settings, load
from parlour.entrance import look
from parlour.kit.tokens import FOREVER, new_link_id
from parlour.tools import Tools

FEW, MANY = 1_000, 1_000_000
BUSY = 1_000
"""Links that visitors come by; the others are only there."""
LOOKS = 5_000
ROUNDS = 5


def measure(_tools: programs.Tools) -> list[Figure]:
    return asyncio.run(_measure())


async def _measure() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="parlour-bench-") as folder:
        few, many = Path(folder) / "few", Path(folder) / "many"
        tokens = {place: await _filled(place, n) for place, n in ((few, FEW), (many, MANY))}
        times: dict[Path, list[float]] = {few: [], many: []}
        async with main.opened(_settings(few)) as small, main.opened(_settings(many)) as large:
            for turn in range(ROUNDS + 1):
                for place, tools in ((few, small), (many, large)):
                    cost = await _looking(tools, tokens[place])
                    if turn:  # the first round finds nothing in memory
                        times[place].append(cost)
    small_cost, large_cost = median(times[few]), median(times[many])
    return [
        Figure(f"finding one of {FEW:,} links", small_cost, "µs"),
        Figure(f"… of {MANY:,}", large_cost, "µs"),
        Figure("… ratio", large_cost / small_cost, "×", most=1.2),
    ]


def _settings(place: Path) -> Settings:
    return load({"PARLOUR_DATA_DIR": str(place), "PARLOUR_SECRET_KEY": "measured" * 4})


async def _filled(place: Path, count: int) -> list[str]:
    """Make an instance with so many links; return the tokens of some of them."""
    async with main.opened(_settings(place)) as tools:
        workspace = await workspaces.ensure_default(tools)
        wish = keeping.Wish("measured", "function", {"target": "json:dumps"})
        who = rights.host(workspace.id)
        made = await keeping.create(tools, who, wish, trusted=True, publish=True)
        ids = [new_link_id() for _ in range(count)]
        shown = random.sample(ids, BUSY)
        signed = [tools.keys.sign_link(1, each, FOREVER) for each in shown]
    columns = "id workspace_id agent_id kind token_expires enabled uses created_at created_by"
    names = [*columns.split(), "updated_at"]
    insert = f"INSERT INTO links ({','.join(names)}) VALUES ({','.join('?' * len(names))})"
    with sqlite3.connect(place / "parlour.db") as connection:
        rows = ((each, workspace.id, made.agent.id, 1, 0, 1, 0, 1, "bench", 1) for each in ids)
        connection.executemany(insert, rows)
    os.sync()
    return signed


async def _looking(tools: Tools, tokens: list[str]) -> float:
    began = time.perf_counter()
    for at in range(LOOKS):
        await look(tools, tokens[at % len(tokens)], None)
    return (time.perf_counter() - began) / LOOKS * 1e6
