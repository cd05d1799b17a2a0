"""The owner's whole way: from an empty data folder to a conversation that is seen as it comes."""

from collections.abc import Callable, Iterator

import pytest
from playwright.async_api import Page, expect

from tests.browser.test_studio import set_up
from tests.browser.test_studio_agents import drop
from tests.rig.browser import DESKTOP, PHONE, Browser
from tests.rig.nursery import Nursery
from tests.rig.server import Server
from tests.rig.storage import SQLITE, Storage

RETURNS = "# Returns\n\nThings can be returned within 30 days, unused and in their box.\n"


@pytest.fixture
def empty(make_storage: Callable[[str], Storage], nursery: Nursery) -> Iterator[Server]:
    """A server on an empty data folder."""
    storage = make_storage(SQLITE)
    made = Server(storage, storage.data_dir.parent, nursery).start()
    yield made
    made.close()


async def _shared(owner: Page, server: Server) -> str:
    """Share the agent's widget for a day; answers with the address."""
    await owner.get_by_role("link", name="Share chat link of Corner shop").click()
    dialog = owner.locator("#dialog")
    await dialog.get_by_role("radio", name="Temporary").check(force=True)
    await dialog.get_by_role("button", name="Generate link").click()
    address = dialog.get_by_label("Address of the link")
    url = (await address.inner_text()).strip()
    server.keep_secret(url.rpartition("/")[2])
    await owner.keyboard.press("Escape")
    return url


async def test_from_the_setup_code_to_a_conversation_that_appears(
    browser: Browser, empty: Server
) -> None:
    """Everything by what the pages offer: after the first address nobody types one."""
    owner = await (await browser.person(size=DESKTOP)).new_page()
    await set_up(owner, empty)
    await owner.get_by_role("link", name="Make an agent").click()
    await owner.get_by_label("Name", exact=True).fill("Corner shop")
    await owner.get_by_role("button", name="Make the agent").click()
    await drop(owner, ("returns.md", RETURNS))
    await expect(owner.locator("#documents").get_by_text("Ready: 1 document")).to_be_visible()
    await owner.get_by_role("button", name="Publish").click()
    await expect(owner.get_by_text("Version 1 is what visitors get")).to_be_visible()
    await owner.get_by_role("link", name="Widgets").first.click()
    url = await _shared(owner, empty)
    await owner.get_by_role("link", name="Conversations").first.click()
    await expect(owner.get_by_text("Nobody has said anything yet")).to_be_visible()

    visitor = await (await browser.person(size=PHONE)).new_page()
    await visitor.goto(url)
    await visitor.get_by_label("Your message").fill("How long can things be returned?")
    await visitor.get_by_label("Your message").press("Enter")
    await expect(visitor.locator(".prose").get_by_text("within 30 days")).to_be_visible()

    # Without a reload the owner sees it, and reads what the visitor read.
    row = owner.locator(".talk-row")
    await expect(row).to_have_count(1)
    await row.click()
    await expect(owner.locator(".bubble")).to_have_text("How long can things be returned?")
    await expect(owner.locator(".turn--agent .prose")).to_contain_text("within 30 days")
