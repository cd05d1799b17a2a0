"""A visitor's own drawer in a real browser: reached from the menu, taken to a phone, emptied."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.looks import look
from tests.rig import plays
from tests.rig.browser import DESKTOP, PHONE, Browser
from tests.rig.storage import POSTGRES
from tests.rig.visiting import Visit


async def looked_at(page: Page, name: str) -> None:
    """On a phone and at a desk, light and dark."""
    for size, device in ((DESKTOP, "desktop"), (PHONE, "phone")):
        await page.set_viewport_size({"width": size[0], "height": size[1]})
        await look(page, f"yours-{name}-{device}")


async def menu(page: Page) -> None:
    await page.locator(".menu-wrap > summary").click()


async def taken_over(browser: Browser, vera: Page) -> Page:
    """What the code says is opened on a phone, and asks there first; nobody else gets in by it."""
    await vera.get_by_role("button", name="Show the code").click()
    await expect(vera.locator(".handover svg")).to_be_visible()
    await looked_at(vera, "code")
    (address,) = re.findall(r"https?://\S+/continue/\w+", await vera.inner_text("main"))
    phone = await (await browser.person(size=PHONE, calm=True)).new_page()
    await phone.goto(address)
    await looked_at(phone, "here")
    await phone.get_by_role("button", name="Continue here").click()
    await expect(phone.locator(".prose")).to_contain_text("on Monday.")
    thief = await (await browser.person(size=PHONE, calm=True)).new_page()
    await thief.goto(address)
    await expect(thief.get_by_role("heading", level=1)).to_have_text("This code has been used.")
    await looked_at(thief, "used")
    return phone


async def behind_a_shut_door(vera: Page, visit: Visit) -> None:
    """Whoever is known there finds their own from what the door says."""
    await visit.keeper.terms(visit.agent, verify="required")
    await vera.goto(f"{visit.link.url}?lang=en")
    await expect(vera.get_by_role("link", name="Your data")).to_be_visible()
    await looked_at(vera, "proof")
    await visit.keeper.change(visit.agent, visit.link, enabled=False)
    await vera.goto(f"{visit.link.url}?lang=en")
    await looked_at(vera, "shut")
    await vera.get_by_role("link", name="Your data").click()
    await expect(vera.get_by_text("Another browser")).to_be_visible()
    await looked_at(vera, "shut-drawer")


@pytest.mark.only_on(POSTGRES)
async def test_a_visitor_looks_into_their_drawer_and_empties_it(
    browser: Browser, visit: Visit
) -> None:
    """MEM-09, PRI-01: in the language they choose, which stays; a phone goes on; all is gone."""
    visit.model.plays(plays.reply("It ships on Monday."), plays.reply("On Tuesday, then."))
    context = await browser.person(size=PHONE, calm=True)
    vera = await context.new_page()
    await vera.goto(visit.link.url)
    await vera.fill("#message", "When does my teapot ship?")
    await vera.press("#message", "Enter")
    await expect(vera.locator(".prose")).to_contain_text("on Monday.")

    # Arabic, chosen in the menu, stays chosen without a word in the address.
    await menu(vera)
    await vera.locator(".menu__in > summary").click()
    await vera.get_by_role("link", name="العربية").click()
    await expect(vera.locator("html")).to_have_attribute("dir", "rtl")
    await vera.goto(visit.link.url)
    await expect(vera.locator("html")).to_have_attribute("dir", "rtl")
    await menu(vera)
    await vera.get_by_role("link", name="بياناتك").click()
    await expect(vera.get_by_role("heading", level=1)).to_have_text("بياناتك هنا")
    await looked_at(vera, "arabic")
    await vera.goto(f"{visit.link.url}?lang=en")
    await menu(vera)
    await vera.get_by_role("link", name="Your data").click()
    await expect(vera.get_by_text("2 messages · open")).to_be_visible()
    await looked_at(vera, "drawer")
    async with vera.expect_download() as coming:
        await vera.get_by_role("link", name="As a page to read").click()
    assert (await coming.value).suggested_filename == "chat-data.html"

    phone = await taken_over(browser, vera)
    await vera.goto(f"{visit.link.url}/yours?lang=en")
    await expect(vera.get_by_text("Another browser")).to_be_visible()
    await behind_a_shut_door(vera, visit)
    await vera.get_by_role("link", name="Delete everything now").click()
    await looked_at(vera, "asked")
    await vera.get_by_role("button", name="Yes, delete everything").click()
    await expect(vera.get_by_role("heading", level=1)).to_have_text("Everything has been deleted.")
    await looked_at(vera, "receipt")
    await expect(vera.locator("dl code")).to_have_text(re.compile("rcp_"))
    await visit.keeper.terms(visit.agent, verify="off")
    await visit.keeper.change(visit.agent, visit.link, enabled=True)
    await phone.goto(f"{visit.link.url}/yours")
    await expect(phone.get_by_text("Nothing of you is kept here.")).to_be_visible()
    assert await visit.keeper.messages(visit.link) == []
