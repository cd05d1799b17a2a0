"""What is asked for before the first message, on a page that has had one already."""

from playwright.async_api import Page, expect

from tests.rig.axe import check_accessible
from tests.rig.browser import Browser
from tests.rig.visiting import Visit
from tests.stories.test_collecting import collecting, known


async def begun(page: Page, name: str, text: str) -> None:
    """Give what is asked for, ask, and see the answer."""
    await page.fill("#ask-name", name)
    await page.fill("#message:not([required])", text)
    await page.press("#message", "Enter")
    await expect(page.locator(".turn--agent")).to_have_attribute("data-state", "done")
    await expect(page.locator(".turn--agent")).to_have_count(1)
    await expect(page.locator("#ask-name")).to_be_hidden()


async def test_the_next_conversation_asks_again(browser: Browser, visit: Visit) -> None:
    """The form stands there without a reload, wherever the earlier conversation was put away."""
    link = await collecting(visit)
    person = await browser.person(calm=True)
    page = await person.new_page()
    await page.goto(link.url)
    await begun(page, "Vera", "Hello?")
    await page.reload()
    await expect(page.locator("#ask-name")).to_be_hidden()
    await page.get_by_role("button", name="New conversation").click()
    await expect(page.locator("#ask-name")).to_be_visible()
    await check_accessible(page, "a form on a new conversation")
    # Without it nothing is sent, and what was typed is still there.
    await page.fill("#message", "And now?")
    await page.press("#message", "Enter")
    await expect(page.locator("#ask-name")).to_be_focused()
    await expect(page.locator("#message")).to_have_value("And now?")
    await begun(page, "Vera Moor", "And now?")
    # Put away in another tab: this one learns of it by what it sends, at the latest.
    await page.reload()
    await expect(page.locator("#message:not([required])")).to_be_visible()
    other = await person.new_page()
    await other.goto(link.url)
    await other.get_by_role("button", name="New conversation").click()
    await expect(other.locator("#ask-name")).to_be_visible()
    await page.fill("#message", "Still there?")
    await page.press("#message", "Enter")
    await expect(page.locator("#ask-name")).to_be_visible()
    await expect(page.locator("#message")).to_have_value("Still there?")
    await expect(page.locator("#trouble")).to_be_hidden()
    names = [each["name"] for each in await known(visit)]
    assert sorted(names) == ["Vera", "Vera Moor"]
