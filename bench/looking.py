"""How long the studio's pages of conversations take when there are a hundred thousand of them."""

import asyncio
import random
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp

from bench import house, programs
from bench.table import Figure, median
from parlour import main, rights, workspaces
from parlour.agents import keeping
from parlour.config import load
from parlour.kit.clock import SECOND
from parlour.kit.tokens import new_id
from parlour.links import keeping as links
from parlour.rights import Role
from parlour.staff import people
from parlour.staff.people import NewPerson
from tests.rig.processes import free_port, plain_environment

TALKS, AGENTS, VISITS = 100_000, 20, 15
EMAIL, PASSWORD = "bench@parlour.example", "four words are enough"
SAID = "How do I reset my password? Call +44 20 7946 0018. " * 3
ANSWER = "Open the settings and choose **reset**. " * 20
Row = tuple[object, ...]


def measure(_tools: programs.Tools) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="parlour-bench-") as folder:
        newest = asyncio.run(_filled(Path(folder)))
        port = free_port()
        environment = plain_environment(PARLOUR_DATA_DIR=folder, PARLOUR_PORT=str(port))
        with programs.running(house.start(port, environment)[0], port):
            times = asyncio.run(_looking(f"http://127.0.0.1:{port}", newest))
    what = f"among {TALKS:,}, masked"
    return [
        Figure(f"studio: the list of conversations {what}", times[0], "ms", most=100),
        Figure("… of those whose answer failed, 1 in 5,000", times[1], "ms", most=100),
        Figure("… one conversation with its list", times[2], "ms", most=100),
    ]


async def _filled(place: Path) -> str:
    """Make an instance with so many conversations; return the id of the newest."""
    async with main.opened(load({"PARLOUR_DATA_DIR": str(place)})) as tools:
        workspace = await workspaces.ensure_default(tools)
        who = rights.host(workspace.id)
        new = NewPerson(workspace.id, EMAIL, "Bench", Role.OWNER, PASSWORD)
        await people.add(tools, who, new)
        doors = []
        for number in range(AGENTS):
            wish = keeping.Wish(f"a{number}", "function", {"target": "json:dumps"})
            made = await keeping.create(tools, who, wish, trusted=True, publish=True)
            link = await links.create(tools, who, made.agent.id, links.Wish())
            doors.append((made.agent.id, link.id))
        start = tools.clock.now() - TALKS * SECOND
    ids = [new_id("cnv") for _ in range(TALKS)]
    with sqlite3.connect(place / "parlour.db") as connection:
        for table, rows in _rows(workspace.id, doors, ids, start):
            for row in rows:
                connection.execute(f"INSERT INTO {table} VALUES ({','.join('?' * len(row))})", row)
    return ids[-1]


def _rows(
    workspace: str, doors: list[tuple[str, str]], ids: list[str], start: int
) -> Iterator[tuple[str, Iterator[Row]]]:
    visitors = [new_id("vis") for _ in ids]
    chosen = [random.choice(doors) for _ in ids]
    yield (
        "visitors (id, workspace_id, agent_id, link_id, created_at)",
        (
            (visitor, workspace, *door, start + n * SECOND)
            for n, (visitor, door) in enumerate(zip(visitors, chosen, strict=True))
        ),
    )
    yield (
        ("conversations (id, workspace_id, agent_id, link_id, visitor_id, created_at,"
        " last_message_at, message_count, last_seq, variables, last_reply)"),
        (
            (talk, workspace, *door, visitor, start + n * SECOND, start + n * SECOND, 2, 2, "{}",
             "done" if n % 5_000 else "failed")
            for n, (talk, door, visitor) in enumerate(zip(ids, chosen, visitors, strict=True))
        ),
    )  # fmt: skip
    yield (
        (
            "messages (conversation_id, seq, id, author_kind, author_name, text, state, created_at,"
            " epoch, superseded)"
        ),
        (
            (talk, seq, new_id("msg"), kind, "", text, "done", start + n * SECOND, 1, 0)
            for n, talk in enumerate(ids)
            for seq, kind, text in ((1, "visitor", SAID), (2, "agent", ANSWER))
        ),
    )


async def _looking(url: str, newest: str) -> list[float]:
    path = "/studio/conversations"
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(url, cookie_jar=jar, headers={"Origin": url}) as http:
        form = {"email": EMAIL, "password": PASSWORD}
        async with http.post("/studio/sign-in", data=form) as answer:
            assert answer.ok
        times = []
        for address in (path, f"{path}?state=failed", f"{path}/{newest}"):
            took = []
            for _ in range(VISITS):
                began = time.perf_counter()
                async with http.get(address) as answer:
                    await answer.read()
                    assert answer.ok
                took.append((time.perf_counter() - began) * 1000)
            times.append(median(took))
    return times
