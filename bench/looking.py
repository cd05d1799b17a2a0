"""How long every page of the studio takes at 10,000 links and 100,000 conversations.

Which pages there are, the site's own table of routes says: a page that is added is measured. The
address of each is filled with something that is there.
"""

import asyncio
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, NamedTuple

import aiohttp
import sqlalchemy as sa

from bench import house, programs, weighing
from bench.table import Figure, median
from parlour import events, main, rights, visitors, workspaces
from parlour.agents import keeping
from parlour.config import load
from parlour.conversations.store import conversations, messages
from parlour.forgetting import receipts
from parlour.kit.clock import SECOND
from parlour.kit.tokens import FOREVER, new_id, new_link_id
from parlour.links import keeping as links
from parlour.links import store as link_rows
from parlour.rights import Role, Who
from parlour.staff import people
from parlour.staff.people import NewPerson
from parlour.staff.teams import keeping as teams
from parlour.tools import Tools
from parlour.webhooks import keeping as webhooks
from parlour.widgets import keeping as widgets
from tests.rig.processes import free_port, plain_environment
from tests.rig.routes import Route, every_route
from tests.rig.services import Postgres, Redis

TALKS, LINKS, AGENTS, EVENTS, VISITS = 100_000, 10_000, 20, 100_000, 7
EMAIL, PASSWORD = "bench@parlour.example", "four words are enough"
SAID = "How do I reset my password? Call +44 20 7946 0018. " * 3
ANSWER = "Open the settings and choose **reset**. " * 20
AT_A_TIME = 2_000
MOST = 100
"""Milliseconds that a page may take."""
OTHERS = (
    *("/live", "/sources/", "/files/", "/sign-in", "/setup", "/invite/"),
    *(".svg", ".png", ".csv", ".pdf", ".json"),
)
"""What is no page, or a page for strangers."""
EXTRA = (
    "/studio/conversations?state=failed",
    "/studio/conversations?state=waiting",
    "/studio/conversations?agent=a7",
    "/studio/conversations?days=7",
    "/studio/links?q=Poster+77",
    "/studio/links?view=review",
    "/studio/links?view=unused",
    "/studio/links?agent=a7",
    "/studio/find?q=poster",
    "/studio/find?q=password",
    "/studio/history?actor=host",
)
"""Filters and searches, as far as they are pages."""
NAMED = {
    *("name", "number", "link_id", "widget_id", "conversation_id", "person_id", "team_id"),
    *("webhook_id", "receipt_id", "rest"),
}
"""What stands in addresses and is filled with something that is there."""
Row = dict[str, Any]
Door = tuple[str, str]
"""An agent and a link of it."""


def measure(_tools: programs.Tools) -> list[Figure]:
    figures = []
    for engine in ("SQLite", "PostgreSQL"):
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="parlour-bench-"))
            settings = {"PARLOUR_DATA_DIR": folder}
            if engine == "PostgreSQL":
                postgres, redis = Postgres(), Redis()
                stack.callback(postgres.close)
                stack.callback(redis.close)
                url = postgres.url(postgres.create())
                settings |= {"PARLOUR_DATABASE_URL": url, "PARLOUR_REDIS_URL": redis.url}
            there = asyncio.run(_filled(settings))
            port = free_port()
            environment = plain_environment(PARLOUR_PORT=str(port), **settings)
            stack.enter_context(programs.running(house.start(port, environment)[0], port))
            took, weight = asyncio.run(_looking(f"http://127.0.0.1:{port}", _addresses(there)))
        slowest = sorted(took.items(), key=lambda each: -each[1])
        figures += [Figure(f"{engine}: {path}", ms, "ms", most=MOST) for path, ms in slowest]
        figures.append(
            Figure(f"{engine}: all of Home, as transferred first", weight, "kB", most=150)
        )
    return figures


def _addresses(there: dict[str, str]) -> list[str]:
    """Fill the path of every page with what is there."""
    return [*dict.fromkeys(each.at(**there) for each in every_page()), *EXTRA]


def every_page() -> list[Route]:
    """List the routes of the studio that are pages."""
    return [
        route
        for route in every_route()
        if route.method == "GET"
        and route.kind == "person"
        and not any(each in route.path for each in OTHERS)
    ]


async def _filled(settings: dict[str, str]) -> dict[str, str]:
    """Make an instance with so much in it; return what the addresses of its pages name."""
    async with main.opened(load(settings)) as tools:
        workspace = await workspaces.ensure_default(tools)
        who = rights.host(workspace.id)
        new = NewPerson(workspace.id, EMAIL, "Bench", Role.OWNER, PASSWORD)
        person = await people.add(tools, who, new)
        agents = [await _agent(tools, who, number) for number in range(AGENTS)]
        widget = await widgets.create(tools, who, agents[0], widgets.Wish(name="Corner"))
        team = await teams.create(tools, who, teams.Edit("Bench", agents=agents[:1]))
        wish = webhooks.Wish(
            name="Bench", url="https://8.8.8.8/", kinds=["turn.ended"], is_on=False
        )
        hook = await webhooks.create(tools, who, wish)
        gone = {"conversations": 1}
        receipt = await tools.db.write(
            receipts.write, who.workspace_id, "conversation", tools.clock.now(), gone
        )
        start = tools.clock.now() - TALKS * SECOND
        doors = [(agent, new_link_id()) for agent in agents for _ in range(LINKS // AGENTS)]
        talks = [new_id("cnv") for _ in range(TALKS)]
        for table, rows in _rows(workspace.id, doors, talks, start):
            await _stored(tools, table, rows)
        if tools.db.kind == "postgresql":
            # As its own housekeeping does within a minute of so much that is new.
            await tools.db.write(lambda conn: conn.execute(sa.text("ANALYZE")))
    return {
        "name": "a0",
        "number": "1",
        "link_id": doors[0][1],
        "widget_id": widget.id,
        "conversation_id": talks[-1],
        "person_id": person.id,
        "team_id": team.id,
        "webhook_id": hook.hook.id,
        "receipt_id": receipt.id,
        "rest": "studio",
    }


async def _agent(tools: Tools, who: Who, number: int) -> str:
    wish = keeping.Wish(f"a{number}", "function", {"target": "json:dumps"})
    made = await keeping.create(tools, who, wish, trusted=True, publish=True)
    await links.create(tools, who, made.agent.id, links.Wish())
    return made.agent.id


async def _stored(tools: Tools, table: sa.Table, rows: Iterator[Row]) -> None:
    def unit(conn: sa.Connection, some: list[Row]) -> None:
        conn.execute(sa.insert(table), some)

    waiting: list[Row] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) == AT_A_TIME:
            await tools.db.write(unit, waiting)
            waiting = []
    if waiting:
        await tools.db.write(unit, waiting)


class _Talk(NamedTuple):
    """A conversation that is to be there."""

    id: str
    visitor: str
    door: Door
    at: int


def _rows(
    workspace: str, doors: list[Door], talks: list[str], start: int
) -> Iterator[tuple[sa.Table, Iterator[Row]]]:
    held = [
        _Talk(talk, new_id("vis"), random.choice(doors), start + n * SECOND)
        for n, talk in enumerate(talks)
    ]
    yield link_rows.links, (_link(workspace, n, door, start) for n, door in enumerate(doors))
    yield visitors.visitors, (_visitor(workspace, talk) for talk in held)
    yield conversations, (_conversation(workspace, n, talk) for n, talk in enumerate(held))
    yield messages, (row for talk in held for row in _messages(talk))
    yield (
        events.events,
        (_event(workspace, doors[n % LINKS], start + n * SECOND) for n in range(EVENTS)),
    )


def _link(workspace: str, number: int, door: Door, start: int) -> Row:
    agent, link = door
    return {
        "id": link,
        "workspace_id": workspace,
        "agent_id": agent,
        "kind": 1,
        "name": f"Poster {number}",
        "token_expires": FOREVER,
        "enabled": number % 7 != 0,
        "uses": number % 50,
        "created_at": start + number,
        "created_by": "Bench",
        "updated_at": start + number,
        "last_used_at": start + number * SECOND if number % 3 else None,
    }


def _visitor(workspace: str, talk: _Talk) -> Row:
    agent, link = talk.door
    return {
        "id": talk.visitor,
        "workspace_id": workspace,
        "agent_id": agent,
        "link_id": link,
        "created_at": talk.at,
    }


def _conversation(workspace: str, number: int, talk: _Talk) -> Row:
    agent, link = talk.door
    return {
        "id": talk.id,
        "workspace_id": workspace,
        "agent_id": agent,
        "link_id": link,
        "visitor_id": talk.visitor,
        "created_at": talk.at,
        "last_message_at": talk.at,
        "message_count": 2,
        "last_seq": 2,
        "variables": {},
        "last_reply": "done" if number % 5_000 else "failed",
    }


def _messages(talk: _Talk) -> Iterator[Row]:
    for seq, kind, text in ((1, "visitor", SAID), (2, "agent", ANSWER)):
        yield {
            "conversation_id": talk.id,
            "seq": seq,
            "id": new_id("msg"),
            "author_kind": kind,
            "author_name": "",
            "text": text,
            "state": "done",
            "created_at": talk.at,
            "epoch": 1,
            "superseded": False,
        }


def _event(workspace: str, door: Door, at: int) -> Row:
    agent, link = door
    return {
        "workspace_id": workspace,
        "kind": "link.changed",
        "at": at,
        "actor_kind": "host",
        "actor_id": "host",
        "agent_id": agent,
        "link_id": link,
        "data": {"fields": ["name"]},
    }


async def _looking(url: str, addresses: list[str]) -> tuple[dict[str, float], float]:
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(url, cookie_jar=jar, headers={"Origin": url}) as http:
        form = {"email": EMAIL, "password": PASSWORD}
        async with http.post("/studio/sign-in", data=form) as answer:
            assert answer.ok
        found = {}
        for address in addresses:
            took = []
            for _ in range(VISITS):
                began = time.perf_counter()
                async with http.get(address) as answer:
                    await answer.read()
                    assert answer.status in {200, 404}, f"{address}: {answer.status}"
                    assert answer.ok or address == "/studio/studio", address
                took.append((time.perf_counter() - began) * 1000)
            found[address] = median(took)
        cookies = {each.key: each.value for each in jar}
        transferred, _ = await weighing.load(f"{url}/studio", cookies)
        return found, transferred / 1000
