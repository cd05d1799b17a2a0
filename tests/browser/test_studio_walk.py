"""The whole walk: from an empty folder to a visitor's words, live in the studio, in one sitting."""

from playwright.async_api import expect

from tests.browser.test_studio import set_up
from tests.browser.test_studio_agents import DOORS, drop, fresh
from tests.rig.browser import DESKTOP, PHONE, Browser
from tests.rig.server import Server

__all__ = ["fresh"]


async def test_from_an_empty_folder_to_a_visitor_s_words(browser: Browser, fresh: Server) -> None:
    """Setup code, agent on uploaded documents, publish, Share Chat Link, a second browser."""
    owner = await (await browser.person(size=DESKTOP)).new_page()
    await set_up(owner, fresh)
    await owner.goto(f"{fresh.url}/studio/agents/new")
    await owner.get_by_label("Name", exact=True).fill("House Handbook")
    await owner.get_by_role("button", name="Make the agent").click()
    await drop(owner, ("rules.md", DOORS))
    await expect(owner.locator("#documents").get_by_text("Ready: 1 document")).to_be_visible()
    await owner.get_by_role("button", name="Publish").click()
    await expect(owner.get_by_text("Version 1 is what visitors get")).to_be_visible()

    await owner.get_by_role("link", name="Share chat link").click()
    dialog = owner.locator("#dialog")
    await dialog.get_by_role("button", name="Generate link").click()
    shown = dialog.get_by_label("Address of the link")
    await expect(shown).to_contain_text("/chat/")
    url = await shown.inner_text()
    fresh.keep_secret(url.rpartition("/")[2])
    await owner.goto(f"{fresh.url}/studio/conversations")
    await expect(owner.get_by_text("Nobody has said anything yet")).to_be_visible()

    visitor = await (await browser.person(size=PHONE)).new_page()
    await visitor.goto(url)
    assert await visitor.context.cookies() == [], "signed out, and looking leaves nothing"
    await visitor.get_by_label("Your message").fill("How do I turn the brass key?")
    await visitor.get_by_label("Your message").press("Enter")
    await expect(visitor.locator(".prose").get_by_text("twice to the left")).to_be_visible()

    # The owner's page has stood there all the while: what was tried is not in it, the visit is.
    talk = owner.locator(".talk-row")
    await expect(talk).to_have_count(1)
    await expect(talk).to_contain_text("House Handbook")
