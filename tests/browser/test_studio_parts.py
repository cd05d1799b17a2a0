"""Parts of studio pages put in place: titles, dialogs, messages, a lost session, a lost server."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.test_studio import set_up
from tests.rig.axe import check_accessible
from tests.rig.browser import DESKTOP, PHONE, Browser
from tests.rig.nursery import Nursery
from tests.rig.server import Server
from tests.rig.storage import SQLITE, Storage


@pytest.fixture
def fresh(make_storage: Callable[[str], Storage], nursery: Nursery) -> Iterator[Server]:
    """A server nobody owns yet."""
    storage = make_storage(SQLITE)
    made = Server(storage, storage.data_dir.parent, nursery).start()
    yield made
    made.close()


async def ask(page: Page, path: str, target: str, method: str = "GET") -> None:
    """Ask as an element of the page with htmx attributes would."""
    await page.wait_for_load_state("domcontentloaded")
    await page.evaluate(
        "([method, path, target]) => htmx.ajax(method, path, {target, source: '#page'})",
        [method, path, target],
    )


async def test_a_part_takes_its_place_and_the_rest_stays(browser: Browser, fresh: Server) -> None:
    page = await (await browser.person(size=DESKTOP)).new_page()
    await set_up(page, fresh)
    await page.evaluate("document.querySelector('.rail').dataset.stays = '1'")
    await ask(page, "/studio/people", "#page")
    await expect(page.get_by_role("heading", name="People", exact=True)).to_be_visible()
    await expect(page).to_have_title("People · Parlour")
    assert await page.locator(".rail").count() == 1
    assert await page.locator(".rail").get_attribute("data-stays") == "1"
    browser.check()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_a_page_as_a_dialog(browser: Browser, fresh: Server, size: tuple[int, int]) -> None:
    page = await (await browser.person(size=size)).new_page()
    await set_up(page, fresh)
    await ask(page, "/studio/people", "#dialog")
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await ask(page, "/studio/me", "#dialog")
    await expect(dialog).to_be_visible()
    # What is done in a dialog leads to another page, with what was done.
    form = dialog.locator("form[action='/studio/me/name']")
    await form.evaluate(
        "form => {form.setAttribute('hx-post', form.action);"
        "form.setAttribute('hx-target', '#dialog'); htmx.process(form)}"
    )
    await form.get_by_label("Your name").fill("Olga the Second")
    await form.get_by_role("button").click()
    await expect(page.get_by_role("status")).to_have_text("Your name has been changed.")
    await expect(dialog).to_be_hidden()
    # What was said does not stay in the address.
    await expect(page).to_have_url(f"{fresh.url}/studio/me")
    browser.check()


async def test_phones_fold_filters_away_until_one_is_chosen(
    browser: Browser, fresh: Server
) -> None:
    page = await (await browser.person(size=PHONE)).new_page()
    await set_up(page, fresh)
    await page.goto(f"{fresh.url}/studio/messages")
    author = page.get_by_label("Said by")
    await expect(page.get_by_label("What was said")).to_be_visible()
    await expect(author).to_be_hidden()
    await page.get_by_label("Filters").check()
    await author.select_option("visitor")
    await page.get_by_role("button", name="Find").click()
    await expect(page).to_have_url(re.compile("author=visitor"))
    await expect(author).to_have_value("visitor")
    await expect(author).to_be_visible()
    await page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
    await page.goto(f"{fresh.url}/studio/messages")
    await expect(author).to_be_visible()
    await expect(page.get_by_label("Filters")).to_be_hidden()
    browser.check()


async def test_a_moment_in_a_list_stays_on_one_line_on_a_desktop(
    browser: Browser, fresh: Server, tmp_path: Path
) -> None:
    (tmp_path / "returns.md").write_text("# Returns\n\n" + "Things are returned in 30 days. " * 20)
    fresh.make_documents_agent("shop", tmp_path)
    visitor = await (await browser.person(size=PHONE)).new_page()
    link = fresh.make_link("shop", "--name", "On the poster at the corner of the street")
    await visitor.goto(link.url)
    await visitor.get_by_label("Your message").fill("When are things returned? " * 20)
    await visitor.get_by_label("Your message").press("Enter")
    await expect(visitor.get_by_text("in 30 days").first).to_be_visible()
    page = await (await browser.person(size=DESKTOP)).new_page()
    await set_up(page, fresh)
    fresh.cli("metrics", "count")
    await page.goto(f"{fresh.url}/studio/messages")
    await page.wait_for_load_state()  # moments are written in the zone of the reader
    said = page.locator("td time")
    await expect(said).to_have_count(2)
    lines = "all => all.map(each => each.getClientRects().length)"
    assert await said.evaluate_all(lines) == [1, 1]
    browser.check()


async def test_what_fails_is_said_and_the_page_stays(browser: Browser, fresh: Server) -> None:
    page = await (await browser.person(size=DESKTOP)).new_page()
    await set_up(page, fresh)
    await page.goto(f"{fresh.url}/studio/me")
    await ask(page, "/studio/nowhere", "#page")
    await expect(page.get_by_role("status")).to_contain_text("There is nothing here.")
    await expect(page.get_by_role("heading", name="Olga Lange")).to_be_visible()
    await check_accessible(page, "a message over the page")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("status")).to_have_text("")
    await page.route("**/studio/people", lambda route: route.abort())
    await ask(page, "/studio/people", "#page")
    await expect(page.get_by_role("status")).to_contain_text("could not be reached")
    assert all("Failed to fetch" in error for error in browser.errors), "htmx notes it, too"
    browser.errors.clear()


async def test_a_lost_session_leads_back_to_where_one_was(browser: Browser, fresh: Server) -> None:
    context = await browser.person(size=DESKTOP)
    page = await context.new_page()
    await set_up(page, fresh)
    await page.goto(f"{fresh.url}/studio/people?sort=name")
    await context.clear_cookies()
    await ask(page, "/studio/keys", "#page")
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await page.get_by_label("E-mail").fill("olga@team.example")
    await page.get_by_label("Password").fill("four words are enough")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page).to_have_url(f"{fresh.url}/studio/people?sort=name")
    browser.check()
