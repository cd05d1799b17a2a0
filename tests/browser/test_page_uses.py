"""A browser that opens a private link and waits takes no use; a person who writes takes one."""

import os

from playwright.async_api import expect

from parlour.links.rules import Kind
from tests.rig.browser import Browser
from tests.rig.visiting import Visit

IDLE = float(os.environ.get("PARLOUR_TEST_IDLE", "2"))
"""Seconds that a scanner waits on the page, while its scripts run."""


async def test_a_scanner_that_runs_scripts_and_waits_takes_nothing(
    browser: Browser, visit: Visit
) -> None:
    """LNK-09: it opens, waits, scrolls, tabs through the page, and closes it."""
    link = await visit.another_link(kind=Kind.PRIVATE, name="Priya", max_uses=1)
    scanner = await (await browser.person()).new_page()
    await scanner.goto(link.url)
    await expect(scanner.locator("#message")).to_be_visible()
    for _ in range(8):
        await scanner.keyboard.press("Tab")
    await scanner.mouse.wheel(0, 600)
    await scanner.wait_for_timeout(IDLE * 1000)
    await scanner.reload()
    await scanner.close()
    assert await visit.keeper.uses(link) == 0
    person = await (await browser.person()).new_page()
    await person.goto(link.url)
    await person.fill("#message", "Hello?")
    await person.press("#message", "Enter")
    await expect(person.locator(".prose")).to_contain_text("One two three.")
    await person.reload()
    assert await visit.keeper.uses(link) == 1
    # Whoever comes after them is told, and what to do next.
    late = await (await browser.person()).new_page()
    await late.goto(link.url)
    await expect(late.locator("h1")).to_contain_text("used")
