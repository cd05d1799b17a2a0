"""The studio by keyboard alone: the palette, single keys, and a way to switch them off."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from playwright.async_api import Page, expect

from tests.browser.looks import look
from tests.browser.test_studio import set_up
from tests.rig.axe import check_accessible
from tests.rig.browser import DESKTOP, PHONE, Browser
from tests.rig.nursery import Nursery
from tests.rig.server import Server
from tests.rig.storage import SQLITE, Storage
from tests.rig.waiting import eventually


@pytest.fixture
def fresh(make_storage: Callable[[str], Storage], nursery: Nursery) -> Iterator[Server]:
    """A server nobody owns yet."""
    storage = make_storage(SQLITE)
    made = Server(storage, storage.data_dir.parent, nursery).start()
    yield made
    made.close()


async def chosen(page: Page, words: str) -> None:
    """Wait until this option is what a screen reader would read, by the pointer of the field."""
    option = (
        "document.getElementById(document.querySelector('#palette input')"
        ".getAttribute('aria-activedescendant'))?.innerText ?? ''"
    )

    async def read() -> bool:
        return bool(await page.evaluate(option) == words)

    await eventually(read)


async def test_the_palette_finds_and_goes(browser: Browser, fresh: Server) -> None:
    page = await (await browser.person(size=DESKTOP)).new_page()
    await set_up(page, fresh)
    await page.wait_for_load_state()
    await page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Find or do")
    await expect(field).to_be_focused()
    await expect(page.get_by_role("option", name="Invite a colleague")).to_be_visible()
    await look(page, "palette")
    await page.keyboard.type("api k")
    await expect(page.locator("#palette").get_by_role("option")).to_have_text(
        ["Make an API key", "API keys"]
    )
    await chosen(page, "Make an API key")
    await page.keyboard.press("ArrowDown")
    await chosen(page, "API keys")
    await page.keyboard.press("ArrowDown")
    await chosen(page, "Make an API key")
    await page.keyboard.press("ArrowUp")
    await chosen(page, "API keys")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="API keys")).to_be_visible()
    await page.wait_for_load_state()
    await page.keyboard.press("Control+k")
    await field.fill("nothing is called so")
    await expect(page.get_by_role("option", name="Nothing here is called that.")).to_be_visible()
    await look(page, "palette, nothing found")
    await field.fill("olga")
    await expect(page.locator("#palette").get_by_role("option")).to_have_text(
        ["Olga Langeolga@team.example"]
    )
    await page.keyboard.press("Escape")
    await expect(field).to_be_hidden()
    await page.locator(".rail__find").click()
    await field.fill("invite")
    await expect(page.locator("#palette").get_by_role("option")).to_have_count(1)
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("E-mail")).to_be_focused()


async def test_single_keys_go_where_they_say(browser: Browser, fresh: Server) -> None:
    page = await (await browser.person(size=DESKTOP)).new_page()
    await set_up(page, fresh)
    # Two keys belong together for a moment, in which a busy machine may not press the second.
    await page.clock.set_fixed_time(datetime.now(UTC))
    await page.wait_for_load_state()
    for keys, heading in (
        ("gp", "People"),
        ("gk", "API keys"),
        ("gy", "History"),
        ("gh", "Welcome"),
    ):
        for key in keys:
            await page.keyboard.press(key)
        await expect(page.get_by_role("heading", name=heading).first).to_be_visible()
        await page.wait_for_load_state()
    await page.goto(f"{fresh.url}/studio/people")
    await page.keyboard.press("j")
    await expect(page.get_by_role("link", name="Olga Lange", exact=True)).to_be_focused()
    await page.keyboard.press("/")
    await expect(page.get_by_role("combobox", name="Find or do")).to_be_focused()
    await page.keyboard.press("Escape")
    await page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard")
    await expect(sheet).to_be_visible()
    await check_accessible(page, "the list of keys")
    await sheet.get_by_role("switch").uncheck()
    await page.keyboard.press("Escape")
    await page.keyboard.press("?")
    await expect(sheet).to_be_hidden()
    await page.keyboard.press("g")
    await page.keyboard.press("k")
    await expect(page.get_by_role("heading", name="People", exact=True)).to_be_visible()


async def test_keys_are_letters_where_one_types(browser: Browser, fresh: Server) -> None:
    page = await (await browser.person(size=DESKTOP)).new_page()
    await set_up(page, fresh)
    await page.goto(f"{fresh.url}/studio/people")
    await page.get_by_label("E-mail").focus()
    await page.keyboard.type("gh?n/j@x.example")
    await expect(page.get_by_label("E-mail")).to_have_value("gh?n/j@x.example")


async def test_without_scripts_finding_is_a_page(browser: Browser, fresh: Server) -> None:
    page = await (await browser.person(size=PHONE)).new_page()
    await set_up(page, fresh)
    state = await page.context.storage_state()
    still = await browser.person(size=PHONE, javascript=False)
    await still.add_cookies(state["cookies"])  # type: ignore[arg-type]
    page = await still.new_page()
    await page.goto(f"{fresh.url}/studio/find?q=key")
    await page.get_by_role("link", name="API keys").first.click()
    await expect(page.get_by_role("heading", name="API keys")).to_be_visible()
