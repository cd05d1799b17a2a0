"""The rig itself: both set-ups are real, fresh for every test, and end with the run."""

import aiohttp
import pytest
from sqlalchemy import Connection, text

from parlour.kit.db import Database
from tests.rig import plays
from tests.rig.browser import Browser
from tests.rig.model import FakeModel
from tests.rig.services import Postgres
from tests.rig.storage import SQLITE, Storage
from tests.rig.waiting import eventually


def _make_table(conn: Connection) -> None:
    conn.execute(text("CREATE TABLE mark (id INTEGER)"))


async def test_every_test_gets_a_storage_of_its_own(db: Database, storage: Storage) -> None:
    await db.write(_make_table)
    assert db.kind == ("sqlite" if storage.engine == SQLITE else "postgresql")


async def test_and_finds_nothing_of_the_test_before(db: Database) -> None:
    await db.write(_make_table)


def test_what_postgres_acknowledges_outlives_every_program(postgres: Postgres) -> None:
    postgres.execute("DO $$ BEGIN ASSERT current_setting('synchronous_commit') = 'on'; END $$")


async def test_the_model_records_and_plays_its_part(
    model: FakeModel, http: aiohttp.ClientSession
) -> None:
    model.plays(plays.error(429, Retry_After="1"), plays.reply("Two words.", usage=None))
    ask = {"model": "fake", "stream": True, "messages": []}
    async with http.post(f"{model.base_url}/chat/completions", json=ask) as refused:
        assert refused.status == 429
        assert refused.headers["Retry-After"] == "1"
    async with http.post(f"{model.base_url}/chat/completions", json=ask) as answered:
        text = await answered.text()
    assert text.count('"delta": {"content"') == 2
    assert text.endswith("data: [DONE]\n\n")
    assert [asked.json["stream"] for asked in model.requests] == [True, True]


async def test_the_model_breaks_when_told_to(model: FakeModel, http: aiohttp.ClientSession) -> None:
    model.plays(plays.reset_after("Half a"))
    with pytest.raises(aiohttp.ClientError):
        async with http.post(f"{model.base_url}/chat/completions", json={}) as answered:
            await answered.read()
    await eventually(lambda: model.open_connections == 0)


async def test_a_paused_model_goes_on_when_released(
    model: FakeModel, http: aiohttp.ClientSession
) -> None:
    model.plays(plays.paused("one", " two"))
    async with http.post(f"{model.base_url}/chat/completions", json={}) as answered:
        first = await answered.content.readuntil(b"\n\n")
        model.release()
        rest = await answered.content.read()
    assert b"one" in first
    assert b" two" in rest


async def test_the_browser_writes_down_what_a_page_asks_for(
    browser: Browser, model: FakeModel
) -> None:
    page = await browser.open(f"{model.base_url}/models")
    assert "fake" in await page.content()
    await page.evaluate("fetch('http://elsewhere.example/spy').catch(() => 0)")
    assert browser.requests_elsewhere() == ["http://elsewhere.example/spy"]
    browser.requests.clear()
    browser.errors.clear()
