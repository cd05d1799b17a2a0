"""Links and widgets in a real browser: shared from a card, opened by somebody signed out."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.looks import look
from tests.browser.test_studio import set_up
from tests.rig.browser import DESKTOP, PHONE, Browser
from tests.rig.nursery import Nursery
from tests.rig.server import Server
from tests.rig.storage import SQLITE, Storage

HOUSE_INK = {"dark": "rgb(143, 193, 220)", "light": "rgb(28, 74, 99)"}
BACKGROUND = "e => getComputedStyle(e).backgroundColor"


@pytest.fixture
def fresh(
    make_storage: Callable[[str], Storage], nursery: Nursery, tmp_path: Path
) -> Iterator[Server]:
    """A server nobody owns yet, with an agent that answers."""
    storage = make_storage(SQLITE)
    made = Server(storage, storage.data_dir.parent, nursery).start()
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "returns.md").write_text("# Returns\n\nThings can be returned within 30 days.\n")
    made.make_documents_agent("shop", folder)
    yield made
    made.close()


async def made_url(owner: Page) -> str:
    output = owner.locator("#dialog").get_by_label("Address of the link")
    return (await output.inner_text()).strip()


async def test_share_chat_link_to_somebody_signed_out(browser: Browser, fresh: Server) -> None:
    owner = await (await browser.person(size=DESKTOP)).new_page()
    await set_up(owner, fresh)
    await owner.goto(f"{fresh.url}/studio/widgets")
    await look(owner, "widgets")
    await owner.get_by_role("link", name="shop", exact=True).click()
    await expect(owner.get_by_label("Title")).to_be_visible()
    await owner.wait_for_load_state()  # it is shown anew by a script, which must be there
    await owner.get_by_label("Title").fill("Corner shop")
    await owner.get_by_label("A colour of your own").fill("#ffcc00")
    await expect(owner.get_by_text("It was made darker")).to_be_visible()
    await expect(owner.get_by_text("Ask Corner shop")).to_be_visible()
    await look(owner, "widget")
    await owner.get_by_role("button", name="Save").click()
    await expect(owner.get_by_text("Saved.")).to_be_visible()

    await owner.goto(f"{fresh.url}/studio/widgets")
    await owner.get_by_role("link", name="Share chat link of shop").click()
    dialog = owner.locator("#dialog")
    await expect(dialog.get_by_text("for as long as it is switched on")).to_be_visible()
    await dialog.get_by_role("button", name="Generate link").click()
    url = await made_url(owner)
    fresh.keep_secret(url.rpartition("/")[2])
    await expect(dialog.get_by_role("button", name="Copy", exact=True)).to_be_focused()
    await look(owner, "shared")
    # The same once more; a temporary one is another.
    async with owner.expect_response("**/share"):
        await dialog.get_by_role("button", name="Generate link").click()
    await expect(dialog.get_by_role("button", name="Copy", exact=True)).to_be_focused()
    assert await made_url(owner) == url
    await dialog.get_by_role("radio", name="Temporary").check(force=True)
    await expect(dialog.get_by_text("can chat until")).to_be_visible()
    await dialog.get_by_label("Another number of hours").fill("2")
    await dialog.get_by_role("button", name="Generate link").click()
    await expect(dialog.get_by_label("Address of the link")).not_to_have_text(url)
    fresh.keep_secret((await made_url(owner)).rpartition("/")[2])

    visitor = await (await browser.person(size=PHONE)).new_page()
    await visitor.goto(url)
    await expect(visitor.get_by_text("Ask Corner shop.")).to_be_visible()
    for theme, house in HOUSE_INK.items():
        await visitor.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        ink = await visitor.locator(".send").first.evaluate(BACKGROUND)
        assert ink not in {house, "rgba(0, 0, 0, 0)"}
    await visitor.get_by_role("textbox").fill("When can things be returned?")
    await visitor.get_by_role("textbox").press("Enter")
    await expect(visitor.locator(".prose").get_by_text("30 days")).to_be_visible()
    await look(visitor, "the chat in the widget's ink")

    await owner.goto(f"{fresh.url}/studio/links")
    await look(owner, "links")
    row = owner.get_by_role("row").filter(has_text="Permanent")
    await expect(row.get_by_role("link", name="Conversations by Chat page: 1")).to_be_visible()


async def test_the_table_in_place(browser: Browser, fresh: Server) -> None:
    """Switched in the row with a way back; several at once; searched as one types."""
    for name in ("Poster", "Fair", "Door"):
        fresh.make_link("shop", "--name", name)
    owner = await (await browser.person(size=DESKTOP)).new_page()
    await set_up(owner, fresh)
    await owner.goto(f"{fresh.url}/studio/links")
    await owner.get_by_role("switch", name="Fair is on").click()
    await expect(owner.get_by_text("“Fair” is switched off.")).to_be_visible()
    await expect(owner.get_by_role("switch", name="Fair is on")).not_to_be_checked()
    await owner.get_by_role("button", name="Undo").click()
    await expect(owner.get_by_role("switch", name="Fair is on")).to_be_checked()

    await owner.get_by_label("Select all on this page").check()
    await expect(owner.get_by_text("3 selected")).to_be_visible()
    await look(owner, "picked")
    await owner.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    await owner.get_by_label("Select Door").uncheck()
    await owner.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
    await owner.get_by_role("button", name="Revoke…").click()
    await expect(owner.get_by_role("heading", name="Revoke 2 links?")).to_be_visible()
    await look(owner, "revoke")
    await owner.get_by_role("button", name="Revoke 2 links").click()
    await expect(owner.get_by_text("2 links are revoked.")).to_be_visible()

    await owner.wait_for_load_state()
    fresh.make_link("shop", "--name", "Window")
    await owner.get_by_role("searchbox").fill("wind")
    await expect(owner.get_by_role("link", name="Window", exact=True)).to_be_visible()
    await expect(owner.get_by_role("link", name="Door", exact=True)).to_have_count(0)
    await owner.get_by_role("link", name="QR code of Window").click()
    await expect(owner.get_by_role("heading", name="Window")).to_be_visible()
    await look(owner, "code")
    await owner.keyboard.press("Escape")

    await owner.keyboard.press("Control+k")
    await owner.get_by_role("combobox", name="Find or do").fill("windo")
    await expect(owner.locator("#palette").get_by_role("option")).to_have_text(["Windowshop"])
    await owner.keyboard.press("Enter")
    await expect(owner.get_by_role("heading", name="Window", level=1)).to_be_visible()


async def test_a_new_link_on_a_phone(browser: Browser, fresh: Server) -> None:
    owner = await (await browser.person(size=PHONE)).new_page()
    await set_up(owner, fresh)
    await owner.goto(f"{fresh.url}/studio/links")
    await look(owner, "no link yet")
    await owner.get_by_role("link", name="Make the first link").click()
    dialog = owner.locator("#dialog")
    await dialog.get_by_label("Name").fill("Fair")
    await dialog.get_by_role("radio", name="Temporary").check(force=True)
    await expect(dialog.get_by_text("can chat until")).to_be_visible()
    await dialog.get_by_label("Welcome").fill("Hello fair")
    await expect(dialog.get_by_text("It greets them in its own words.")).to_be_visible()
    await look(owner, "new link")
    await dialog.get_by_label("Another number of hours").fill("soon")
    await dialog.get_by_role("button", name="Make the link").click()
    await expect(dialog.get_by_text("A number of hours, such as 8 or 1.5.")).to_be_visible()
    await expect(dialog.get_by_label("Another number of hours")).to_be_focused()
    await expect(dialog.get_by_label("Name")).to_have_value("Fair")
    await dialog.get_by_label("Another number of hours").fill("8")
    await dialog.get_by_role("button", name="Make the link").click()
    await expect(owner.get_by_text("The link is made.")).to_be_visible()
    url = await owner.get_by_label("Address of the link").inner_text()
    fresh.keep_secret(url.strip().rpartition("/")[2])
    await look(owner, "a link's page")
    # What is refused far below the top of a page is what one sees next.
    await owner.get_by_label("At once can talk").fill("abc")
    await owner.get_by_role("button", name="Save").last.click()
    await expect(owner.get_by_text("A whole number.")).to_be_in_viewport()
    await expect(owner.get_by_label("At once can talk")).to_be_focused()
    await owner.goto(f"{fresh.url}/studio/agents/shop/sharing")
    await owner.get_by_text("Hours and seats").click()
    await owner.get_by_label("Time zone").fill("Mars/Olympus")
    await owner.locator("#terms-hours").get_by_role("button", name="Save").click()
    await expect(owner.get_by_label("Time zone")).to_be_focused()
    await expect(owner.get_by_text("must be a time zone")).to_be_in_viewport()
    await look(owner, "a refused form")
    await owner.goto(f"{fresh.url}/studio/links")
    await look(owner, "links on a phone")
