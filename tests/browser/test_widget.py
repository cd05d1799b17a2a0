"""The chat in pages of other sites, in a real browser that blocks cookies of third parties."""

import contextlib
import re
from collections.abc import AsyncIterator
from html import escape

import pytest
from aiohttp import web
from playwright.async_api import BrowserContext, FrameLocator, Page, expect

from parlour.verification import keys
from parlour.widgets import keeping as widgets
from parlour.widgets.keeping import Wish
from tests.rig.axe import check_accessible
from tests.rig.browser import DESKTOP, PHONE, Browser
from tests.rig.server import Link
from tests.rig.storage import POSTGRES
from tests.rig.visiting import Visit
from tests.rig.waiting import eventually
from tests.stories.test_visit_identity import signed

HOSTILE = """
* { all: unset !important; }
body * { display: none !important; color: red !important; font: 40px serif !important; transform: scale(2) !important; }
chat-link, iframe, dialog, button { position: static !important; opacity: 0 !important; pointer-events: none !important; }
"""  # noqa: E501 - a stylesheet
LOUD = """
window.heard = [];
for (const name of ["ready", "open", "close", "message", "identified"])
  document.addEventListener(`chat-link:${name}`, () => heard.push(name));
Object.prototype.type = "close"; Object.prototype.origin = "https://evil.example";
"""


class Site:
    """A site of somebody else: its pages have a strict policy, and styles that mean no good."""

    def __init__(self, home: str) -> None:
        self.home = home
        self.token = ""
        self.url = ""

    @contextlib.asynccontextmanager
    async def standing(self) -> AsyncIterator["Site"]:
        app = web.Application()
        app.router.add_get("/{name}", self._answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        listening = web.TCPSite(runner, "127.0.0.1", 0)
        await listening.start()
        port = runner.addresses[0][1]
        # By another name it is another site than the server's.
        self.url = f"http://localhost:{port}"
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name.endswith(".css"):
            return web.Response(
                text=HOSTILE if name == "hostile.css" else "", content_type="text/css"
            )
        if name == "loud.js":
            return web.Response(text=LOUD, content_type="text/javascript")
        policy = (
            f"default-src 'none'; style-src 'self'; script-src 'self' {self.home}; "
            f"frame-src {self.home}; connect-src {self.home}"
        )
        if name == "bubble":
            policy += "; require-trusted-types-for 'script'"
        headers = {"Content-Security-Policy": policy}
        return web.Response(text=self._page(name), content_type="text/html", headers=headers)

    def _page(self, name: str) -> str:
        loader = f'<script async src="{self.home}/widget/v1.js"'
        inside = {
            "bubble": f'{loader} data-link="{self.token}"></script>',
            "calm": f'{loader} data-link="{self.token}" data-v-plan="gold"></script>',
            "inline": f'<chat-link link="{self.token}" as="inline" v-plan="gold &amp; more">'
            f"</chat-link>{loader}></script>",
            "arabic": f'{loader} data-lang="ar" data-link="{self.token}"></script>',
            "plain": f'<iframe title="Chat" src="{self.home}/chat/{escape(self.token)}"></iframe>',
        }[name]
        style = "hostile" if name == "bubble" else "plain"
        tongue = 'lang="ar" dir="rtl"' if name == "arabic" else 'lang="en"'
        loud = '<script src="/loud.js"></script>' if name == "bubble" else ""
        return (
            f"<!doctype html><html {tongue}><head><title>Teapots</title>"
            '<meta name="viewport" content="width=device-width">'
            f'{loud}<link rel="stylesheet" href="/{style}.css"></head><body><main><h1>Teapots</h1>'
            f"{inside}</main></body></html>"
        )


@contextlib.asynccontextmanager
async def placed(visit: Visit, **wish: object) -> AsyncIterator[tuple[Site, Link]]:
    """A link whose chat may stand on a site, and that site."""
    async with Site(visit.server.url).standing() as site:
        link = await visit.another_link(**{"origins": (site.url,), **wish})
        site.token = link.token
        yield site, link


def frame(page: Page) -> FrameLocator:
    return page.frame_locator("chat-link iframe")


async def asked(page: Page, text: str) -> None:
    """Ask something in the frame, and see what comes back."""
    # Before its script runs, the box must be filled, and Enter is a new line.
    box = frame(page).locator("#message:not([required])")
    await box.fill(text)
    await box.press("Enter")
    await expect(frame(page).locator(".turn--agent .prose").last).to_contain_text("One two three")
    # Until it is whole, the key that closes the panel stops it.
    await expect(frame(page).locator(".turn--agent").last).to_have_attribute("data-state", "done")


async def stranger(browser: Browser, size: tuple[int, int]) -> tuple[BrowserContext, Page]:
    context = await browser.person(size=size, calm=True)
    return context, await context.new_page()


async def test_a_bubble_on_a_site_that_means_no_good(browser: Browser, visit: Visit) -> None:
    """WID-05, WID-06, WID-09, WID-10: its policy, its styles and its scripts change nothing."""
    async with placed(visit) as (site, _):
        context, page = await stranger(browser, DESKTOP)
        await page.goto(f"{site.url}/bubble")
        button = page.locator("chat-link .launch")
        await expect(button).to_have_accessible_name("Open the chat")
        box = await button.bounding_box()
        assert box is not None
        assert (round(box["width"]), round(box["height"])) == (56, 56)
        assert (round(box["x"]), round(box["y"])) == (1280 - 76, 800 - 76)
        assert await page.locator("chat-link iframe").count() == 0, "made on first open"
        there = await page.evaluate(
            """() => { const root = document.querySelector("chat-link").shadowRoot;
            root.querySelector(".launch").click(); return root.querySelector("dialog").open; }"""
        )
        assert there, "at once, as grey lines, whatever the frame takes"
        await expect(page.locator("chat-link dialog")).to_be_visible()
        await asked(page, "How long does it take?")
        (cookie,) = await context.cookies()
        assert cookie["name"].endswith("-framed")
        assert cookie["partitionKey"] == "http://localhost"
        # Nothing that other scripts of the page send is listened to.
        await page.evaluate(
            """() => { const inner = document.querySelector("chat-link").shadowRoot
              .querySelector("iframe").contentWindow;
            const lies = [null, "close", {type: "close"}, {type: "parlour"}, "x".repeat(1e6)];
            for (const said of lies) {
              inner.postMessage(said, "*"); postMessage(said, "*"); } }"""
        )
        await expect(page.locator("chat-link dialog")).to_be_visible()
        await frame(page).locator("#message").press("Escape")
        await expect(page.locator("chat-link dialog")).to_be_hidden()
        await expect(button).to_be_focused()
        # A second page of the site: what was said is there, and the panel as it was left.
        await page.reload()
        await button.press("Enter")
        await expect(frame(page).locator(".turn--agent .prose")).to_contain_text("One two three")
        await expect(frame(page).locator("#message")).to_be_focused()
        await eventually(lambda: page.evaluate("heard.length > 1"))
        assert await page.evaluate("heard") == ["ready", "open"]


async def test_inline_and_on_a_phone(browser: Browser, visit: Visit) -> None:
    """WID-10, WID-13: a part of the page, and all of a small screen; each frame has one stream."""
    async with placed(visit) as (site, link):
        _, page = await stranger(browser, PHONE)
        await page.goto(f"{site.url}/inline")
        known = re.compile(r"\?v\.plan=gold\+%26\+more$")
        await expect(page.locator("chat-link iframe")).to_have_attribute("src", known)
        await asked(page, "And inline?")
        await check_accessible(page, "inline")
        await expect(page.locator("chat-link .launch")).to_have_count(0)
        await page.goto(f"{site.url}/calm")
        await page.locator("chat-link .launch").click()
        known = re.compile(r"\?v\.plan=gold$")
        await expect(page.locator("chat-link iframe")).to_have_attribute("src", known)
        dialog = page.locator("chat-link dialog")
        box = await dialog.bounding_box()
        assert box is not None
        assert [box["width"], box["height"]] == list(PHONE)
        await expect(frame(page).locator(".turn--agent .prose")).to_contain_text("One two three")
        await check_accessible(page, "bubble on a phone")
        # Taken off the list while it is open: nothing is lost, and there is a way to go on.
        await visit.keeper.change(visit.agent, link, origins=())
        await frame(page).locator("#message:not([required])").fill("Still here?")
        await frame(page).locator("#message").press("Enter")
        way = frame(page).get_by_role("link", name="Open it in a tab of its own")
        await expect(way).to_be_visible()
        await expect(way).to_have_attribute("href", f"/chat/{link.token}")
        await expect(frame(page).locator("#message")).to_have_value("Still here?")
        await page.locator("chat-link .shut").click()
        await expect(dialog).to_be_hidden()


async def test_where_it_may_not_stand(browser: Browser, visit: Visit) -> None:
    """WID-01, WID-02: browsers show it on no other site, whoever frames it; there is no button."""
    async with placed(visit, origins=("https://shop.example",)) as (site, _):
        _, page = await stranger(browser, DESKTOP)
        await page.goto(f"{site.url}/bubble")
        await expect(page.locator("chat-link")).to_be_hidden()
        await page.goto(f"{site.url}/plain")
        await page.wait_for_load_state("networkidle")
        framed = page.frames[-1]
        assert await framed.locator("#message").count() == 0

        # That it was refused is written to the console; nothing else was.
        def refused() -> list[str]:
            return [each for each in browser.errors if "frame-ancestors" in each]

        refusals = await eventually(refused)
        browser.errors[:] = [each for each in browser.errors if each not in refusals]


async def test_who_the_site_says_one_is(browser: Browser, visit: Visit) -> None:
    """WID-07: a signed word goes in by the port; a forged one leaves the visitor unknown."""
    async with placed(visit) as (site, link):
        keeper = visit.keeper
        made = await keys.create(keeper.tools, keeper.who, visit.agent.id, "shop", None)
        assert made.secret is not None
        _, page = await stranger(browser, DESKTOP)
        await page.goto(f"{site.url}/bubble")
        await expect(page.locator("chat-link .launch")).to_be_visible()
        chat = 'document.querySelector("chat-link")'
        identified = (
            f"(word) => new Promise((done) => {{ {chat}.on('identified', ({{identified}}) => "
            f"done(identified)); {chat}.identify(word); {chat}.open(); }})"
        )
        assert await page.evaluate(identified, "a.b.c") is False
        word = signed(made.secret, link.id)
        assert await page.evaluate(identified, word) is True
        await asked(page, "Do you know me?")
        assert word not in "".join(browser.requests)


@pytest.mark.only_on(POSTGRES)
async def test_a_page_that_is_read_from_the_right_has_the_button_on_its_left(
    browser: Browser, visit: Visit
) -> None:
    async with placed(visit) as (site, _):
        _, page = await stranger(browser, DESKTOP)
        await page.goto(f"{site.url}/arabic")
        button = page.locator("chat-link .launch")
        await expect(button).to_have_accessible_name("فتح الدردشة")
        box = await button.bounding_box()
        assert box is not None
        assert round(box["x"]) == 20
        await button.click()
        await expect(frame(page).locator("html")).to_have_attribute("dir", "rtl")


@pytest.mark.only_on(POSTGRES)
async def test_what_stands_beside_the_button_reads_in_its_own_direction(
    browser: Browser, visit: Visit
) -> None:
    """XSS-08: an Arabic word on an English page begins at its right, and the other way round."""
    keeper = visit.keeper
    begins = """(said) => {
        said.style.width = "240px";
        const [box, range] = [said.getBoundingClientRect(), document.createRange()];
        range.selectNodeContents(said);
        const words = range.getBoundingClientRect();
        return words.left - box.left < box.right - words.right ? "left" : "right";
    }"""
    for page_of, teaser, side in (("calm", "أهلا بك", "right"), ("arabic", "Hello", "left")):
        wish = Wish(name=page_of, teaser=teaser)
        widget = await widgets.create(keeper.tools, keeper.who, visit.agent.id, wish)
        async with placed(visit, widget_id=widget.id) as (site, _):
            _, page = await stranger(browser, DESKTOP)
            await page.goto(f"{site.url}/{page_of}")
            said = page.locator("chat-link .teaser button").first
            await expect(said).to_have_text(teaser)
            assert await said.evaluate(begins) == side, page_of
