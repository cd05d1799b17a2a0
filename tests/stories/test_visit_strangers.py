"""Whoever tries link addresses is slowed down; whoever has one is not (LNK-04, RLB-01)."""

from collections import Counter
from pathlib import Path

import aiohttp
import pytest

from tests.rig.model import FakeModel
from tests.rig.nursery import Nursery
from tests.rig.server import Server
from tests.rig.storage import Storage

TRIES = 8
ALLOWED = 5


@pytest.mark.parametrize("proxy", ["", "127.0.0.0/8"])
async def test_wrong_addresses_are_counted_by_place(
    storage: Storage,
    tmp_path: Path,
    nursery: Nursery,
    model: FakeModel,
    http: aiohttp.ClientSession,
    proxy: str,
) -> None:
    settings = {"PARLOUR_WRONG_TOKENS_PER_MINUTE": str(ALLOWED), "PARLOUR_TRUSTED_PROXIES": proxy}
    server = Server(storage, tmp_path, nursery, **settings).start()
    server.make_model_agent("helper", model.base_url)
    link = server.make_link("helper")

    async def ask(path: str, place: str) -> tuple[int, str | None]:
        headers = {"X-Forwarded-For": place}
        async with http.get(server.url + path, headers=headers) as answer:
            return answer.status, answer.headers.get("Retry-After")

    paths = ["/chat/nothing", "/api/public/history/nothing"]
    found = [await ask(paths[n % 2], f"198.51.100.{n}, 203.0.113.9") for n in range(TRIES)]
    # The rightmost address is the proxy's own word; what stands left of it changes nothing.
    assert Counter(status for status, _ in found) == {404: ALLOWED, 429: TRIES - ALLOWED}
    waits = [int(wait or 0) for status, wait in found if status == 429]
    assert all(1 <= wait <= 60 for wait in waits)

    assert (await ask(f"/chat/{link.token}", "203.0.113.9"))[0] == 200
    elsewhere = (await ask("/chat/nothing", "203.0.113.10"))[0]
    assert elsewhere == (404 if proxy else 429)
    server.close()
