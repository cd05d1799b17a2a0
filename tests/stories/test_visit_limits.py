"""How often visitors may say something: per visitor, place and link, in all processes together."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from tests.rig.model import FakeModel
from tests.rig.nursery import Nursery
from tests.rig.server import Link, Server
from tests.rig.storage import POSTGRES, Storage
from tests.rig.visitor import Answer, Visitor
from tests.rig.waiting import eventually

OFTEN = {
    "PARLOUR_TRUSTED_PROXIES": "127.0.0.0/8",
    "PARLOUR_RATE_LIMIT_PER_MINUTE": "5",
    "PARLOUR_RATE_LIMIT_PER_PLACE": "8",
    "PARLOUR_RATE_LIMIT_PER_LINK": "20",
    "PARLOUR_MAX_MESSAGE_CHARS": "500",
    "PARLOUR_PAGES_PER_MINUTE": "5",
}


@dataclass
class Place:
    """Servers on one storage, two where there may be two, and a link."""

    servers: list[Server]
    http: aiohttp.ClientSession
    link: Link

    def visitor(self, server: int = 0) -> Visitor:
        return Visitor(self.http, self.servers[server % len(self.servers)].url, self.link.token)


@pytest.fixture
async def place(
    storage: Storage,
    tmp_path: Path,
    nursery: Nursery,
    model: FakeModel,
    http: aiohttp.ClientSession,
) -> AsyncIterator[Place]:
    many = 2 if storage.engine == POSTGRES else 1
    servers = [Server(storage, tmp_path, nursery, **OFTEN).start() for _ in range(many)]
    servers[0].make_model_agent("helper", model.base_url)
    yield Place(servers, http, servers[0].make_link("helper"))
    for each in servers:
        each.close()


async def _say(
    visitor: Visitor, address: str = "203.0.113.1", text: str = "Hi", **more: str
) -> Answer:
    body = {"message": text, "async_mode": True, **more}
    headers = {"X-Forwarded-For": address}
    return await visitor.call("chat", json=body, headers=headers)


def _told(answer: Answer) -> tuple[int, int, int]:
    """Read the quota, what is left of it, and in how many seconds there is more."""
    policy, now = answer.headers["RateLimit-Policy"], answer.headers["RateLimit"]
    left, within = (int(part.partition("=")[2]) for part in now.split(";")[1:])
    return int(policy.split(";")[1].partition("=")[2]), left, within


async def test_each_limit_trips_alone(place: Place) -> None:
    """RLB-01, RLB-02, RLB-04: the visitor's, the place's and the link's, with exact headers."""
    anna = place.visitor()
    said = [await _say(anna, message_id=f"m{n}") for n in range(5)]
    assert [_told(each)[:2] for each in said] == [(5, left) for left in (4, 3, 2, 1, 0)]
    again = await _say(anna, message_id="m0")
    assert (again.status, again.code) == (429, "too_many")
    quota, left, within = _told(again)
    assert (quota, left) == (5, 0)
    assert abs(within - int(again.headers["Retry-After"])) <= 1
    assert 1 <= within <= 60
    # A place may have two visitors, and not by writing other places in front of its own.
    others = [await _say(place.visitor(n), f"198.51.100.{n}, 203.0.113.1") for n in range(5)]
    assert Counter(each.status for each in others) == {202: 3, 429: 2}
    # The link's own limit keeps a quarter for those who were here before.
    far = [await _say(place.visitor(n), f"198.51.100.{n}") for n in range(10)]
    assert Counter(each.status for each in far) == {202: 7, 429: 3}
    assert _told(far[-1])[0] == 20
    for server in place.servers:
        assert "203.0.113.1" not in server.output.replace("[", ""), "no address in the log"


async def test_fifty_at_once(place: Place) -> None:
    """RLB-05: exactly as many as may, on two processes where there are two."""
    anna = place.visitor()
    await _say(anna)
    twins = [place.visitor(n) for n in range(2)]
    for each in twins:
        each.cookies = anna.cookies
    answers = await asyncio.gather(
        *(_say(twins[n % 2], f"203.0.113.{n}", message_id=f"m{n}") for n in range(50))
    )
    assert Counter(each.status for each in answers) == {202: 4, 429: 46}


async def test_a_message_sent_twice_counts_once(place: Place) -> None:
    anna = place.visitor()
    first = await _say(anna, message_id="one")
    for _ in range(3):
        assert (await _say(anna, message_id="one")).status == 202
    last = await _say(anna, message_id="two")
    assert (_told(first)[1], _told(last)[1]) == (4, 3)


async def test_a_link_s_own_and_the_agent_s(place: Place) -> None:
    """RLB-11: lowered while somebody talks, in force with the next message on every process."""
    server, anna = place.servers[0], place.visitor(1)
    assert (await _say(anna)).status == 202
    server.cli("link", "change", place.link.id, "--rate-limit", "1")
    refused = await _say(anna)
    assert (refused.status, _told(refused)[0]) == (429, 1)
    told = server.cli("link", "change", place.link.id, "--rate-limit", "")
    assert told["rate_limit_per_minute"] is None
    server.cli("agent", "sharing", "helper", "--rate-limit-per-minute", "0", "--message-chars", "9")
    assert (await _say(anna, text="x" * 9)).status == 202
    long = await _say(anna, text="x" * 10)
    assert (long.status, long.code) == (413, "too_long")
    assert "9 characters" in long.json["detail"]
    assert 'data-most="9"' in (await anna.page()).text


async def test_transcripts_have_a_limit_of_their_own(place: Place) -> None:
    """RLB-14."""
    anna = place.visitor()
    await _say(anna)
    found = [await anna.call("history", "GET") for _ in range(6)]
    assert [each.status for each in found] == [200] * 5 + [429]
    assert (await _say(anna)).status == 202


async def test_a_budget_is_spent_and_said(place: Place, tmp_path: Path) -> None:
    """RLB-09, RLB-11: over HTTP, in the owner's words or by documents, on every process."""
    server, anna = place.servers[0], place.visitor()
    terms = {"words": "budget_spent=Come to room 4.", "daily-token-limit": "5000"}
    terms |= {f"rate-limit-per-{each}": "0" for each in ("minute", "place", "link")}
    options = [part for name, value in terms.items() for part in (f"--{name}", value)]
    server.cli("agent", "sharing", "helper", "--turn-tokens", "9", *options)
    first = await _say(anna)
    assert '"tokens";q=5000;w=86400' in first.headers["RateLimit-Policy"]
    assert '"tokens";r=4991;t=' in first.headers["RateLimit"]
    told = server.cli("link", "change", place.link.id, "--budget", "1", "--budget-period", "day")
    assert "All together have 1 token a day." in told["summary"]
    later = place.visitor(1)
    statuses = [(await _say(later, f"203.0.113.{n}")).status for n in range(2)]
    assert statuses == [202, 429]

    async def spent() -> bool:
        return bool((await _say(place.visitor(1))).json.get("code") == "budget_spent")

    await eventually(spent)
    refused = await _say(place.visitor(), "198.51.100.9")
    assert (refused.status, refused.json["owner_says"]) == (429, "Come to room 4.")
    assert 0 < int(refused.headers["Retry-After"]) <= 86_400
    form = {"message": "Hi"}
    page = await place.visitor().ask("POST", f"/chat/{place.link.token}", data=form)
    assert page.status == 429
    assert "Come to room 4." in page.text
    # The owner has documents answer instead, and whoever reads opens what they cite.
    (tmp_path / "manual").mkdir()
    (tmp_path / "manual" / "kettles.md").write_text(
        "# Kettles\n\nThe red kettle holds two litres.\n"
    )
    server.make_documents_agent("manual", tmp_path / "manual")
    server.cli("agent", "sharing", "helper", "--when-spent", "manual")
    reader = place.visitor(1)
    asked = {"message": "How much does the red kettle hold?"}
    answer = await reader.call("chat", json=asked, headers={"X-Forwarded-For": "198.51.100.7"})
    assert "two litres" in answer.json["response"]
    history = (await reader.call("history", "GET")).json
    cited = (await reader.ask("GET", f"/chat/{place.link.token}")).text
    path = re.search(r'href="([^"]*/sources/[^"]*)"', cited)
    assert path is not None, history
    source = await reader.ask("GET", path.group(1))
    assert (source.status, "two litres" in source.text) == (200, True)
