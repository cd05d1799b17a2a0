"""Parlour over plain http, from another machine: browsers say less there, and keep less."""

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from aiohttp import web
from playwright.async_api import Page, expect

from tests.rig.browser import DESKTOP, LAN, PHONE, Browser
from tests.rig.colleague import PASSWORD, setup_code
from tests.rig.nursery import Nursery
from tests.rig.server import Server
from tests.rig.storage import SQLITE, Storage
from tests.rig.waiting import eventually

pytestmark = pytest.mark.only_on(SQLITE)
HOST = f"chat{LAN}"


@pytest.fixture
def server(make_storage: Callable[[str], Storage], nursery: Nursery) -> Iterator[Server]:
    """A server that is known by its name in the house's network."""
    storage = make_storage(SQLITE)
    made = Server(
        storage, storage.data_dir.parent, nursery, PARLOUR_PUBLIC_URL=f"http://{HOST}"
    ).start()
    yield made
    made.close()


def home_of(server: Server) -> str:
    return f"http://{HOST}:{server.url.rpartition(':')[2]}"


def forget_plain_words(browser: Browser) -> None:
    """That it is plain http, browsers write to the console."""
    browser.errors[:] = [each for each in browser.errors if "untrustworthy" not in each]


def agent_of(server: Server) -> None:
    backend = ("--backend", "function", "--target", "json:dumps")
    server.cli("agent", "create", "helper", *backend)


async def test_an_owner_and_a_visitor_without_scripts(browser: Browser, server: Server) -> None:
    """Forms of ours are known for ours, although nothing but their origin tells."""
    home = home_of(server)
    owner = await (await browser.person(size=DESKTOP)).new_page()
    await owner.goto(f"{home}/studio/setup?code={setup_code(server)}")
    for label, text in (("Your name", "Olga"), ("E-mail", "olga@owners.example")):
        await owner.get_by_label(label).fill(text)
    await owner.get_by_label("Password", exact=True).fill(PASSWORD)
    await owner.get_by_role("button", name="Become the owner").click()
    await expect(owner).to_have_url(f"{home}/studio")
    agent_of(server)
    link = server.make_link("helper")
    vera = await (await browser.person(javascript=False)).new_page()
    answer = await vera.goto(f"{home}/chat/{link.token}")
    assert answer is not None
    # To other sites it tells as little as ever of where one comes from.
    assert await answer.header_value("referrer-policy") == "same-origin"
    await vera.locator("#message").fill("Hello?")
    await vera.locator("#message").press("Tab")
    await vera.locator("[data-do=send]").click()
    await expect(vera.locator(".turn--visitor")).to_contain_text("Hello?")
    forget_plain_words(browser)


@contextlib.asynccontextmanager
async def neighbour(home: str, token: str) -> AsyncIterator[int]:
    """Sites that frame the chat by themselves, and by the loader; answers with their port."""
    inside = {
        "/frame": f'<iframe title="Chat" src="{home}/chat/{token}" width="400" height="560">'
        "</iframe>",
        "/inline": f'<chat-link link="{token}" as="inline"></chat-link>'
        f'<script async src="{home}/widget/v1.js"></script>',
    }

    async def answer(request: web.Request) -> web.Response:
        page = f'<!doctype html><html lang="en"><title>Shop</title>{inside[request.path]}'
        return web.Response(text=page, content_type="text/html")

    app = web.Application()
    for path in inside:
        app.router.add_get(path, answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


SAME, OTHER = f"intra{LAN}", "localhost"


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "none"])
async def test_in_a_page_of_a_site(browser: Browser, server: Server, *, javascript: bool) -> None:
    """WID-10: in a page of its own site it works; in another's it says so and leads to a tab."""
    home, path = home_of(server), "/inline" if javascript else "/frame"
    agent_of(server)
    link = server.make_link("helper")
    async with neighbour(home, link.token) as port:
        sites = tuple(f"http://{each}:{port}" for each in (SAME, OTHER))
        server.cli("link", "change", link.id, "--origins", ",".join(sites))
        for site, is_kept in zip(sites, (True, False), strict=True):
            context = await browser.person(size=PHONE, javascript=javascript, calm=True)
            page = await context.new_page()
            await page.goto(site + path)
            inside = page.frame_locator("iframe")
            await expect(inside.locator(".composer")).to_be_visible(visible=is_kept)
            if is_kept:
                await said(page, javascript=javascript)
                continue
            told = inside.locator("#kept-nothing" if javascript else ".notice.no-js")
            await expect(told).to_be_visible()
            await expect(told).to_contain_text("The chat cannot keep anything here")
            async with context.expect_page() as opened:
                await told.get_by_role("link", name="Open it in a tab of its own").click()
            tab = await opened.value
            await expect(tab.locator(".composer")).to_be_visible()
            await expect(tab.locator("#kept-nothing")).to_be_hidden()
    forget_plain_words(browser)


async def said(page: Page, *, javascript: bool) -> None:
    inside = page.frame_locator("iframe")
    # Before its script runs, the box must be filled.
    box = inside.locator("#message:not([required])" if javascript else "#message")
    await box.fill("Hello?")
    await inside.locator("[data-do=send]").click()
    await expect(inside.locator(".turn--visitor")).to_contain_text("Hello?")


async def test_where_it_may_not_stand(browser: Browser, server: Server) -> None:
    """WID-02: on a site that is not on the list the browser shows nothing of it."""
    agent_of(server)
    link = server.make_link("helper", "--origins", f"http://elsewhere{LAN}")
    async with neighbour(home_of(server), link.token) as port:
        page = await (await browser.person(size=PHONE)).new_page()
        await page.goto(f"http://{SAME}:{port}/frame")
        await page.wait_for_load_state("networkidle")
        assert await page.frames[-1].locator("#message").count() == 0
        refusals = await eventually(
            lambda: [each for each in browser.errors if "frame-ancestors" in each]
        )
    browser.errors[:] = [each for each in browser.errors if each not in refusals]
    forget_plain_words(browser)
