"""Asking for a person in a real browser: asked, waited for, an address left if nobody came."""

import pytest
from playwright.async_api import Page, expect

from parlour import takeover
from tests.browser.looks import look
from tests.rig import plays
from tests.rig.browser import DESKTOP, PHONE, Browser
from tests.rig.storage import POSTGRES
from tests.rig.visiting import Visit
from tests.stories.test_handoffs import asked, may_ask, time_is_over


async def looked_at(page: Page, name: str) -> None:
    """On a phone and at a desk, light and dark."""
    for size, device in ((DESKTOP, "desktop"), (PHONE, "phone")):
        await page.set_viewport_size({"width": size[0], "height": size[1]})
        await look(page, f"person-{name}-{device}")


@pytest.mark.only_on(POSTGRES)
async def test_a_person_is_asked_for_and_an_address_left(browser: Browser, visit: Visit) -> None:
    """TKO-07: nobody is left waiting without a word, by keyboard and without a mouse."""
    await may_ask(visit)
    visit.model.plays(plays.reply("I cannot say whether it was the courier."))
    vera = await (await browser.person(size=PHONE, calm=True)).new_page()
    await vera.goto(visit.link.url)
    await vera.get_by_label("Your message").fill("My teapot came chipped.")
    await vera.get_by_label("Your message").press("Enter")
    await expect(vera.locator(".turn--agent .prose")).to_contain_text("the courier.")
    await vera.get_by_label("More", exact=True).click()
    await vera.get_by_role("button", name="Talk to a person").click()
    await expect(vera.get_by_role("heading", level=1)).to_have_text("Talk to a person")
    await looked_at(vera, "ask")
    await vera.get_by_label("What it is about").fill("Who pays for the teapot?")
    await vera.keyboard.press("Tab")
    await vera.keyboard.press("Enter")
    await expect(vera.locator(".bubble").last).to_have_text("Who pays for the teapot?")
    await expect(vera.locator(".system-row")).to_contain_text("has been asked to come")
    way = f"{visit.server.url}/chat/{visit.link.token}/person"
    await vera.goto(way)
    await expect(vera.get_by_role("heading", level=1)).to_have_text(
        "Somebody has been asked to come."
    )
    await looked_at(vera, "asked")
    await vera.get_by_role("link", name="Back to the conversation").click()
    conversation_id = await asked(visit)
    # What the page does about this must not undo what the house says while it does it.
    await time_is_over(visit, conversation_id)
    await expect(vera.locator(".chat-head")).to_have_attribute("data-pen", "agent")
    await takeover.lapse(visit.keeper.tools, conversation_id)
    await expect(vera.locator(".system-row").last).to_contain_text("Nobody of the team was free.")
    await vera.locator("#missed a").click()
    await expect(vera.get_by_role("heading", level=1)).to_have_text("Nobody could come just now.")
    await looked_at(vera, "missed")
    contact = vera.get_by_label("Your e-mail address or telephone number")
    await contact.fill("   ")
    await vera.get_by_role("button", name="Send it").click()
    await expect(contact).to_be_focused()
    await expect(vera.get_by_text("Please write an e-mail address")).to_be_visible()
    await looked_at(vera, "missed-refused")
    await contact.fill("vera@visitors.example")
    await vera.get_by_role("button", name="Send it").click()
    await expect(vera.locator(".system-row").last).to_have_text(
        "Somebody of the team will write to you."
    )
    await expect(vera.locator("#missed")).to_be_hidden()
