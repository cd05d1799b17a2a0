"""Two days of simulated visitors: every number that anybody is shown is what the rows say."""

import csv
import html
import io
import random
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

import aiohttp
import sqlalchemy as sa

from parlour import insights, main, rights, workspaces
from parlour.agents import keeping as agents
from parlour.chat import resuming
from parlour.config import Settings
from parlour.conversations import holds
from parlour.insights import terms
from parlour.kit.clock import DAY, HOUR, MINUTE, SetClock, SystemClock
from parlour.kit.queue.rows import jobs
from parlour.links import keeping as links
from parlour.links import private
from parlour.links.rules import Kind
from parlour.tools import Tools
from tests.rig import plainly
from tests.rig.colleague import owner_of
from tests.rig.managing import MODEL, Api
from tests.rig.plainly import Plain, Ways, Where
from tests.rig.server import Server
from tests.rig.simulated import Somebody, World, answer

ZONE: Final = "Asia/Kathmandu"
ELSEWHERE: Final = "America/St_Johns"
COST: Final = (("0.15", "0.60"), ("3", "15"))


async def opened_world(tools: Tools) -> World:
    """Two agents, each with a public link, and with private ones for a user and for a group."""
    owner = rights.host((await workspaces.ensure_default(tools)).id)
    made, doors = [], []
    for name in ("anna", "bert"):
        wish = agents.Wish(name, "openai", MODEL, {"display_name": name.title()})
        made.append((await agents.create(tools, owner, wish, trusted=True, publish=True)).agent)
    posters = links.Wish(name="Poster")
    doors += [await links.create(tools, owner, agent.id, posters) for agent in made]
    for agent, name in zip(made, ("Ms Heron", "Group Plover"), strict=True):
        wished = links.Wish(kind=Kind.PRIVATE, name=name)
        doors += await private.invite(tools, owner, agent.id, [wished])
    cost = {agent.id: each for agent, each in zip(made, COST, strict=True)}
    await terms.change(tools, owner, zone=ZONE, cost=cost)
    at = (SystemClock().now() // DAY - 4) * DAY + 2 * HOUR
    tokens = [(each.id, each.token(tools.keys)) for each in doors]
    return World(tools, SetClock(at), owner, made, tokens)


async def goes_on(settings: Settings, world: World, dice: random.Random) -> None:
    """A process that counts, and is gone before it has counted all."""
    async with main.opened(settings) as tools:
        tools.clock = world.clock
        world.tools = tools
        await world.day(dice, 18)
        await insights.read_on(tools)
        await world.day(dice, 8)
        await tools.db.write(nobody_goes_on)


def nobody_goes_on(conn: sa.Connection) -> None:
    """Agents do not go on today where people of the team left off on those days."""
    names = (resuming.RESUME, holds.LAPSE)
    conn.execute(sa.delete(jobs).where(jobs.c.name.in_(names)))


async def comes_late(settings: Settings, world: World) -> None:
    """What a host wrote whose clock is behind, after its hour was counted."""
    async with main.opened(settings) as tools:
        behind = SetClock(world.clock.now() - 80 * MINUTE)
        tools.clock = behind
        late = Somebody(tools, world.doors[0][1])
        for _ in range(2):
            await late.say("Is this too late?")
            await answer(tools, behind, late.talk, 1_700, used=40)
            behind.forward(MINUTE)


async def test_every_number_is_what_the_rows_say(
    settings: Settings, own_server: Server, http: aiohttp.ClientSession
) -> None:
    """Page, CSV and JSON; over days, hours, agents, links, users and groups, and before."""
    olga = await owner_of(http, own_server)
    api = Api(http, own_server.url, own_server.make_key())
    own_server.kill9()
    async with main.opened(settings) as tools:
        world = await opened_world(tools)
    dice = random.Random(7)
    await goes_on(settings, world, dice)
    own_server.start()
    own_server.cli("metrics", "count")
    own_server.kill9()
    world.clock.forward(16 * HOUR)
    await goes_on(settings, world, dice)
    await comes_late(settings, world)
    own_server.start()
    own_server.cli("metrics", "count")
    async with main.opened(settings) as tools:
        plain = await tools.db.browse(plainly.counted, world.noted)
    names = {each.id: each.name for each in world.agents}
    shown = Shown(plain, names, dict(zip(names, COST, strict=True)))
    days = sorted({shown.by.shown(each.at).date() for each in plain.facts})
    last = days[-1]
    for first in (days[0], last):
        query = f"?first={first}&last={last}"
        await as_json(shown, api, query, first, last)
        told = (await api.get(f"/api/metrics.csv{query}")).body
        as_csv(shown, told.decode("utf-8-sig"), first, last)
        assert (await olga.get(f"/studio/metrics.csv{query}")).text.encode() == told
        as_page(shown, (await olga.get(f"/studio/metrics{query}")).text, first, last)
    for link, _ in world.doors:
        one = replace(shown, where=shown.by.link(link))
        await as_json(one, api, f"?first={days[0]}&last={last}&link_id={link}", days[0], last)
    # Other days, of which none is kept yet, and then all are.
    own_server.cli("metrics", "terms", "--zone", ELSEWHERE)
    other = replace(shown, zone=ELSEWHERE)
    days = sorted({other.by.shown(each.at).date() for each in plain.facts})
    query = f"?first={days[0]}&last={days[-1]}"
    for _ in range(2):
        await as_json(other, api, query, days[0], days[-1])
        own_server.cli("metrics", "count")
    for agent, name in names.items():
        one = replace(other, where=other.by.agent(agent))
        await as_json(one, api, f"{query}&agent={name}", days[0], days[-1])


@dataclass(frozen=True)
class Shown:
    """The plain count, as far as somebody asks for it."""

    plain: Plain
    names: dict[str, str]
    prices: dict[str, tuple[str, str]]
    where: Where = lambda *_: True
    zone: str = ZONE

    @property
    def by(self) -> Ways:
        return Ways(ZoneInfo(self.zone))

    def amounts(self, *where: Where, waits: bool = True) -> dict[str, Any]:
        every = (self.where, *where)
        return self.plain.amounts(
            lambda *at: all(each(*at) for each in every), self.prices, waits=waits
        )


def read(amounts: dict[str, Any]) -> dict[str, Any]:
    return amounts | {"cost": Decimal(amounts["cost"])}


async def as_json(shown: Shown, api: Api, query: str, first: date, last: date) -> None:
    """In all, before, and by day, hour, agent and link; those with nothing need not be told."""
    told = (await api.get(f"/api/metrics{query}")).json
    by, span = shown.by, shown.by.days(first, last)
    total = shown.amounts(span)
    assert read(told["total"]) == total
    earlier = first - (last - first) - timedelta(1), first - timedelta(1)
    assert read(told["before"]) == shown.amounts(by.days(*earlier))
    assert {each["day"]: read(each["amounts"]) for each in told["days"]} == {
        str(day): shown.amounts(by.day(day)) for day in each_day(first, last)
    }
    for hour, each in enumerate(told["hours"]):
        assert read(each) == shown.amounts(span, by.hour(hour), waits=False), hour
    for agent, name in shown.names.items():
        amounts = [read(e["amounts"]) for e in told["agents"] if e["agent_name"] == name]
        expected = shown.amounts(span, by.agent(agent))
        assert amounts == [expected] * any(value for value in expected.values()), name
    for each in told["links"]:
        expected = shown.amounts(span, by.link(each["link_id"]), waits=False)
        assert read(each["amounts"]) == expected, each["link_name"]
    for name in ("opened", "sessions", "messages", "asked", "input_tokens", "good"):
        for parts in (told["days"], told["agents"], told["links"]):
            assert sum(each["amounts"][name] for each in parts) == total[name], name


def each_day(first: date, last: date) -> list[date]:
    return [first + timedelta(n) for n in range((last - first).days + 1)]


def as_csv(shown: Shown, text: str, first: date, last: date) -> None:
    """A day a line, and the whole below."""
    lines = list(csv.DictReader(io.StringIO(text)))
    assert [line["day"] for line in lines] == [*map(str, each_day(first, last)), "all"]
    for line in lines:
        day = None if line["day"] == "all" else date.fromisoformat(line["day"])
        expected = shown.amounts(shown.by.days(day or first, day or last))
        expected.pop("typical_seconds")
        given = {name: line[name] for name in expected}
        assert read(given) == {
            name: value if name == "cost" else "" if value is None else str(value)
            for name, value in expected.items()
        }


def as_page(shown: Shown, text: str, first: date, last: date) -> None:
    """What stands large, the tables behind the plots, the steps, the agents and the links."""
    by, span = shown.by, shown.by.days(first, last)
    total = shown.amounts(span)
    figures = re.findall(r'<span class="k-label">(.*?)</span>(.*?)</div>', text, re.DOTALL)
    large = {words(label): words(rest) for label, rest in figures}
    n = {name: f"{value:,}" for name, value in total.items() if isinstance(value, int)}
    alone = total["sessions"] - total["handed"]
    tokens = total["input_tokens"] + total["output_tokens"]
    for label, begins in {
        "Sessions": n["sessions"],
        "Visitors": n["visitors"],
        "Messages": n["messages"],
        "By the agent alone": f"{share(alone, total['sessions'])} {n['handed']} with a person",
        "A session lasts": lasted(total),
        "First word within": f"{seconds(total['first_word_p50_ms'])} half of the answers; 95 of "
        f"100: {seconds(total['first_word_p95_ms'])}",
        "Thumbs up": f"{liked(total)} {n['good']} of {total['good'] + total['poor']} rated",
        "Tokens": f"{tokens:,} {n['input_tokens']} in, {n['output_tokens']} out",
        "Cost": f"{total['cost']:,.2f} EUR",
    }.items():
        assert f"{large[label]} ".startswith(f"{begins} ".replace(" rated ", " rated")), label
    days = [(day, shown.amounts(by.day(day))) for day in each_day(first, last)]
    table = tables(text)
    plain = ("sessions", "handed", "visitors", "messages", "opened")
    assert table["plot-sessions"] == [[str(day), *told(each, plain)] for day, each in days]
    assert table["plot-waits"] == [
        [str(day), *(seconds(each[f"first_word_p{percent}_ms"]) for percent in (50, 95))]
        for day, each in days
    ]
    assert table["plot-hours"] == [
        [f"{hour:02}:00", *told(shown.amounts(span, by.hour(hour)), (plain[0], *plain[2:]))]
        for hour in range(24)
    ]
    assert table["plot-tokens"] == [
        [str(day), *told(each, ("input_tokens", "output_tokens")), f"{each['cost']:,.2f}"]
        for day, each in days
    ]
    agents = [(name.title(), shown.amounts(span, by.agent(each))) for each, name in
              shown.names.items()]  # fmt: skip
    found = [line(name, each) for name, each in agents if each["opened"] or each["sessions"]]
    assert sorted(table.get("by-agent", found)) == sorted(found)
    beside(text, total)


def beside(text: str, total: dict[str, Any]) -> None:
    """The steps from the door to an answer, and what stands below them."""
    steps = [
        words(each) for each in re.findall(r"<li.*?>(.*?)</li>", between(text, "funnel"), re.DOTALL)
    ]
    before = total["opened"], total["sessions"], total["sessions"]
    numbers = total["sessions"], total["answered"], total["handed"]
    labels = "Started", "Answered", "With a person"
    assert steps == [
        f"Opened {total['opened']:,}",
        *(f"{label} {number:,} {share(number, of)}"
          for label, number, of in zip(labels, numbers, before, strict=True)),
        f"Thumbs up {total['good']} of {total['good'] + total['poor']}",
    ]  # fmt: skip
    pairs = words(between(text, "pairs"))
    for said in (
        f"Asked for a person {total['asked']} times",
        f"Taken over {total['taken']} times",
        f"Failed answers {total['failures']} ,",
        f"Thumbs down {total['poor']} ,",
        f"Asked for anew {total['again']} answers, {total['edited']} questions said otherwise",
    ):
        assert said in pairs


def between(text: str, name: str) -> str:
    found = re.search(rf'<(\w+) class="{name}">(.*?)</\1>', text, re.DOTALL)
    assert found is not None, name
    return found[2]


def words(text: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def tables(text: str) -> dict[str, list[list[str]]]:
    """Every table that is named, row by row."""
    found = re.findall(r'aria-labelledby="([\w-]+)"><table.*?<tbody>(.*?)</tbody>', text, re.DOTALL)
    return {
        name: [
            [words(cell) for cell in re.findall(r"<td.*?>(.*?)</td>", row, re.DOTALL)]
            for row in re.findall(r"<tr>(.*?)</tr>", rows, re.DOTALL)
        ]
        for name, rows in found
    }


def told(amounts: dict[str, Any], names: Iterable[str]) -> list[str]:
    return [f"{amounts[name]:,}" for name in names]


def line(name: str, each: dict[str, Any]) -> list[str]:
    """A line of the table of agents."""
    tokens = each["input_tokens"] + each["output_tokens"]
    numbers = told(each, ("opened", "sessions", "visitors", "messages"))
    rest = [f"{each['handed']:,}", liked(each), f"{tokens:,}", f"{each['cost']:,.2f}"]
    return [name, *numbers, lasted(each), *rest]


def share(part: int, whole: int) -> str:
    return f"{round(part * 100 / whole)} %"


def liked(amounts: dict[str, Any]) -> str:
    rated = amounts["good"] + amounts["poor"]
    return share(amounts["good"], rated) if rated else "–"


def lasted(amounts: dict[str, Any]) -> str:
    if not amounts["sessions"]:
        return "–"
    whole = round(amounts["typical_seconds"])
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def seconds(bound: int | None) -> str:
    if bound is None:
        return "–"
    if bound == 0:
        return "over 60 s"
    return f"{bound / 1000} s" if bound < 1000 else f"{round(bound / 1000, 1)} s"
