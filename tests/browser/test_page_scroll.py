"""Where the visitor's page stands while an answer comes, and after."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.stage import START, Play, Stage
from tests.browser.test_page_talk import comes_true, opened, said, typed
from tests.rig.browser import DESKTOP, PHONE, Browser
from tests.rig.waiting import eventually

AT_REST = """() => new Promise(done => {
  const log = document.querySelector("#log");
  let place = -1, still = 0;
  const look = () => {
    still = log.scrollTop === place ? still + 1 : 0;
    place = log.scrollTop;
    if (still > 20) done(place); else requestAnimationFrame(look);
  };
  look();
})"""
"""Where a scrolled log is once it has come to rest: a wheel goes on for a while."""
TOP = """(() => {
  const asked = [...document.querySelectorAll(".turn--visitor")].at(-1).getBoundingClientRect();
  return asked.top - document.querySelector("#log").getBoundingClientRect().top;
})()"""
"""How far below the top of what is seen the last question stands."""
LONG = "A paragraph that has its say, and then some more of it.\n\n" * 40


async def stands(page: Page, top: str = "Math.abs({} - 48) < 4") -> None:
    """The last question stands near the top, and is still there after a while."""
    await comes_true(page, top.format(TOP))
    await page.evaluate(AT_REST)
    assert await page.evaluate(top.format(TOP)), await page.evaluate(TOP)


def tells_at_once(pieces: int) -> Callable[[Play, dict[str, Any]], Awaitable[None]]:
    async def tell(play: Play, _asked: dict[str, Any]) -> None:
        answer = play.begin()
        for _ in range(pieces):
            play.write(answer, LONG[: len(LONG) // pieces])
            await asyncio.sleep(0.02)
        play.finish(answer)

    return tell


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
async def test_an_answer_that_comes_at_once_is_read_from_its_question(
    browser: Browser, stage: Stage, play: Play, size: tuple[int, int]
) -> None:
    # However busy the machine, no time passes while it comes.
    play.on_say = tells_at_once(5)
    page = await opened(browser, stage, size)
    await page.clock.set_fixed_time(datetime.now(UTC))
    await page.locator(".starter").first.click()
    await expect(page.locator(".again")).to_be_visible()
    # Nothing is above the first question but the name of the day.
    await stands(page, "0 < {0} && {0} < 120")
    assert await page.evaluate("document.querySelector('#log').scrollTop") == 0
    await expect(page.locator(".jump")).to_have_text("")
    await expect(page.locator(".jump")).to_be_visible()
    for pieces in 1, 5, 0:
        play.on_say = tells_at_once(pieces) if pieces else None
        await typed(page, f"In {pieces}")
        if not pieces:
            await eventually(lambda: len(play.posts) == 4)
            await comes_true(page, f"Math.abs({TOP} - 48) < 4")
            answer = stage.call(play.begin)
            stage.call(play.finish, answer, text=LONG)
        await expect(page.locator(".turn:last-child .again")).to_be_visible()
        await stands(page)
        await expect(page.locator(".jump")).to_have_text("")
    await page.locator(".jump").click()
    await expect(page.locator(".jump")).to_be_hidden()
    # Who looks on at the end stays there.
    stage.call(play.visitor, "From another device")
    await expect(page.locator(".bubble")).to_have_count(5)
    await comes_true(page, f"{TOP} > 300")


async def test_an_answer_that_a_page_comes_with_is_read_from_its_question(
    browser: Browser, stage: Stage, play: Play
) -> None:
    """A form sent before the script ran leads to the page anew; a later visit shows the end."""
    for number in range(3):
        play.add("visitor", f"Question {number}")
        play.add("agent", LONG)
    context = await browser.person()
    page = await context.new_page()
    asked = START / 1000 + 5 * 60
    await page.clock.set_fixed_time(asked + 4)
    await page.goto(f"{stage.url}/chat/tok")
    await stands(page)
    await page.clock.set_fixed_time(asked + 86_400)
    await page.reload()
    await comes_true(page, f"{TOP} < -900")
    await expect(page.locator(".jump")).to_be_hidden()
    # While it is being written, too.
    said = stage.call(play.visitor, "Now?")
    await page.clock.set_fixed_time(START / 1000 + said["seq"] * 60)
    stage.call(play.write, stage.call(play.begin), LONG)
    await page.reload()
    await stands(page)


async def test_the_question_stands_near_the_top_and_following_ends_when_asked(
    browser: Browser, stage: Stage, play: Play
) -> None:
    for number in range(6):
        play.add("visitor", f"Question {number}")
        play.add("agent", "An answer of some length. " * 20)
    page = await opened(browser, stage)
    await said(page, play, "The last one")
    top = "document.querySelector('.turns > .turn:nth-last-child(2)').getBoundingClientRect().top"
    head = "document.querySelector('#log').getBoundingClientRect().top"
    await comes_true(page, f"Math.abs({top} - {head} - 48) < 4")
    answer = stage.call(play.begin)
    stage.call(play.write, answer, "A line.\n\n")
    await expect(page.locator(".turn:last-child .prose")).to_contain_text("A line.")
    await comes_true(page, f"Math.abs({top} - {head} - 48) < 4")
    await page.clock.set_fixed_time(datetime.now(UTC) + timedelta(minutes=1))
    stage.call(play.write, answer, "More and more of it.\n\n" * 30)
    await comes_true(page, f"{top} < {head}")
    await page.locator("#log").hover()
    await page.mouse.wheel(0, -300)
    await expect(page.locator(".jump")).to_be_visible()
    place = await page.evaluate(AT_REST)
    stage.call(play.write, answer, "Even more.\n\n" * 10)
    await expect(page.locator(".turn:last-child .prose")).to_contain_text("Even more.")
    assert await page.evaluate("document.querySelector('#log').scrollTop") == place
    stage.call(play.finish, answer)
    await expect(page.locator(".jump")).to_contain_text("1 new")
    await page.locator(".jump").click()
    await expect(page.locator(".jump")).to_be_hidden()
