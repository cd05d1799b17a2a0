"""Saying something and watching the answer come, on the visitor's page."""

import re
from collections.abc import Awaitable

from playwright.async_api import Page, expect

from tests.browser.stage import Play, Stage
from tests.rig.browser import PHONE, Browser
from tests.rig.waiting import eventually

BOX = "#message"


async def opened(browser: Browser, stage: Stage, size: tuple[int, int] = PHONE) -> Page:
    return await browser.open(f"{stage.url}/chat/tok", size=size)


async def typed(page: Page, text: str) -> None:
    await page.fill(BOX, text)
    await page.press(BOX, "Enter")


async def said(page: Page, play: Play, text: str) -> None:
    """Send a message and wait until it has arrived."""
    await typed(page, text)
    await eventually(lambda: [post["message"] for post in play.posts][-1:] == [text])


async def comes_true(page: Page, expression: str) -> None:
    """The page's own policy forbids the usual waiting, which evaluates text inside the page."""

    def look() -> Awaitable[bool]:
        return page.evaluate(expression)

    await eventually(look)


async def test_a_question_gets_a_streamed_answer(
    browser: Browser, stage: Stage, play: Play
) -> None:
    page = await opened(browser, stage)
    await expect(page.get_by_role("heading", name="Ask Postgres Handbook.")).to_be_visible()
    await said(page, play, "What is <b>VACUUM</b>?")
    await expect(page.locator(".bubble")).to_have_text("What is <b>VACUUM</b>?")
    await expect(page.locator(".status-line b")).to_have_text("Thinking…")
    await expect(page.locator(".greeting")).to_be_hidden()
    answer = stage.call(play.begin)
    stage.call(play.status, answer, "Searching 1,214 pages…")
    await expect(page.locator(".status-line b")).to_have_text("Searching 1,214 pages…")
    stage.call(play.write, answer, "It **frees** pg_stat_user_tables sp")
    await expect(page.locator(".prose strong")).to_have_text("frees")
    await expect(page.locator(".status-line")).to_be_hidden()
    assert await page.locator(".prose em").count() == 0
    stage.call(play.write, answer, "ace.\n\n```sql\nSELECT 1;\n")
    await expect(page.locator(".prose figure.code pre")).to_contain_text("SELECT 1;")
    stage.call(play.write, answer, "```\n\nDone.[1]")
    cite = {"n": 1, "title": "VACUUM", "source": "vacuum.html", "quote": "It frees.", "url": "/x"}
    stage.call(play.finish, answer, citations=[cite])
    await expect(page.locator("#say")).to_have_text(re.compile(r"Answer ready, \d+ words"))
    await expect(page.locator(".turn--agent")).to_have_count(1)
    await expect(page.locator(".prose a.cite")).to_have_text("1")
    await expect(page.locator(".code .k")).to_have_text("SELECT")
    await expect(page.locator('[data-do="send"]')).to_be_visible()


GAP = """chip => {
  const after = document.createRange();
  after.selectNode(chip.parentNode.nextSibling);
  return after.getClientRects()[0].left - chip.getBoundingClientRect().right;
}"""
"""How far from a citation what follows it stands, which may be a comma."""


async def test_a_citation_opens_its_passage(browser: Browser, stage: Stage, play: Play) -> None:
    cite = {"n": 1, "title": "VACUUM", "source": "vacuum.html", "quote": "<i>Frees", "url": "/x"}
    play.add("visitor", "Why?")
    play.add("agent", "Because [1], as it is said.", citations=[cite])
    page = await opened(browser, stage)
    assert await page.locator(".prose a.cite").evaluate(GAP) <= 0
    await page.click(".prose a.cite")
    await expect(page.locator("#sheet blockquote")).to_have_text("<i>Frees")
    await expect(page.locator("#sheet a")).to_have_attribute("href", f"{stage.url}/x")
    await page.keyboard.press("Escape")
    await expect(page.locator("#sheet")).to_be_hidden()
    assert stage.call(lambda: play.stops) == 0


AGAIN = ":is([data-do=retry], [data-do=again]):visible"
"""Whatever asks for another answer: beside a notice that offers it, nothing else does."""


async def test_stop_keeps_what_came_and_offers_a_retry(
    browser: Browser, stage: Stage, play: Play
) -> None:
    page = await opened(browser, stage)
    await said(page, play, "Tell me")
    answer = stage.call(play.begin)
    stage.call(play.write, answer, "Once upon a time ")
    await expect(page.locator(".prose")).to_contain_text("Once upon")
    await page.press(BOX, "Escape")
    await expect(page.locator(".turn .notice b")).to_have_text("You stopped the answer.")
    await expect(page.locator(AGAIN)).to_have_count(1)
    await expect(page.locator(".prose")).to_contain_text("Once upon a time")
    await page.get_by_role("button", name="Try again").click()
    await expect(page.locator(".turn .notice")).to_have_count(0)
    await eventually(lambda: play.messages[-1].get("replaces") == answer["id"])
    again = play.messages[-1]
    stage.call(play.write, again, "there was")
    stage.call(play.finish, again)
    await expect(page.locator(".turn--agent")).to_have_count(1)
    await expect(page.locator(".prose")).to_have_text("there was")


async def test_failure_says_what_is_kept(browser: Browser, stage: Stage, play: Play) -> None:
    page = await opened(browser, stage)
    await said(page, play, "Tell me")
    answer = stage.call(play.begin)
    stage.call(play.write, answer, "Half of ")
    stage.call(play.finish, answer, "failed", problem={"code": "x", "title": "x", "detail": ""})
    notice = page.locator(".turn .notice")
    await expect(notice).to_contain_text(
        "The answer stopped half-way. Your question and what came so far are kept."
    )
    await expect(notice).to_have_attribute("role", "alert")
    await expect(page.locator(AGAIN)).to_have_count(1)
    await page.reload()
    await expect(page.locator(AGAIN)).to_have_count(1)


async def test_messages_written_meanwhile_wait_their_turn(
    browser: Browser, stage: Stage, play: Play
) -> None:
    page = await opened(browser, stage)
    await said(page, play, "First")
    answer = stage.call(play.begin)
    stage.call(play.write, answer, "One ")
    await typed(page, "Second")
    await typed(page, "Third")
    await expect(page.locator(".queued")).to_have_count(2)
    await page.locator(".queued").nth(1).get_by_label("Delete queued message").click()
    await page.locator(".queued").nth(0).get_by_label("Edit queued message").click()
    await expect(page.locator(BOX)).to_have_value("Second")
    await page.press(BOX, "Enter")
    assert len(play.posts) == 1
    stage.call(play.finish, answer)
    await expect(page.locator(".bubble").nth(1)).to_have_text("Second")
    await expect(page.locator(".queued")).to_have_count(0)
    # The bubble stands as soon as it is under way: the server's count comes after it.
    await eventually(lambda: len(play.posts) >= 2)
    assert [post["message"] for post in play.posts] == ["First", "Second"]


async def test_an_unsent_message_keeps_its_id_across_a_reload(
    browser: Browser, stage: Stage, play: Play
) -> None:
    """STR-14: sent again until it is acknowledged, always under the same id."""
    play.down = True
    page = await opened(browser, stage)
    await typed(page, "Are you there?")
    await expect(page.locator(".turn--visitor .turn__meta")).to_contain_text("Not sent yet")
    await page.fill(BOX, "a draft")
    await page.reload()
    await expect(page.locator(".bubble")).to_have_text("Are you there?")
    await expect(page.locator(BOX)).to_have_value("a draft")
    play.down = False
    await expect(page.locator(".turn--visitor[id]")).to_have_count(1)
    await expect(page.locator(".turn--visitor p.turn__meta")).to_have_count(0)
    assert len(play.posts) == 1
    await page.reload()
    await expect(page.locator(".bubble")).to_have_count(1)
    assert len(play.posts) == 1


async def test_reload_in_the_middle_goes_on(browser: Browser, stage: Stage, play: Play) -> None:
    page = await opened(browser, stage)
    await said(page, play, "Count")
    answer = stage.call(play.begin)
    stage.call(play.write, answer, "one **two** th")
    await expect(page.locator(".prose strong")).to_have_text("two")
    await page.reload()
    await expect(page.locator(".prose strong")).to_have_text("two")
    await expect(page.locator('[data-do="stop"]')).to_be_visible()
    stage.call(play.write, answer, "ree four")
    await expect(page.locator(".prose")).to_contain_text("three fou")
    stage.call(play.finish, answer)
    await expect(page.locator(".prose")).to_have_text("one two three four")


async def test_a_lost_network_is_said_calmly_and_nothing_is_lost(
    browser: Browser, stage: Stage, play: Play
) -> None:
    page = await opened(browser, stage)
    await said(page, play, "Count")
    answer = stage.call(play.begin)
    stage.call(play.write, answer, "one ")
    await expect(page.locator(".prose")).to_contain_text("one")

    def cut() -> None:
        play.dark = True
        play.changed.set()

    stage.call(cut)
    line = page.locator(".link-line")
    await expect(line).to_have_text("Reconnecting… nothing is lost")
    await expect(line).to_be_visible()
    stage.call(play.write, answer, "two three")
    play.dark = False
    await expect(page.locator(".prose")).to_contain_text("one two thre")
    await expect(line).to_be_hidden()
    stage.call(play.finish, answer)
    await expect(page.locator(".prose")).to_have_text("one two three")


async def test_new_conversation_keeps_the_draft(browser: Browser, stage: Stage, play: Play) -> None:
    play.add("visitor", "Why?")
    play.add("agent", "Because.")
    page = await opened(browser, stage)
    await page.fill(BOX, "half a thought")
    await page.get_by_role("button", name="New conversation").click()
    await expect(page.locator(".greeting")).to_be_visible()
    await expect(page.locator(".turn")).to_have_count(0)
    await expect(page.locator(BOX)).to_have_value("half a thought")
    assert play.cleared == 1


async def test_keys_of_the_message_box(browser: Browser, stage: Stage, play: Play) -> None:
    page = await opened(browser, stage)
    await page.click(BOX)
    await page.keyboard.type("one")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("two")
    await expect(page.locator(BOX)).to_have_value("one\ntwo")
    assert play.posts == []
    # An Enter that ends a composition is the input method's, not ours.
    await page.evaluate(
        "document.querySelector('#message').dispatchEvent(new KeyboardEvent('keydown',"
        "{key: 'Enter', isComposing: true, bubbles: true, cancelable: true}))"
    )
    assert play.posts == []
    await page.keyboard.press("Enter")
    await expect(page.locator(".bubble")).to_have_text("one\ntwo")
    await page.keyboard.press("ArrowUp")
    await expect(page.locator(BOX)).to_have_value("one\ntwo")


async def test_a_question_in_the_address_is_only_put_in_the_box(
    browser: Browser, stage: Stage, play: Play
) -> None:
    page = await browser.open(f"{stage.url}/chat/tok?q=How%20now%3F")
    await expect(page.locator(BOX)).to_have_value("How now?")
    assert play.posts == []


COLOUR = "e => getComputedStyle(e).backgroundColor"


async def test_there_is_nothing_to_send_from_the_first_paint(
    browser: Browser, stage: Stage, play: Play
) -> None:
    """The button is grey before the script runs, and the action where there is none."""
    plain = await (await browser.person(javascript=False)).new_page()
    await plain.goto(f"{stage.url}/chat/tok")
    action = await plain.locator('[data-do="send"]').evaluate(COLOUR)
    page = await (await browser.person()).new_page()
    await page.route("**/js/chat.js", lambda route: route.abort())
    await page.goto(f"{stage.url}/chat/tok")
    send = page.locator('[data-do="send"]')
    grey = await send.evaluate(COLOUR)
    assert grey != action
    await page.unroute("**/js/chat.js")
    await page.reload()
    assert await send.evaluate(COLOUR) == grey
    await page.fill(BOX, "Something")
    await expect(send).to_have_css("background-color", action)


async def test_it_works_without_scripts(browser: Browser, stage: Stage, play: Play) -> None:
    """STR-17: a plain form, and a page that asks again while an answer is being written."""
    context = await browser.person(javascript=False)
    page = await context.new_page()
    await page.goto(f"{stage.url}/chat/tok")
    await page.fill(BOX, "Hello?")
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".bubble")).to_have_text("Hello?")
    answer = stage.call(play.begin)
    stage.call(play.write, answer, "Part")
    await page.reload()
    await expect(page.locator(".prose")).to_have_text("Part")
    stage.call(play.write, answer, " and whole")
    stage.call(play.finish, answer)
    await expect(page.locator(".prose")).to_have_text("Part and whole")
    assert play.posts[0]["message_id"]
