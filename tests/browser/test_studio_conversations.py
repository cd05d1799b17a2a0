"""Conversations in the studio, in a real browser: a visitor writes, and the staff see it come."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Page, expect

from tests.browser.looks import look
from tests.rig import plays
from tests.rig.browser import DESKTOP, PHONE, Browser, on_the_browser_s_loop
from tests.rig.colleague import PASSWORD, joined, owner_of
from tests.rig.model import FakeModel
from tests.rig.nursery import Nursery
from tests.rig.server import Link, Server
from tests.rig.storage import SQLITE, Storage
from tests.rig.visiting import check_unbroken
from tests.rig.visitor import Visitor

SAID = "My teapot came chipped. Call +44 20 7946 0018 or write to vera@visitors.example"
ANSWER = "I am sorry about the **chip**. Anything broken on the way is replaced within 30 days."
LIST = "/studio/conversations"
OVER = "e => e.scrollWidth - e.clientWidth"


@pytest.fixture
def server(
    make_storage: Callable[[str], Storage], nursery: Nursery, model: FakeModel
) -> Iterator[Server]:
    """A server with an agent."""
    storage = make_storage(SQLITE)
    made = Server(storage, storage.data_dir.parent, nursery).start()
    create = ("agent", "create", "shop", "--backend", "openai", "--model", "fake")
    made.cli(*create, "--base-url", model.base_url, "--display-name", "Store support")
    yield made
    check_unbroken(made.output)
    made.close()


@pytest.fixture
def link(server: Server) -> Link:
    return server.make_link("shop", "--name", "Website")


@on_the_browser_s_loop
async def owned(http: aiohttp.ClientSession, server: Server) -> None:
    """Olga owns; Tess leads and does not see personal details."""
    owner = await owner_of(http, server)
    await joined(owner, "tess@team.example", "team_lead")


async def signed_in(
    browser: Browser,
    server: Server,
    email: str,
    *,
    size: tuple[int, int] = DESKTOP,
) -> Page:
    page = await (await browser.person(size=size)).new_page()
    await page.goto(f"{server.url}/studio/sign-in")
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
    return page


async def hides(page: Page) -> None:
    """Nothing of what the visitor said of herself is on the page."""
    content = await page.content()
    for hidden in ("+44 20", "20 7946", "7946 0018", "79460018", "vera@visitors"):
        assert hidden not in content
    # A part of it only where words are: ids and moments hold any four digits at times.
    assert "7946" not in await page.locator("body").inner_text()


async def test_a_conversation_comes_and_streams_while_the_owner_looks(
    browser: Browser, server: Server, link: Link, model: FakeModel, owned: None
) -> None:
    owner = await signed_in(browser, server, "olga@team.example")
    await owner.get_by_role("link", name="Conversations").click()
    await expect(owner.get_by_text("Nobody has said anything yet")).to_be_visible()
    await look(owner, "empty-desktop")
    model.plays(plays.paused("I am sorry about ", "the **chip**."))
    vera = await (await browser.person(size=PHONE)).new_page()
    await vera.goto(link.url)
    await vera.get_by_label("Your message").fill(SAID)
    await vera.get_by_label("Your message").press("Enter")

    row = owner.locator(".talk-row")
    await expect(row).to_have_count(1)
    await expect(row).to_contain_text("My teapot came chipped")
    await expect(row).to_contain_text("Answering")
    await look(owner, "list-live-desktop")
    await row.click()
    await expect(owner.locator(".bubble")).to_have_text(SAID)
    prose = owner.locator(".turn--agent .prose")
    await expect(prose).to_have_text("I am sorry about")
    model.release()
    await expect(prose).to_have_text("I am sorry about the chip.")
    await expect(prose.locator("strong")).to_have_text("chip")
    await expect(owner.locator(".machine")).to_be_hidden()
    await owner.locator(".machine-toggle").click()
    await expect(owner.locator(".machine")).to_contain_text("openai fake")
    await expect(owner.locator(".facts .pill")).to_have_text("Open")
    await expect(row).to_contain_text("I am sorry about the chip.")
    await expect(row).to_have_attribute("aria-current", "true")
    await look(owner, "transcript-desktop")

    model.plays(plays.reply(ANSWER))
    await vera.get_by_label("Your message").fill("And the lid?")
    await vera.get_by_label("Your message").press("Enter")
    await expect(owner.locator(".turn--agent .prose").nth(1)).to_contain_text("I am sorry")
    await expect(owner.locator(".bubble").nth(1)).to_have_text("And the lid?")
    await expect(owner.locator(".machine")).to_have_count(2)


async def test_who_does_not_see_personal_details_is_sent_none(
    browser: Browser, server: Server, link: Link, model: FakeModel, owned: None
) -> None:
    """SHR-03, SHR-04: neither on the page, nor in the list, nor live: every byte is looked at."""
    tess = await signed_in(browser, server, "tess@team.example")
    await tess.goto(server.url + LIST)
    model.plays(plays.paused("I call +44 20 79", "46 0018 then."))
    vera = await (await browser.person()).new_page()
    await vera.goto(link.url)
    await vera.get_by_label("Your message").fill(SAID)
    await vera.get_by_label("Your message").press("Enter")
    await expect(tess.locator(".talk-row")).to_contain_text("•••@•••")
    await tess.locator(".talk-row").click()
    await expect(tess.locator(".bubble .masked")).to_have_count(2)
    # What it says there goes by how long it has been thinking, and by what was said meanwhile.
    await expect(tess.locator(".turn--agent .status-line")).to_be_visible()
    await expect(vera.locator(".turn--agent .prose")).to_contain_text("I call +44 20 7")
    assert "+44 20" not in await tess.content()
    model.release()
    await expect(tess.locator(".turn--agent .prose")).to_have_text("I call •••• ••• then.")
    await expect(tess.locator(".facts")).to_contain_text(
        "You do not see visitors’ personal details"
    )
    await hides(tess)
    await look(tess, "masked-desktop")
    await tess.get_by_role("link", name="Masked").click()
    await expect(tess.locator("dialog#dialog")).to_be_visible()
    await look(tess, "reveal-desktop")
    await tess.get_by_label("Why do you need them?").fill("Calls back about the teapot")
    await tess.get_by_role("button", name="Show them").click()
    await expect(tess.locator(".bubble")).to_contain_text("+44 20 7946 0018")
    await expect(tess.get_by_text("Personal details are shown to you until")).to_be_visible()
    await look(tess, "revealed-desktop")
    page = await tess.context.new_page()
    await page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    await page.goto(tess.url)
    await look(page, "revealed-phone")
    await page.get_by_role("button", name="Hide again").click()
    await expect(page.locator(".bubble .masked")).to_have_count(2)
    # What the other tab showed does not stay on its screen.
    await expect(tess.locator(".bubble .masked")).to_have_count(2)
    await hides(tess)


@pytest.mark.long
async def test_every_pane_on_a_phone_and_at_a_desk(
    browser: Browser,
    server: Server,
    link: Link,
    model: FakeModel,
    http: aiohttp.ClientSession,
    owned: None,
) -> None:
    for text in (SAID, "Do you ship to Ireland?", "Is the lid dishwasher-safe?"):
        person = Visitor(http, server.url, link.token)
        person.faulty = True
        for said in (text, "Thank you!"):
            model.plays(plays.reply(ANSWER))
            assert (await person.call("chat", json={"message": said})).status == 200
        await person.ask("DELETE", f"/api/public/session/{person.token}")
        model.plays(plays.error(500))
        await person.call("chat", json={"message": "Still there?"})
    for size, name in ((PHONE, "phone"), (DESKTOP, "desktop"), ((320, 640), "narrow")):
        page = await signed_in(browser, server, "olga@team.example", size=size)
        await page.goto(f"{server.url}{LIST}?state=failed&days=7")
        await expect(page.locator(".talk-row")).to_have_count(3)
        await look(page, f"failed-{name}")
        await page.goto(server.url + LIST)
        await expect(page.locator(".talk-row")).to_have_count(6)
        await look(page, f"list-{name}")
        await page.locator(".talk-row").first.click()
        await expect(page.locator(".turn--agent")).to_have_count(1)
        await look(page, f"talk-{name}")
        await page.locator(".machine-toggle").click()
        await expect(page.locator(".machine")).to_be_visible()
        await page.get_by_role("link", name="About this conversation").click()
        await expect(page.locator(".facts")).to_contain_text("Conversation 2 of 2")
        await look(page, f"facts-{name}")
        await page.get_by_role("link", name="Previous").click()
        await expect(page.locator(".turn--agent")).to_have_count(2)
        await look(page, f"previous-{name}")


async def test_without_scripts_everything_is_there(
    browser: Browser,
    server: Server,
    link: Link,
    model: FakeModel,
    http: aiohttp.ClientSession,
    owned: None,
) -> None:
    model.plays(plays.reply(ANSWER))
    person = Visitor(http, server.url, link.token)
    await person.call("chat", json={"message": SAID})
    page = await (await browser.person(javascript=False)).new_page()
    await page.goto(f"{server.url}/studio/sign-in?next=%2Fstudio%2Fconversations")
    await page.get_by_label("E-mail").fill("olga@team.example")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.locator(".talk-row").click()
    await expect(page.locator(".bubble")).to_have_text(SAID)
    await expect(page.locator(".turn--agent .prose strong")).to_have_text("chip")
    await page.locator(".machine-toggle").click()
    await expect(page.locator(".machine")).to_be_visible()
    await page.get_by_role("link", name="About this conversation").click()
    await expect(page.locator(".facts")).to_contain_text("The only conversation.")
    await page.get_by_role("link", name="Conversation", exact=True).click()
    await page.get_by_role("link", name="Back to the list").click()
    await expect(page.get_by_role("heading", name="Conversations")).to_be_visible()


async def test_rows_are_walked_by_keys(
    browser: Browser,
    server: Server,
    link: Link,
    model: FakeModel,
    http: aiohttp.ClientSession,
    owned: None,
) -> None:
    model.plays(plays.reply(ANSWER))
    for _ in range(3):
        await Visitor(http, server.url, link.token).call("chat", json={"message": "Hello?"})
    page = await signed_in(browser, server, "olga@team.example")
    await page.goto(server.url + LIST)
    rows = page.locator(".talk-row")
    await rows.first.focus()
    await page.keyboard.press("j")
    await page.keyboard.press("ArrowDown")
    await expect(rows.nth(2)).to_be_focused()
    await page.keyboard.press("k")
    await expect(rows.nth(1)).to_be_focused()
    # A row that moves keeps the keyboard where it was.
    await page.keyboard.press("Enter")
    await expect(page.locator(".talk-row[aria-current]")).to_have_count(1)


async def test_a_citation_opens_its_passage(
    browser: Browser, server: Server, tmp_path: Path, http: aiohttp.ClientSession, owned: None
) -> None:
    """Beside the conversation where scripts run, and as a page of its own."""
    folder = tmp_path / "handbook"
    folder.mkdir()
    (folder / "leave.md").write_text("# Leave\n\nEverybody has 30 days of leave a year.\n")
    server.make_documents_agent("handbook", folder)
    link = server.make_link("handbook")
    person = Visitor(http, server.url, link.token)
    asked = {"message": "How many days of leave does everybody have?"}
    assert (await person.call("chat", json=asked)).status == 200
    page = await signed_in(browser, server, "olga@team.example")
    await page.goto(server.url + LIST)
    await page.locator(".talk-row").first.click()
    # Until the page's script runs, it is a link to a page of its own.
    await expect(page.locator(".source").first).to_be_visible()
    await page.wait_for_load_state()
    await page.locator(".source").first.click()
    sheet = page.locator("dialog#sheet")
    await expect(sheet.locator(".passage")).to_contain_text("30 days of leave")
    await expect(sheet.get_by_role("button", name="Close")).to_be_visible()
    await look(page, "source-sheet-desktop")
    await page.keyboard.press("Escape")
    await expect(sheet).to_be_hidden()
    address = await page.locator(".source").first.get_attribute("href")
    await page.goto(f"{server.url}{address}")
    await expect(page.locator(".passage")).to_contain_text("30 days of leave")
    await look(page, "source-page-desktop")
    await page.get_by_role("link", name="Back to the conversation").click()
    await expect(page.locator(".bubble")).to_have_text(asked["message"])


async def test_a_person_answers_in_the_agent_s_place(
    browser: Browser, server: Server, link: Link, owned: None, model: FakeModel
) -> None:
    """TKO-01: three see the same at once: the visitor on a phone, who takes over, who looks on."""
    del owned
    visitor = await (await browser.person(size=PHONE)).new_page()
    await visitor.goto(link.url)
    model.plays(plays.paused("It may be", " in stock."))
    await visitor.fill("#message", "Is it in stock?")
    await visitor.press("#message", "Enter")
    await expect(visitor.locator(".prose").last).to_contain_text("It may")
    tess = await signed_in(browser, server, "tess@team.example")
    await tess.goto(server.url + LIST)
    await tess.locator(".talk-row").click()
    await expect(tess.locator(".bubble")).to_have_count(1)
    olga = await signed_in(browser, server, "olga@team.example")
    await olga.goto(tess.url)
    await olga.keyboard.press("t")
    await expect(olga.locator("#answer")).to_be_focused()
    await expect(visitor.locator(".chat-head")).to_have_attribute("data-pen", "operator")
    await expect(visitor.locator(".notice")).to_contain_text(["What came so far is kept.", ""])
    await expect(tess.locator("#dock")).to_contain_text("answers here")
    await visitor.fill("#message", "Anybody?")
    await visitor.press("#message", "Enter")
    await expect(olga.locator(".turn--visitor").last).to_contain_text("Anybody?")
    await expect(visitor.locator(".status-line:visible")).to_have_count(0)
    await olga.fill("#answer", "Yes, <b>three</b>.")
    await olga.press("#answer", "Enter")
    await expect(visitor.locator(".turn--person .words")).to_have_text("Yes, <b>three</b>.")
    await expect(olga.locator("#answer")).to_have_value("")
    await look(visitor, "visitor-person")
    await look(olga, "held")
    await visitor.reload()
    await expect(visitor.locator(".turn--person .words")).to_have_text("Yes, <b>three</b>.")
    await expect(visitor.locator("#message")).to_have_attribute("placeholder", re.compile("reads"))
    model.plays(plays.reply("Thank you for waiting."))
    await visitor.fill("#message", "Thanks!")
    await visitor.press("#message", "Enter")
    await expect(olga.locator(".turn--visitor").last).to_contain_text("Thanks!")
    await olga.get_by_role("button", name="Hand back").click()
    await expect(visitor.locator(".prose").last).to_have_text("Thank you for waiting.")
    await expect(visitor.locator(".chat-head")).to_have_attribute("data-pen", "agent")
    await expect(visitor.locator("#log")).not_to_contain_text("in stock.")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_a_conversation_is_shared_from_its_page(
    browser: Browser,
    server: Server,
    link: Link,
    model: FakeModel,
    http: aiohttp.ClientSession,
    owned: None,
    size: tuple[int, int],
) -> None:
    model.plays(plays.reply(ANSWER))
    person = Visitor(http, server.url, link.token)
    person.faulty = True
    assert (await person.call("chat", json={"message": SAID})).status == 200
    name = "phone" if size == PHONE else "desktop"
    page = await signed_in(browser, server, "olga@team.example", size=size)
    await page.goto(server.url + LIST)
    await page.locator(".talk-row").click()
    await page.get_by_role("link", name="Share this conversation").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("heading", name="Share this conversation")).to_be_visible()
    await look(page, f"share-form-{name}")
    await dialog.get_by_role("radio", name="They have the pen as soon as they open it.").check()
    await dialog.get_by_label("Who it is for").fill("Gus Tailor")
    await dialog.get_by_role("button", name="Make an address").click()
    address = dialog.get_by_label("Address of the share")
    await expect(address).to_contain_text("/share/")
    server.keep_secret((await address.inner_text()).rpartition("/")[2])
    await expect(dialog.get_by_text("Not opened yet")).to_be_visible()
    await look(page, f"share-made-{name}")
    gus = await (await browser.person(size=PHONE)).new_page()
    await gus.goto(await address.inner_text())
    await expect(gus.get_by_text("You are answering now.")).to_be_visible()
    await dialog.get_by_role("button", name="Take back").click()
    await expect(dialog.get_by_text("Taken back")).to_be_visible()
    await expect(dialog.get_by_text("Opened by Gus Tailor")).to_be_visible()
    await expect(gus.get_by_text("This is not shared any more")).to_be_visible()
    await look(page, f"share-back-{name}")
