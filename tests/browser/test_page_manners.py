"""The page's manners: offline, themes, narrow screens, other scripts, the keyboard."""

import pytest
from playwright.async_api import expect

from tests.browser.stage import Play, Stage
from tests.rig.browser import DESKTOP, PHONE, Browser
from tests.rig.waiting import eventually

BOX = "#message"
KEEP = """each => {
  window.kept = [];
  const more = { subtree: true, childList: true, characterData: true };
  new MutationObserver(() => kept.push(each.textContent.trim())).observe(each, more);
}"""
"""Has a page keep every word that stands in an element."""


async def test_what_is_written_offline_is_sent_when_the_network_is_back(
    browser: Browser, stage: Stage, play: Play
) -> None:
    context = await browser.person()
    page = await context.new_page()
    await page.goto(f"{stage.url}/chat/tok")
    await context.set_offline(True)
    await page.fill(BOX, "Written in a tunnel")
    await page.press(BOX, "Enter")
    await expect(page.locator(".turn--visitor p.turn__meta")).to_have_text(
        "Sends when you are back online"
    )
    await context.set_offline(False)
    await eventually(lambda: len(play.posts) == 1)
    await expect(page.locator(".turn--visitor p.turn__meta")).to_have_count(0)


async def test_a_chosen_theme_and_size_are_remembered(
    browser: Browser, stage: Stage, play: Play
) -> None:
    page = await browser.open(f"{stage.url}/chat/tok")
    await page.get_by_label("More").click()
    theme = page.locator('[data-do="theme"]')
    await theme.click()
    await theme.click()
    await expect(theme).to_contain_text("Dark")
    await page.locator('[data-do="size"]').click()
    await page.reload()
    await expect(page.locator('html[data-theme="dark"][data-size="large"]')).to_have_count(1)
    paper = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == "rgb(25, 23, 19)"


@pytest.mark.parametrize("size", [(320, 640), PHONE, DESKTOP])
async def test_no_page_scrolls_sideways(
    browser: Browser, stage: Stage, play: Play, size: tuple[int, int]
) -> None:
    wide = "x" * 300
    play.add("visitor", f"{wide} https://example.org/{wide}")
    play.add("agent", f"{wide}\n\n```\n{wide}\n```\n\n|{wide}|b|\n|-|-|\n|1|{wide}|\n\n`{wide}`")
    play.add("visitor", "שלום, מה שלומך?")
    play.add("agent", "- שלום **עולם**\n- [קישור](https://example.org/a)")
    page = await browser.open(f"{stage.url}/chat/tok", size=size)
    await page.evaluate("document.documentElement.dataset.size = 'larger'")
    for element in ("html", "#log"):
        over = f"(e => e.scrollWidth - e.clientWidth)(document.querySelector('{element}'))"
        assert await page.evaluate(over) <= 0, element
    right = "getComputedStyle(document.querySelectorAll('.prose')[1]).direction"
    assert await page.evaluate(right) == "rtl"


async def test_a_table_shows_on_which_side_there_is_more_of_it(
    browser: Browser, stage: Stage, play: Play
) -> None:
    play.add("visitor", "Which?")
    play.add("agent", "|a|b|c|d|e|\n|-|-|-|-|-|\n|1|2|3|4|5|\n\nAnd\n\n|a|b|\n|-|-|\n|1|2|")
    page = await browser.open(f"{stage.url}/chat/tok")

    async def edges(table: int) -> tuple[bytes, bytes]:
        box = await page.locator(".table-box__scroll").nth(table).bounding_box()
        assert box
        left, top = box["x"] + 2, box["y"] + box["height"] - 14
        right = box["x"] + box["width"] - 8
        return (
            await page.screenshot(clip={"x": left, "y": top, "width": 6, "height": 4}),
            await page.screenshot(clip={"x": right, "y": top, "width": 6, "height": 4}),
        )

    all_of_it = await edges(1)
    start = await edges(0)
    assert start[0] == all_of_it[0]
    assert start[1] != all_of_it[1]
    await page.locator(".table-box__scroll").first.evaluate("box => { box.scrollLeft = 999; }")
    end = await edges(0)
    assert end[0] != all_of_it[0]
    assert end[1] == all_of_it[1]


async def test_code_is_copied_with_a_tick_and_a_word(
    browser: Browser, stage: Stage, play: Play
) -> None:
    play.add("visitor", "How?")
    play.add("agent", "```sql\nSELECT 1;\n```")
    context = await browser.person(size=DESKTOP)
    await context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = await context.new_page()
    await page.goto(f"{stage.url}/chat/tok")
    # It stands there for a moment, which a busy machine may not look at.
    await page.get_by_label("Copy code").evaluate(KEEP)
    await page.get_by_label("Copy code").click()
    await expect(page.locator("#say")).to_have_text("Copied")
    await eventually(lambda: page.evaluate("kept.includes('Copied')"))
    assert await page.evaluate("navigator.clipboard.readText()") == "SELECT 1;"


async def test_streaming_text_is_outside_live_regions(
    browser: Browser, stage: Stage, play: Play
) -> None:
    play.add("visitor", "How?")
    play.add("agent", "So.")
    page = await browser.open(f"{stage.url}/chat/tok")
    assert await page.locator(".turns").get_attribute("aria-live") == "off"
    loud = "[role=status], [role=alert], [aria-live]:not([aria-live=off])"
    assert await page.locator(f".turn :is({loud})").count() == 0
    headings = await page.locator(".turn h2").all_text_contents()
    assert headings == ["You said", "PPostgres Handbook said"]


async def test_the_keyboard_reaches_everything_in_the_order_it_is_seen(
    browser: Browser, stage: Stage, play: Play
) -> None:
    cite = {"n": 1, "title": "VACUUM", "source": "vacuum.html", "quote": "It frees.", "url": "/x"}
    play.add("visitor", "How?")
    play.add("agent", "So.[1]", citations=[cite])
    page = await browser.open(f"{stage.url}/chat/tok", size=DESKTOP)
    await expect(page.locator(BOX)).to_be_focused()
    await page.focus(".skip")
    seen = []
    for _ in range(11):
        await page.keyboard.press("Tab")
        name = "(e => e.ariaLabel || e.textContent.trim())(document.activeElement)"
        seen.append(await page.evaluate(name))
    assert seen[:5] == [
        *("New conversation", "More", "Conversation", "Change the question", "Source 1"),
    ]
    assert seen[6:] == ["Copy answer", "Good answer", "Poor answer", "Answer again", ""]
    await expect(page.locator(BOX)).to_be_focused()


async def test_what_was_said_can_be_taken_along(browser: Browser, stage: Stage, play: Play) -> None:
    play.add("visitor", "How?")
    play.add("agent", "**So.**")
    page = await browser.open(f"{stage.url}/chat/tok")
    await page.get_by_label("More").click()
    async with page.expect_download() as coming:
        await page.locator('[data-do="download"]').click()
    download = await coming.value
    assert download.suggested_filename == "Postgres Handbook.txt"
    text = (await download.path()).read_text()
    assert "How?" in text
    assert "**So.**" in text
