"""Saying for how long what is said is kept, and a receipt of what was forgotten, in a browser."""

import sqlalchemy as sa
from playwright.async_api import Page, expect

from parlour.conversations.store import conversations
from tests.browser.looks import look
from tests.browser.screens import Scene
from tests.browser.test_studio_screens import fresh, scene
from tests.rig.browser import DESKTOP, PHONE, Browser
from tests.rig.colleague import COOKIE
from tests.rig.keeper import keeping

__all__ = ["fresh", "scene"]


async def looked_at(page: Page, name: str) -> None:
    """At a desk and on a phone, light and dark."""
    for size, device in ((DESKTOP, "desktop"), (PHONE, "phone")):
        await page.set_viewport_size({"width": size[0], "height": size[1]})
        await look(page, f"{name}-{device}")
    await page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})


async def test_what_goes_is_said_first_and_a_receipt_stays(browser: Browser, scene: Scene) -> None:
    """EXP-08, PRI-02: by keyboard and mouse, with what was typed kept while one is asked."""
    server = scene.server
    older = sa.update(conversations).values(last_message_at=1)
    async with keeping(server.storage, server.url) as keeper:
        await keeper.tools.db.write(lambda conn: conn.execute(older).rowcount)
    owner = await browser.person(size=DESKTOP)
    await owner.add_cookies([{"name": COOKIE, "value": scene.cookie, "url": server.url}])
    page = await owner.new_page()
    await page.goto(f"{server.url}/studio/retention")
    await looked_at(page, "retention")
    await page.get_by_label("Days", exact=True).fill("30")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#change")).to_contain_text("2 conversations, 4 messages")
    await looked_at(page, "retention-asks")
    await page.get_by_role("button", name="Save and delete").click()
    await expect(page.locator("tbody tr").first).to_contain_text("30 days")
    await page.goto(f"{server.url}/studio/conversations/{scene.talk}/forget")
    await page.get_by_label("The visitor, with everything").check()
    await page.get_by_role("button", name="Forget for good").click()
    await expect(page.get_by_role("heading", name="A visitor was forgotten")).to_be_visible()
    await looked_at(page, "receipt")
    await page.get_by_role("link", name="Receipts").click()
    await expect(page.get_by_role("heading", name="Receipts")).to_be_visible()
    await looked_at(page, "receipts")
