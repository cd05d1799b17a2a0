"""Addresses where there is nothing, as people and programs come to them."""

from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.rig.colleague import Colleague, owner_of
from tests.rig.nursery import Nursery
from tests.rig.server import Server
from tests.rig.storage import Storage

BROWSER = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture
def server(storage: Storage, tmp_path: Path, nursery: Nursery) -> Iterator[Server]:
    made = Server(storage, tmp_path, nursery).start()
    yield made
    made.close()


@pytest.mark.parametrize(
    ("path", "sent", "kind"),
    [
        ("/nope", BROWSER, "text/html"),
        ("/chat", BROWSER, "text/html"),
        ("/", {"Accept": "text/html"}, "text/html"),
        ("/nope", {}, "application/problem+json"),
        ("/nope", {"Accept": "application/json"}, "application/problem+json"),
        ("/api/nope", BROWSER, "application/problem+json"),
        ("/api/public/nope", BROWSER, "application/problem+json"),
    ],
)
async def test_whoever_finds_nothing_is_told_as_they_understand_it(
    server: Server, http: aiohttp.ClientSession, path: str, sent: dict[str, str], kind: str
) -> None:
    async with http.get(server.url + path, headers=sent) as answer:
        assert answer.status == (200 if path == "/" else 404)
        assert answer.content_type == kind
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


async def test_a_slash_at_the_end_is_no_other_page(
    server: Server, http: aiohttp.ClientSession
) -> None:
    stranger = Colleague(http, server)
    for path in ("/studio/", "/studio//"):
        assert (await stranger.get(path)).leads_to == "/studio"
    found = await stranger.get("/studio/agents/")
    assert (found.status, found.leads_to) == (303, "/studio/agents")
    assert (
        await stranger.get(found.leads_to)
    ).leads_to == "/studio/sign-in?next=%2Fstudio%2Fagents"
    owner = await owner_of(http, server)
    assert (await owner.get("/studio/agents/")).leads_to == "/studio/agents"
    assert (await owner.get("/studio/nothing/")).leads_to == "/studio/nothing"
    assert (await owner.get("/studio/nothing")).status == 404
    odd = await owner.get("/studio/%2e%2e/")
    assert (odd.status, odd.leads_to) != (303, "/studio/%2e%2e")
