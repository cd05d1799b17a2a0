"""The whole visit in a real browser: the real server behind the page, killed where it hurts."""

import asyncio
from collections.abc import AsyncIterator, Callable

import aiohttp
from playwright.async_api import Page, expect

from tests.rig import plays
from tests.rig.browser import DESKTOP, Browser, on_the_browser_s_loop
from tests.rig.model import FakeModel
from tests.rig.server import Server
from tests.rig.visiting import Visit, visiting
from tests.rig.waiting import eventually

BOX = "#message"
WORDS = " ".join(f"word{n}" for n in range(80))
HALF = "The first half, **bold**, and"
REST = " the rest\u00a0\U0001f426 of it."
WHOLE = "The first half, bold, and the rest\u00a0\U0001f426 of it."


async def opened(browser: Browser, visit: Visit) -> Page:
    return await browser.open(visit.link.url)


async def said(page: Page, text: str) -> None:
    await page.fill(BOX, text)
    await page.press(BOX, "Enter")


def reply(page: Page, number: int = 0) -> str:
    """Where the reply stands on the page."""
    return f".turn--agent >> nth={number} >> .prose"


async def check_whole(page: Page, text: str, turns: int = 1) -> None:
    await expect(page.locator(".turn--agent")).to_have_count(turns)
    await expect(page.locator(reply(page, turns - 1))).to_have_text(text)
    await expect(page.locator('[data-do="send"]')).to_be_visible()


async def test_a_message_from_a_phone(browser: Browser, visit: Visit) -> None:
    """The main job: open, ask, watch it come, read it; nothing from anywhere else (LNK-19)."""
    visit.model.plays(plays.paused(HALF, REST))
    page = await opened(browser, visit)
    await expect(page.get_by_role("heading", name="Ask Heron.")).to_be_visible()
    await said(page, "Hello <b>there</b>?")
    await expect(page.locator(".bubble")).to_have_text("Hello <b>there</b>?")
    await expect(page.locator(".prose strong")).to_have_text("bold")
    await expect(page.locator('[data-do="stop"]')).to_be_visible()
    visit.model.release()
    await check_whole(page, WHOLE)
    await expect(page.locator("#say")).to_contain_text("Answer ready")
    assert len(visit.model.requests) == 1
    stored = await visit.keeper.messages(visit.link)
    assert [m.text for m in stored] == ["Hello <b>there</b>?", HALF + REST]


async def test_reloads_and_a_second_tab_lose_no_character(browser: Browser, visit: Visit) -> None:
    """Reload in the middle of a reply, twice, and from a second tab."""
    visit.model.plays(plays.reply(WORDS, per_second=30))
    person = await browser.person()
    page = await person.new_page()
    await page.goto(visit.link.url)
    await said(page, "Count")
    await expect(page.locator(reply(page))).to_contain_text("word3")
    await page.reload()
    await expect(page.locator(reply(page))).to_contain_text("word15")
    await page.reload()
    second = await person.new_page()
    await second.goto(visit.link.url)
    await expect(second.locator(reply(second))).to_contain_text("word25")
    await check_whole(page, WORDS)
    await check_whole(second, WORDS)
    assert len(visit.model.requests) == 1


async def test_two_tabs_show_the_same(browser: Browser, visit: Visit) -> None:
    """STR-15: what one tab says appears in the other, once, in the same order."""
    person = await browser.person()
    tabs = [await person.new_page() for _ in range(2)]
    await tabs[0].goto(visit.link.url)
    await said(tabs[0], "From one")
    await check_whole(tabs[0], "One two three.")
    await tabs[1].goto(visit.link.url)
    await said(tabs[1], "From two")
    for tab in tabs:
        await expect(tab.locator(".bubble")).to_have_text(["From one", "From two"])
        await check_whole(tab, "One two three.", turns=2)


async def test_a_network_that_goes_and_comes(browser: Browser, visit: Visit) -> None:
    visit.model.plays(plays.paused(HALF, REST))
    person = await browser.person()
    page = await person.new_page()
    await page.goto(visit.link.url)
    await said(page, "Hello?")
    await expect(page.locator(".prose strong")).to_have_text("bold")
    await person.set_offline(True)
    visit.model.release()
    await said(page, "While away")
    await expect(page.locator(".link-line, .turn__meta").first).to_be_visible()
    await person.set_offline(False)
    await check_whole(page, WHOLE, turns=2)
    await expect(page.locator(".bubble")).to_have_text(["Hello?", "While away"])
    stored = await visit.keeper.messages(visit.link)
    assert [m.text for m in stored if m.author_kind == "visitor"] == ["Hello?", "While away"]


async def test_a_new_conversation(browser: Browser, visit: Visit) -> None:
    page = await opened(browser, visit)
    await said(page, "Old words")
    await check_whole(page, "One two three.")
    await page.get_by_role("button", name="New conversation").click()
    await expect(page.locator(".greeting")).to_be_visible()
    await expect(page.locator(".turn")).to_have_count(0)
    await page.reload()
    await expect(page.locator(".turn")).to_have_count(0)
    await said(page, "New words")
    await check_whole(page, "One two three.")
    await expect(page.locator(".bubble")).to_have_text("New words")


async def test_a_draft_survives_a_reload(browser: Browser, visit: Visit) -> None:
    page = await opened(browser, visit)
    await page.fill(BOX, "half a thought")
    await page.reload()
    await expect(page.locator(BOX)).to_have_value("half a thought")
    await page.press(BOX, "Enter")
    await check_whole(page, "One two three.")
    await page.reload()
    await expect(page.locator(BOX)).to_have_value("")


async def test_stop_and_try_again(browser: Browser, visit: Visit) -> None:
    visit.model.plays(plays.hang_after("Half of"), plays.error(400), plays.reply("All of it."))
    page = await opened(browser, visit)
    await said(page, "Hello?")
    await expect(page.locator(reply(page))).to_contain_text("Half")
    await page.locator('[data-do="stop"]').click()
    await expect(page.locator(".turn .notice")).to_be_visible()
    await page.get_by_role("button", name="Try again").click()
    await expect(page.locator(".turn .notice")).to_contain_text("did not come")
    await page.get_by_role("button", name="Try again").click()
    await check_whole(page, "All of it.")
    await expect(page.locator(".turn .notice")).to_have_count(0)


async def test_by_keyboard_alone(browser: Browser, visit: Visit) -> None:
    visit.model.plays(plays.hang_after("Half of"), plays.reply("All of it."))
    person = await browser.person(size=DESKTOP)
    page = await person.new_page()
    await page.goto(visit.link.url)
    await expect(page.locator(BOX)).to_be_focused()
    await page.keyboard.type("Hello?")
    await page.keyboard.press("Enter")
    await expect(page.locator(reply(page))).to_contain_text("Half")
    await page.keyboard.press("Escape")
    again = page.get_by_role("button", name="Try again")
    await expect(again).to_be_visible()
    await tab_to(page, again)
    await page.keyboard.press("Enter")
    await check_whole(page, "All of it.")
    await tab_to(page, page.get_by_role("button", name="New conversation"))
    await page.keyboard.press("Enter")
    await expect(page.locator(".turn")).to_have_count(0)
    await expect(page.locator(BOX)).to_be_focused()


async def tab_to(page: Page, wanted: object) -> None:
    """Press Tab until it has the focus, as somebody without a mouse does."""
    for _ in range(40):
        if await wanted.evaluate("each => each === document.activeElement"):  # type: ignore[attr-defined]
            return
        await page.keyboard.press("Shift+Tab")
    raise AssertionError("it cannot be reached by the keyboard")


async def test_without_scripts(browser: Browser, visit: Visit) -> None:
    """STR-17: the plain form, and a page that refreshes itself until the answer is there."""
    visit.model.plays(plays.paused(HALF, REST))
    person = await browser.person(javascript=False)
    page = await person.new_page()
    await page.goto(visit.link.url)
    await page.fill(BOX, "Hello?")
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".bubble")).to_have_text("Hello?")
    visit.model.release()
    await expect(page.locator(".prose")).to_have_text(WHOLE)
    # Until it has ended, the page comes anew by itself, and takes away what is just pressed.
    await expect(page.locator('.turn--agent[data-state="done"]')).to_have_count(1)
    await page.get_by_role("button", name="New conversation").click()
    await expect(page.locator(".bubble")).to_have_count(0)


async def test_a_door_that_is_shut_while_somebody_looks(browser: Browser, visit: Visit) -> None:
    """LNK-11: the page says so by itself."""
    visit.model.plays(plays.hang_after("Half of"))
    page = await opened(browser, visit)
    await said(page, "Hello?")
    await expect(page.locator(reply(page))).to_contain_text("Half")
    await visit.keeper.revoke(visit.agent, visit.link)
    await expect(page.locator("#trouble")).to_be_visible()
    await expect(page.locator(".bubble")).to_have_text("Hello?")
    await page.reload()
    await expect(page.get_by_role("heading")).to_be_visible()
    await expect(page.locator(BOX)).to_have_count(0)


@on_the_browser_s_loop
async def mortal(
    own_server: Callable[..., Server], model: FakeModel, http: aiohttp.ClientSession
) -> AsyncIterator[Visit]:
    """A visit on a server of its own, which may be killed."""
    async with visiting(own_server(), model, http) as made:
        yield made


async def test_a_server_killed_in_the_middle_of_a_reply(browser: Browser, mortal: Visit) -> None:
    """The page comes back by itself, keeps what came, and a retry brings the rest."""
    mortal.model.plays(plays.hang_after(HALF), plays.reply("All of it."))
    page = await opened(browser, mortal)
    await said(page, "Hello?")
    await expect(page.locator(".prose strong")).to_have_text("bold")

    async def saved() -> bool:
        return bool((await mortal.keeper.messages(mortal.link))[-1].text)

    await eventually(saved)
    await asyncio.to_thread(mortal.server.kill9)
    await expect(page.locator(".link-line")).to_be_visible()
    await expect(page.locator(".prose strong")).to_have_text("bold")
    await asyncio.to_thread(mortal.server.start)
    await expect(page.locator(".turn .notice")).to_be_visible()
    await expect(page.locator(reply(page))).to_contain_text("The first half, bold, and")
    await expect(page.locator(".link-line")).to_be_hidden()
    await page.get_by_role("button", name="Try again").click()
    await check_whole(page, "All of it.")


async def test_a_message_said_while_the_server_is_away(browser: Browser, mortal: Visit) -> None:
    """STR-14: it is kept on the page, across a reload of it later, and sent once."""
    mortal.model.plays(plays.reply("Here again."))
    page = await opened(browser, mortal)
    await asyncio.to_thread(mortal.server.kill9)
    await said(page, "Are you there?")
    await expect(page.locator(".bubble")).to_have_text("Are you there?")
    await expect(page.locator(".turn--visitor .turn__meta")).to_be_visible()
    await asyncio.to_thread(mortal.server.start)
    await check_whole(page, "Here again.")
    await expect(page.locator(".bubble")).to_have_count(1)
    stored = await mortal.keeper.messages(mortal.link)
    assert [m.text for m in stored] == ["Are you there?", "Here again."]


async def test_a_server_that_is_stopped_and_started_loses_nothing(
    browser: Browser, mortal: Visit
) -> None:
    """SIGTERM in mid-reply: the reply is finished while stopping, and the page shows all of it."""
    mortal.model.plays(plays.paused(HALF, REST))
    page = await opened(browser, mortal)
    await said(page, "Hello?")
    await expect(page.locator(".prose strong")).to_have_text("bold")
    stopping = asyncio.create_task(asyncio.to_thread(mortal.server.stop))
    await asyncio.sleep(0)
    mortal.model.release()
    assert await stopping == 0
    await asyncio.to_thread(mortal.server.start)
    await check_whole(page, WHOLE)


async def test_what_is_left_is_said_before_it_is_gone(browser: Browser, visit: Visit) -> None:
    """RLB-04: of the day's tokens; and when there are more, once there are none."""
    link = await visit.another_link(daily_token_limit=5)
    visit.model.plays(plays.reply("An answer that takes all of the tokens of this day."))
    page = await browser.open(link.url)
    await said(page, "Hello?")
    await expect(page.locator("#left")).to_have_text("About 0 tokens left today")
    await check_whole(page, "An answer that takes all of the tokens of this day.")
    await said(page, "More?")
    await expect(page.locator("#trouble")).to_contain_text("You can go on writing on")
    await expect(page.locator(BOX)).to_have_value("More?")
