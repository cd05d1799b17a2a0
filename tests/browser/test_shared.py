"""A shared conversation in real browsers: a visitor, an operator, and a guest on a phone."""

from typing import Any

import pytest
from playwright.async_api import Page, expect

from parlour import sharing
from parlour.sharing import Mode, Share, Wish
from tests.browser.looks import look
from tests.rig import plays
from tests.rig.browser import DESKTOP, PHONE, Browser
from tests.rig.storage import SQLITE
from tests.rig.visiting import Visit

SAID = "My teapot came chipped. Call +44 20 7946 0018."


async def asked(browser: Browser, visit: Visit, text: str = SAID) -> tuple[Page, str]:
    """Vera asks; return her page and the conversation's id."""
    visit.model.plays(plays.reply("I am sorry about the **chip**. Which glaze is it?"))
    vera = await (await browser.person(size=PHONE)).new_page()
    await vera.goto(visit.link.url)
    await vera.get_by_label("Your message").fill(text)
    await vera.get_by_label("Your message").press("Enter")
    await expect(vera.locator(".turn--agent .prose")).to_have_text(
        "I am sorry about the chip. Which glaze is it?"
    )
    (message, *_) = await visit.keeper.messages(visit.link)
    return vera, message.conversation_id


async def shared(visit: Visit, talk: str, **wish: Any) -> tuple[Share, str]:
    keeper = visit.keeper
    share = (await sharing.make(keeper.tools, keeper.who, talk, Wish(**wish))).share
    token = visit.server.keep_secret(share.token(keeper.tools.keys))
    return share, f"{visit.server.url}/share/{token}"


async def say(page: Page, label: str, text: str) -> None:
    await page.get_by_label(label).fill(text)
    await page.get_by_label(label).press("Enter")


async def test_who_only_reads_sees_it_come(browser: Browser, visit: Visit) -> None:
    """SHR-05: masked and whole for most, word by word for whom that was said; taken back: over."""
    vera, talk = await asked(browser, visit)
    share, url = await shared(visit, talk, mode=Mode.VIEW, hours=2)
    _, open_ = await shared(visit, talk, mode=Mode.VIEW, hours=2, show_personal=True)
    tess = await (await browser.person(size=DESKTOP)).new_page()
    pia = await (await browser.person(size=DESKTOP)).new_page()
    await tess.goto(url)
    await pia.goto(open_)
    await expect(tess.locator(".bubble .masked")).to_have_count(1)
    await expect(pia.locator(".bubble")).to_contain_text("7946 0018")
    visit.model.plays(plays.paused("To the shop ", "in town."))
    await say(vera, "Your message", "Where to?")
    await expect(pia.locator(".turn--agent .prose").nth(1)).to_have_text("To the shop")
    await expect(tess.locator(".bubble").nth(1)).to_have_text("Where to?")
    assert "To the shop" not in await tess.content()
    visit.model.release()
    for page in (tess, pia):
        await expect(page.locator(".turn--agent .prose").nth(1)).to_have_text(
            "To the shop in town."
        )
        await expect(page.locator(".share-bar")).to_contain_text("This is shared with you to read.")
    await look(tess, "shared-view-desktop-light")
    keeper = visit.keeper
    found = await keeper.tools.db.read(sharing.every, keeper.who, talk)
    assert [[each.name for each in by] for _, by in found] == [["Guest"], ["Guest"]]
    await sharing.revoke(keeper.tools, keeper.who, talk, share.id)
    await expect(tess.get_by_role("heading", level=1)).to_have_text("This is not shared any more")
    await expect(pia.get_by_text("shared with you to read")).to_be_visible()


@pytest.mark.long
@pytest.mark.only_on(SQLITE)
async def test_its_states_on_a_phone_and_at_a_desk(browser: Browser, visit: Visit) -> None:
    _, talk = await asked(browser, visit)
    for size, name in ((PHONE, "phone"), (DESKTOP, "desktop"), ((320, 640), "narrow")):
        page = await (await browser.person(size=size)).new_page()
        share, view = await shared(visit, talk, mode=Mode.VIEW, hours=26)
        _, auto = await shared(visit, talk, mode=Mode.AUTO, hours=2, name="Tomás Herrera")
        await page.goto(view)
        await expect(page.get_by_text("shared with you to read")).to_be_visible()
        await look(page, f"shared-view-{name}")
        await page.goto(auto)
        await expect(page.get_by_text("You are answering now.")).to_be_visible()
        await page.get_by_text("Your name", exact=True).click()
        await look(page, f"shared-name-{name}")
        await page.keyboard.press("Tab")
        await page.get_by_role("button", name="Hand back").click(force=True)
        await expect(page.get_by_text("You can answer in its place.")).to_be_visible()
        await look(page, f"shared-agent-{name}")
        await page.get_by_role("button", name="Answer yourself").click()
        await say(page, "Your answer", "I look after it.\nGive me a moment.")
        await expect(page.locator(".turn--person").last).to_contain_text("Give me a moment.")
        await look(page, f"shared-said-{name}")
        await page.get_by_role("button", name="Hand back").click()
        await sharing.revoke(visit.keeper.tools, visit.keeper.who, talk, share.id)
        await page.goto(view)
        await look(page, f"shared-taken-back-{name}")
        await page.context.close()


async def test_without_scripts_it_is_read_and_answered(browser: Browser, visit: Visit) -> None:
    """STR-17"""
    vera, talk = await asked(browser, visit)
    _, url = await shared(visit, talk, mode=Mode.AUTO, hours=1)
    gus = await (await browser.person(javascript=False)).new_page()
    await gus.goto(url)
    await expect(gus.locator(".bubble")).to_contain_text("My teapot came chipped.")
    await expect(vera.locator(".chat-head")).to_have_attribute("data-pen", "agent")
    await gus.get_by_role("button", name="Answer yourself").click()
    await expect(gus.get_by_text("You are answering now.")).to_be_visible()
    await gus.get_by_label("Your answer").fill("We have one left.")
    await gus.get_by_role("button", name="Send").click()
    await expect(gus.locator(".turn--person")).to_contain_text("We have one left.")
    await expect(vera.locator(".turn--person")).to_contain_text("We have one left.")
    await gus.get_by_role("button", name="Hand back").click()
    await expect(gus.get_by_text("The assistant answers.")).to_be_visible()
