"""Confirming an address in a real browser: what was written waits, a pasted code is enough."""

from playwright.async_api import expect

from tests.rig.browser import PHONE, Browser
from tests.rig.visiting import Visit
from tests.stories.test_public_verify import EMAILS, asks, mailed


async def test_what_was_written_is_sent_once_the_address_is_confirmed(
    browser: Browser, visit: Visit
) -> None:
    await asks(visit, verify="after", verify_after=1)
    email = next(EMAILS)
    page = await browser.open(visit.link.url)
    await page.fill("#message", "First")
    await page.press("#message", "Enter")
    await expect(page.locator('.turn--agent[data-state="done"]')).to_have_count(1)
    await page.fill("#message", "Second")
    await page.press("#message", "Enter")
    await page.fill("#email", email)
    await page.press("#email", "Enter")
    await expect(page.locator("#code")).to_be_focused()
    high = await page.evaluate("document.documentElement.scrollHeight")
    assert high == PHONE[1], "nothing is to be scrolled for"
    await expect(page.get_by_role("button", name="New code in")).to_be_disabled()
    code = await mailed(visit, email)
    await page.reload()
    await page.fill("#code", f"{(int(code) + 1) % 1_000_000:06d}")
    await expect(page.locator("#e-code")).to_contain_text("4 tries left")
    await page.fill("#code", f" {code[:3]}-{code[3:]} ")
    await expect(page.locator(".turn--agent")).to_have_count(2)
    await expect(page.locator(".bubble")).to_have_text(["First", "Second"])
    assert "/verify" not in page.url
