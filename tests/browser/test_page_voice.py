"""Speaking into the message box, where the browser understands speech and the owner has it on."""

from dataclasses import replace
from typing import Final

import msgspec
from playwright.async_api import Locator, Page, expect

from tests.browser.looks import look
from tests.browser.stage import Play, Stage
from tests.rig.browser import DESKTOP, PHONE, Browser
from tests.rig.waiting import eventually

EAR: Final = """
window.webkitSpeechRecognition = undefined;
window.SpeechRecognition = class {
  start() { window.ear = this; window.starts = (window.starts ?? 0) + 1; }
  stop() { this.onend?.(); }
  abort() { this.aborted = true; this.onerror?.({ error: "aborted" }); this.onend?.(); }
};
window.hear = (...said) =>
  window.ear.onresult({ results: said.map((transcript) => [{ transcript }]) });
"""
DEAF: Final = "window.SpeechRecognition = window.webkitSpeechRecognition = undefined;"
BOX: Final = "#message"


async def _spoken(
    browser: Browser, stage: Stage, size: tuple[int, int], name: str
) -> tuple[Page, Locator]:
    """Type, speak after it by the keyboard alone, and stop; return the page and its button."""
    context = await browser.person(size=size, calm=True)
    await context.add_init_script(EAR)
    page = await context.new_page()
    await page.goto(f"{stage.url}/chat/tok")
    button = page.get_by_role("button", name="Sprechen statt tippen")
    await expect(button).to_have_attribute("aria-pressed", "false")
    assert "an ihren Hersteller" in str(await button.get_attribute("title"))
    await page.fill(BOX, "Guten Tag.")
    await page.press(BOX, "Tab")
    await expect(button).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(button).to_have_attribute("aria-pressed", "true")
    await expect(page.get_by_role("status").filter(has_text="Hört zu")).to_be_visible()
    assert await page.evaluate("[ear.lang, ear.continuous, ear.interimResults]") == [
        *("de", True, True),
    ]
    await page.evaluate("hear('Wann haben')")
    await expect(page.locator(BOX)).to_have_value("Guten Tag. Wann haben")
    await page.evaluate("hear('Wann haben Sie', ' <b>offen</b>?')")
    await expect(page.locator(BOX)).to_have_value("Guten Tag. Wann haben Sie <b>offen</b>?")
    await look(page, f"voice-{name}")
    await page.keyboard.press("Escape")
    await expect(button).to_have_attribute("aria-pressed", "false")
    await expect(page.locator(BOX)).to_be_focused()
    return page, button


async def test_what_is_heard_stands_in_the_box_and_is_sent_by_the_visitor_alone(
    browser: Browser, stage: Stage, play: Play
) -> None:
    """Experience, composer: by keyboard, in words for screen readers, refused and stopped."""
    play.face = msgspec.structs.replace(play.face, voice=True, language="de")
    await _spoken(browser, stage, PHONE, "phone")
    page, button = await _spoken(browser, stage, DESKTOP, "desktop")
    assert play.posts == [], "nothing is sent by itself"
    await button.click()
    await page.evaluate("window.first = ear")
    await page.press(BOX, "Enter")
    await eventually(lambda: [p["message"] for p in play.posts][-1:] != [])
    assert play.posts[-1]["message"] == "Guten Tag. Wann haben Sie <b>offen</b>?"
    await page.evaluate("hear('zu spät')")
    await expect(page.locator(BOX)).to_have_value("")
    assert await page.evaluate("[first.aborted, starts]") == [True, 2]
    await button.click()
    await page.evaluate("ear.onerror({ error: 'not-allowed' }); ear.onend()")
    await expect(page.locator("#heard")).to_contain_text("darf hier nicht benutzt werden")
    await button.click()
    await page.evaluate("ear.onerror({ error: 'network' }); ear.onend()")
    await expect(page.locator("#heard")).to_contain_text("Tippen geht wie immer")
    await button.click()
    await page.type(BOX, "Selbst")
    await page.evaluate("hear('dazwischen')")
    await expect(page.locator(BOX)).to_have_value("Selbst")


async def test_there_is_no_microphone_where_nothing_is_understood_or_it_is_off(
    browser: Browser, stage: Stage, play: Play
) -> None:
    """Only in browsers that have speech recognition, and only where the owner turned it on."""
    stage.plays["on"] = replace(
        play, token="on", face=msgspec.structs.replace(play.face, voice=True)
    )
    for token, script, count in (("on", DEAF, 1), ("tok", EAR, 0)):
        context = await browser.person()
        await context.add_init_script(script)
        page = await context.new_page()
        await page.goto(f"{stage.url}/chat/{token}")
        await expect(page.locator(BOX)).to_be_focused()
        await expect(page.locator(".voice")).to_have_count(count)
        await expect(page.locator(".voice")).to_be_hidden()
