"""The studio in a real browser: the first minutes of an instance, every size, both themes."""

from collections.abc import Callable, Iterator

import pytest
from playwright.async_api import Page, expect

from tests.browser.looks import look
from tests.rig.browser import DESKTOP, PHONE, Browser
from tests.rig.colleague import PASSWORD, setup_code
from tests.rig.nursery import Nursery
from tests.rig.server import Server
from tests.rig.storage import SQLITE, Storage

OVER = "e => e.scrollWidth - e.clientWidth"


@pytest.fixture
def fresh(make_storage: Callable[[str], Storage], nursery: Nursery) -> Iterator[Server]:
    """A server nobody owns yet."""
    storage = make_storage(SQLITE)
    made = Server(storage, storage.data_dir.parent, nursery).start()
    yield made
    made.close()


async def set_up(page: Page, server: Server) -> None:
    """Become the owner, by the address that the terminal shows."""
    await page.goto(f"{server.url}/studio/setup?code={setup_code(server)}")
    await expect(page.get_by_label("Your name")).to_be_focused()
    await page.get_by_label("Your name").fill("Olga Lange")
    await page.get_by_label("E-mail").fill("olga@team.example")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Become the owner").click()
    await expect(page.get_by_role("heading", name="Welcome, Olga Lange")).to_be_visible()


async def test_from_the_terminal_to_a_colleague(browser: Browser, fresh: Server) -> None:
    """The owner at a desk, the colleague with a phone; each page on the way is looked at."""
    owner = await (await browser.person(size=DESKTOP)).new_page()
    await owner.goto(f"{fresh.url}/studio/setup")
    await look(owner, "setup")
    await set_up(owner, fresh)
    await look(owner, "home")
    await owner.get_by_role("link", name="Invite").click()
    await owner.locator("form.panel__in").evaluate("form => form.noValidate = true")
    await owner.get_by_label("E-mail").fill("not an address")
    await owner.get_by_role("radio", name="Team lead").check()
    await owner.get_by_role("button", name="Make the link").click()
    await expect(owner.get_by_label("E-mail")).to_have_value("not an address")
    await expect(owner.get_by_label("E-mail")).to_be_focused()
    await expect(owner.get_by_role("radio", name="Team lead")).to_be_checked()
    await look(owner, "people, refused")
    await owner.get_by_label("E-mail").fill("ben@team.example")
    await owner.get_by_role("button", name="Make the link").click()
    await look(owner, "invited")
    url = await owner.get_by_label("Address of the invitation").inner_text()

    ben = await (await browser.person(size=PHONE)).new_page()
    await ben.goto(url)
    await look(ben, "invitation")
    await ben.get_by_label("Your name").fill("Ben Okri")
    await ben.get_by_label("Password").fill(PASSWORD)
    await ben.get_by_role("button", name="Come in").click()
    await expect(ben.get_by_role("heading", name="Welcome, Ben Okri")).to_be_visible()
    tabs = await ben.locator(".tabbar__tab").all_inner_texts()
    assert (tabs[0], tabs[-1]) == ("Home", "More")
    await look(ben, "the colleague's home")

    await owner.goto(f"{fresh.url}/studio/people")
    await owner.get_by_role("link", name="Ben Okri").click()
    await owner.get_by_role("radio", name="Analyst").check()
    await owner.get_by_role("button", name="Save").click()
    await expect(owner.get_by_role("status")).to_have_text("Saved.")
    await look(owner, "a colleague, saved")
    await ben.goto(f"{fresh.url}/studio/people")
    await expect(ben.get_by_role("heading", name="This is not yours to see")).to_be_visible()
    await look(ben, "refused")
    await ben.locator(".tabbar").get_by_text("More").click()
    await look(ben, "more")
    await ben.locator(".tabbar").get_by_text("Ben Okri").click()
    await ben.get_by_role("button", name="Sign out").click()
    await expect(ben.get_by_role("heading", name="Sign in")).to_be_visible()
    await look(ben, "signed out")


async def test_everything_works_without_scripts(browser: Browser, fresh: Server) -> None:
    context = await browser.person(size=PHONE, javascript=False)
    page = await context.new_page()
    await page.goto(f"{fresh.url}/studio/setup?code={setup_code(fresh)}")
    for label, text in (("Your name", "Olga"), ("E-mail", "o@x.example"), ("Password", PASSWORD)):
        await page.get_by_label(label).fill(text)
    await page.get_by_role("button", name="Become the owner").click()
    await page.locator(".tabbar").get_by_text("More").click()
    await page.locator(".tabbar").get_by_text("People").click()
    await page.get_by_label("E-mail").fill("ben@x.example")
    await page.get_by_role("button", name="Make the link").click()
    await expect(page.get_by_label("Address of the invitation")).to_contain_text("/studio/invite/")
    await expect(page.get_by_role("button", name="Copy")).to_have_count(0)
    await page.get_by_role("button", name="Withdraw").click()
    await expect(page.get_by_role("status")).to_have_text("The invitation has been withdrawn.")


async def test_the_keyboard_goes_the_way_the_eye_goes(browser: Browser, fresh: Server) -> None:
    page = await (await browser.person(size=DESKTOP)).new_page()
    await set_up(page, fresh)
    await page.goto(f"{fresh.url}/studio/keys")
    seen = []
    rail = await page.locator(".rail nav a").all_inner_texts()
    for _ in range(len(rail) + 5):
        await page.keyboard.press("Tab")
        said = "(e => e.getAttribute('aria-label') || e.innerText.trim().split('\\n')[0])"
        seen.append(await page.evaluate(f"{said}(document.activeElement)"))
    assert seen[0] == "Skip to content"
    assert seen[1:-2] == ["Parlour", "Find or do…", *rail]
    assert seen[-1] == "Sign out"
    await page.locator(".skip").focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="what they can do")).to_be_focused()


async def test_a_link_is_copied_with_a_word(browser: Browser, fresh: Server) -> None:
    context = await browser.person(size=DESKTOP)
    await context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = await context.new_page()
    await set_up(page, fresh)
    await page.goto(f"{fresh.url}/studio/people")
    await page.get_by_label("E-mail").fill("ben@team.example")
    await page.get_by_role("button", name="Make the link").click()
    url = await page.get_by_label("Address of the invitation").inner_text()
    await page.get_by_role("button", name="Copy").click()
    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    await expect(page.locator("#announced")).to_have_text("Copied")
    assert await page.evaluate("navigator.clipboard.readText()") == url
