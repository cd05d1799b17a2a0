"""The desk in a real browser: who waits, who answers, and what the visitor sees of it."""

import asyncio
import re
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Page, Request, Route, expect

from tests.browser.looks import look
from tests.browser.test_studio_conversations import server, signed_in
from tests.rig import plays
from tests.rig.browser import DESKTOP, PHONE, Browser, on_the_browser_s_loop
from tests.rig.colleague import joined, owner_of
from tests.rig.model import FakeModel
from tests.rig.server import Link, Server
from tests.rig.visitor import Visitor
from tests.rig.waiting import eventually

__all__ = ["server"]

DESK = "/studio/desk"
UNSEEN = """() => {
  window.told = [];
  Object.defineProperty(document, "visibilityState", { get: () => "hidden" });
  window.Notification = class {
    static permission = "granted";
    constructor(text) { window.told.push(text); }
    addEventListener() {}
  };
}"""
"""Has a page think that it is not looked at, and keeps what it notifies of."""
OLGA, ANA = "olga@team.example", "ana@team.example"


@pytest.fixture
def link(server: Server) -> Link:
    return server.make_link("shop", "--name", "Website bubble")


@on_the_browser_s_loop
async def team(http: aiohttp.ClientSession, server: Server) -> None:
    """Olga owns; Ana Ruiz answers."""
    owner = await owner_of(http, server)
    await joined(owner, ANA, "operator", "Ana Ruiz")


async def talked(
    server: Server, link: Link, model: FakeModel, http: aiohttp.ClientSession, *texts: str
) -> tuple[Visitor, str]:
    """Somebody says these, each answered; returns them, and the id of their conversation."""
    person = Visitor(http, server.url, link.token)
    for text in texts:
        model.plays(plays.reply("Celadon is out of stock **online**. I have asked the shop."))
        assert (await person.call("chat", json={"message": text})).status == 200
    return person, server.cli("conversation", "list")[0]["id"]


async def asked_for_a_person(server: Server, http: aiohttp.ClientSession, talk: str) -> None:
    """Have the visitor wait: somebody who answered in the team's place is gone."""
    share = server.cli("conversation", "share", talk, "--mode", "takeover")
    token = server.keep_secret(share["url"].rpartition("/")[2])
    opened = f"{server.url}/share/{token}/hold"
    async with http.post(opened, data={"act": "open"}, allow_redirects=False) as answer:
        assert answer.status == 303
    server.cli("conversation", "unshare", talk, share["id"])


async def at_the_desk(browser: Browser, server: Server, email: str, **options: Any) -> Page:
    page = await signed_in(browser, server, email, **options)
    await page.goto(server.url + DESK)
    return page


async def on_the_rail(told: str, *pages: Page) -> None:
    """Every page of everybody tells so many visitors who wait."""
    for page in pages:
        badge = page.locator(".rail [data-waiting]")
        await (expect(badge).to_have_text(told) if told else expect(badge).to_be_hidden())


async def test_two_at_the_desk_and_a_visitor(
    browser: Browser,
    server: Server,
    link: Link,
    model: FakeModel,
    http: aiohttp.ClientSession,
    team: None,
) -> None:
    """TKO-03: live, by keyboard: taken, answered, handed over, completed, opened again."""
    _, talk = await talked(server, link, model, http, "Is a Celadon pot left?", "I can wait.")
    olga = await at_the_desk(browser, server, OLGA)
    ana = await at_the_desk(browser, server, ANA)
    await expect(olga.locator('[data-count="bot"]')).to_have_text("1")
    await olga.evaluate(UNSEEN)
    bell = olga.get_by_role("button", name="Notify me of who waits")
    await bell.click()
    await expect(bell).to_have_attribute("aria-pressed", "true")
    await asked_for_a_person(server, http, talk)
    await expect(olga.locator('[data-count="waiting"]')).to_have_text("1")
    await expect(olga).to_have_title("(1) Desk · Parlour")
    await eventually(lambda: olga.evaluate("told.length"))
    assert await olga.evaluate("told") == ["Somebody waits for a person"]
    other = await olga.context.new_page()
    await other.goto(f"{server.url}/studio")
    await on_the_rail("1 waiting", olga, other, ana)
    await expect(olga.locator(".talk-row .pill")).to_have_text(re.compile(r"Waiting \d+ (s|min)"))
    await olga.keyboard.press("j")
    await olga.keyboard.press("Enter")
    await expect(olga.locator("#dock")).to_contain_text("A person has been asked for")
    await look(olga, "waiting-desktop")
    await olga.keyboard.press("t")
    await expect(olga.locator("#answer")).to_be_focused()
    await expect(ana.locator(".talk-row .pill")).to_have_text("Olga")
    await on_the_rail("", ana, other)
    await other.close()
    await expect(ana.locator('[data-count="active"]')).to_have_text("1")
    await olga.fill("#answer", "One is left. I have put it aside for you.")
    await olga.press("#answer", "Enter")
    await expect(olga.locator(".turn--person .words")).to_have_count(1)
    await look(olga, "mine-desktop")
    await expect(olga.locator("#answer")).to_have_value("")
    await olga.locator("#answer").blur()
    await olga.keyboard.press("h")
    await expect(olga.get_by_text("Who shall go on?")).to_be_visible()
    await look(olga, "hand-over-desktop")
    await olga.get_by_role("button", name="Ana Ruiz").click()
    await expect(olga.locator("#dock")).to_contain_text("Ana Ruiz has been asked to go on here")
    await expect(ana.locator(".talk-row .pill")).to_have_text("You")
    await ana.locator(".talk-row").click()
    await expect(ana.locator("#dock")).to_contain_text("You answer here")
    await ana.locator("#dock summary", has_text="Close").click()
    await look(ana, "complete-desktop")
    await ana.get_by_role("button", name="Solved").click()
    await expect(ana.locator("#dock")).to_contain_text("Completed by Ana Ruiz: solved")
    await expect(ana.locator(".talk-row")).to_have_count(0)
    await ana.get_by_role("link", name="Done").click()
    await expect(ana.locator(".talk-row")).to_have_count(1)
    await look(ana, "completed-desktop")


async def test_notes_commands_ready_answers_and_who_types(
    browser: Browser,
    server: Server,
    link: Link,
    model: FakeModel,
    http: aiohttp.ClientSession,
    team: None,
) -> None:
    """SHR-12: the visitor reads that Ana types, and nothing of what the team writes to itself."""
    text = "I have put one aside for you in Lamb’s Conduit Street."
    server.cli("canned", "add", "aside", text)
    visitor = await (await browser.person(size=PHONE)).new_page()
    await visitor.goto(link.url)
    model.plays(plays.reply("I cannot promise that myself."))
    await visitor.fill("#message", "Is a Celadon pot left?")
    await visitor.press("#message", "Enter")
    await expect(visitor.locator(".prose")).to_have_text("I cannot promise that myself.")
    ana = await at_the_desk(browser, server, ANA)
    olga = await at_the_desk(browser, server, OLGA)
    for page in (ana, olga):
        await page.locator(".talk-row").click()
        await expect(page.locator("#answer")).to_be_visible()
        await page.wait_for_load_state()
    await ana.fill("#answer", "She is a regular: be nice.")
    await ana.press("#answer", "Enter")
    await expect(olga.locator(".whispered .words")).to_have_text("She is a regular: be nice.")
    await expect(olga.locator(".whispered")).to_contain_text("Ana Ruiz")
    await expect(olga.get_by_role("button", name="Delete this note")).to_have_count(0)
    await ana.locator("#answer").press_sequentially("/ta")
    await expect(ana.locator("#suggest [role=option]")).to_have_count(1)
    await look(ana, "commands-desktop")
    await ana.keyboard.press("Enter")
    await expect(ana.locator("#dock")).to_contain_text("You answer here")
    await expect(visitor.locator(".chat-head")).to_have_attribute("data-pen", "operator")
    await visitor.locator("#message").press_sequentially("Hel")
    await expect(ana.locator("#typing")).to_have_text("The visitor is writing…")
    await ana.locator("#answer").press_sequentially("Hello, ")
    await expect(visitor.locator("#typing")).to_have_text("Ana Ruiz is writing…")
    await look(visitor, "typing-phone")
    await ana.locator("#answer").press_sequentially(";as")
    await expect(ana.locator("#suggest [role=option]")).to_have_count(1)
    await look(ana, "canned-desktop")
    await ana.keyboard.press("Tab")
    await expect(ana.locator("#answer")).to_have_value(f"Hello, {text}")
    await ana.keyboard.press("Enter")
    await expect(visitor.locator(".turn--person .words")).to_have_text(f"Hello, {text}")
    await expect(visitor.locator("#typing")).to_be_hidden()
    await ana.get_by_text("Internal note", exact=True).last.click()
    await ana.fill("#answer", "Done from my side.")
    await ana.press("#answer", "Enter")
    await expect(olga.locator(".whispered")).to_have_count(2)
    await look(ana, "note-desktop")
    await ana.get_by_role("button", name="Delete this note").first.click()
    await expect(olga.locator(".whispered")).to_have_count(1)
    await ana.fill("#answer", "/close solved")
    await ana.press("#answer", "Enter")
    await expect(ana.locator("#dock")).to_contain_text("Completed by Ana Ruiz: solved")
    await news_come_in_order(server, olga, ana)
    await reads_nothing(visitor, "regular", "my side")


async def reads_nothing(page: Page, *words: str) -> None:
    content = await page.content()
    assert [each for each in words if each in content] == []


async def menus_fit(page: Page) -> None:
    """Each menu of the dock opens where all of it can be seen."""
    for menu in await page.locator("#dock .menu-wrap").all():
        await menu.locator("summary").click()
        await expect(menu.locator(".menu")).to_be_in_viewport(ratio=1)
        await menu.locator("summary").click()


async def news_come_in_order(server: Server, page: Page, other: Page) -> None:
    """What a page fetches because of one event never takes away what a later one brought."""
    asked: list[Request] = []
    held, go_on = asyncio.Event(), asyncio.Event()

    async def late(route: Route) -> None:
        if route.request.resource_type != "fetch":
            return await route.continue_()
        asked.append(route.request)
        got = await route.fetch()
        if len(asked) == 1:
            held.set()
            await go_on.wait()
        return await route.fulfill(response=got)

    talk = page.url.rpartition("/")[2]
    await page.route(f"**/{talk}", late)
    notes = other.locator(".whispered")
    before = await page.locator(".whispered").count()
    await expect(notes).to_have_count(before)
    server.cli("conversation", "note", talk, "The first of two.")
    await held.wait()
    server.cli("conversation", "note", talk, "And the second.")
    await expect(notes).to_have_count(before + 2)
    assert len(asked) == 1, "one after the other"
    go_on.set()
    await expect(page.locator(".whispered")).to_have_count(before + 2)
    await page.unroute(f"**/{talk}")


@pytest.mark.long
async def test_every_state_of_the_desk_is_looked_at(
    browser: Browser,
    server: Server,
    link: Link,
    model: FakeModel,
    http: aiohttp.ClientSession,
    team: None,
) -> None:
    for text in ("Thanks, that answers it.", "ok, thank you", "Is the kiln free on Sunday?"):
        await talked(server, link, model, http, text)
    _, waits = await talked(server, link, model, http, "Hello? Is anybody there?")
    await asked_for_a_person(server, http, waits)
    _, held = await talked(server, link, model, http, "My teapot came chipped.", "Celadon. Sunday!")
    server.cli("conversation", "take", held)
    server.cli("conversation", "hand-over", held, OLGA)
    for size, name in ((DESKTOP, "desktop"), (PHONE, "phone"), ((320, 640), "narrow")):
        page = await at_the_desk(browser, server, OLGA, size=size)
        await expect(page.locator(".talk-row")).to_have_count(5)
        await look(page, f"desk-{name}")
        for talk, state in ((held, "mine"), (waits, "waiting")):
            await page.goto(f"{server.url}{DESK}/{talk}")
            await expect(page.locator("#dock")).to_be_visible()
            await look(page, f"desk-{state}-{name}")
            await menus_fit(page)
        await page.goto(f"{server.url}{DESK}?state=active")
        await expect(page.get_by_text("None of your colleagues answers")).to_be_visible()
        await look(page, f"desk-none-{name}")
