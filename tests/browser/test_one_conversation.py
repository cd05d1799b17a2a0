"""One conversation in three browsers: shared, looked into, taken over, and handed back."""

from collections.abc import Iterator

import aiohttp
import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.looks import look
from tests.browser.test_studio_conversations import signed_in
from tests.browser.test_studio_desk import DESK, OLGA
from tests.rig import plays
from tests.rig.browser import DESKTOP, PHONE, Browser, on_the_browser_s_loop
from tests.rig.colleague import owner_of
from tests.rig.model import FakeModel
from tests.rig.moving import SETTING, MovedClock
from tests.rig.nursery import Nursery
from tests.rig.server import Link, Server
from tests.rig.storage import Storage
from tests.rig.visiting import check_unbroken
from tests.rig.waiting import eventually

SAID = "My teapot came chipped. Call +44 20 7946 0018."
HOURS, SECONDS = "0.25", 900
"""For how long it is shared: longer than this test takes until the time is moved."""


@pytest.fixture
def clock(storage: Storage) -> MovedClock:
    return MovedClock(storage.data_dir.parent / "clock")


@pytest.fixture
def server(storage: Storage, nursery: Nursery, clock: MovedClock) -> Iterator[Server]:
    """A server that goes by the test's clock."""
    made = Server(storage, storage.data_dir.parent, nursery, **{SETTING: str(clock.path)}).start()
    yield made
    check_unbroken(made.output)
    made.close()


@pytest.fixture
def link(server: Server, model: FakeModel) -> Link:
    server.make_model_agent("shop", model.base_url)
    return server.make_link("shop")


@on_the_browser_s_loop
async def olga_s(http: aiohttp.ClientSession, server: Server) -> None:
    """Olga owns, and sees personal details."""
    await owner_of(http, server)


async def say(page: Page, label: str, text: str) -> None:
    await page.get_by_label(label).fill(text)
    await page.get_by_label(label).press("Enter")


async def watches(olga: Page, model: FakeModel) -> Locator:
    """The operator watches, as the reply is written."""
    await olga.locator(".talk-row").click()
    await expect(olga.locator(".bubble")).to_have_text(SAID)
    watched = olga.locator(".turn--agent .prose")
    await expect(watched).to_have_text("I am sorry about")
    model.release()
    await expect(watched).to_have_text("I am sorry about the chip. Which glaze is it?")
    return watched


async def shares(olga: Page) -> str:
    """She shares it for a while, to answer; returns the address."""
    await olga.get_by_role("link", name="Share this conversation").click()
    dialog = olga.locator("dialog#dialog")
    await dialog.locator("[name=mode][value=auto]").check()
    await dialog.get_by_label("Another number of hours").fill(HOURS)
    await dialog.get_by_label("Who it is for").fill("Gus Tailor")
    await dialog.get_by_role("button", name="Make an address").click()
    url = await dialog.get_by_label("Address of the share").inner_text()
    await look(olga, "one-shared-desktop")
    await olga.keyboard.press("Escape")
    return url


async def guest_answers(gus: Page, vera: Page, olga: Page) -> None:
    """The guest has opened it on a phone, and so answers; all three see what is said."""
    await expect(gus.get_by_text("You are answering now.")).to_be_visible()
    await expect(gus.locator(".share-bar .left")).to_contain_text("left")
    await expect(vera.locator(".by-person")).to_have_text("Gus Tailor, a person, answers now")
    await expect(olga.locator("#dock")).to_contain_text("Gus Tailor answers here.")
    assert "7946 0018" not in await gus.content()
    # A part of it only where words are: addresses and ids hold any four digits at times.
    assert "7946" not in await gus.locator("body").inner_text()
    await say(gus, "Your answer", "One celadon pot is left. Shall I send it?")
    for page in (vera, olga):
        person = page.locator(".turn--person")
        await expect(person).to_contain_text("One celadon pot is left.")
        await expect(person).to_contain_text("Gus Tailor")
    await say(vera, "Your message", "That would be wonderful, yes please!")
    for page in (gus, olga):
        await expect(page.locator(".bubble").nth(1)).to_have_text(
            "That would be wonderful, yes please!"
        )
    await look(gus, "one-answering-phone")
    width, height = PHONE
    await gus.set_viewport_size({"width": width, "height": height // 2})
    await expect(gus.locator(".bubble").last).to_be_in_viewport()  # also above a phone's keyboard
    await gus.set_viewport_size({"width": width, "height": height})
    await gus.get_by_text("Your name", exact=True).click()
    await gus.get_by_label("What the visitor reads").fill("Gus")
    await gus.get_by_role("button", name="Change").click()
    await expect(vera.locator(".by-person")).to_have_text("Gus, a person, answers now")
    # What Gus says stands close below it.
    turn = vera.locator(".turn--agent")
    await eventually(lambda: turn.evaluate("e => e.offsetHeight < 150"))
    await look(vera, "one-answered-desktop")


@pytest.mark.long
async def test_shared_for_a_while_answered_by_a_guest_and_given_back(
    browser: Browser,
    server: Server,
    link: Link,
    model: FakeModel,
    clock: MovedClock,
    olga_s: None,
) -> None:
    """SHR-05, SHR-07, SHR-09, TKO-01, TKO-05: as its visitor, its operator and its guest see it."""
    olga = await signed_in(browser, server, OLGA)
    await olga.goto(server.url + DESK)
    vera = await (await browser.person(size=DESKTOP)).new_page()
    await vera.goto(link.url)
    model.plays(plays.paused("I am sorry about ", "the **chip**. Which glaze is it?"))
    await say(vera, "Your message", SAID)

    watched = await watches(olga, model)
    url = await shares(olga)
    server.keep_secret(url.rpartition("/")[2])
    await expect(vera.locator(".chat-head .by-person")).to_be_hidden()

    gus = await (await browser.person(size=PHONE)).new_page()
    await gus.goto(url)
    await guest_answers(gus, vera, olga)
    assert len(model.requests) == 1

    # The time passes: the agent goes on, and knows what was said.
    model.plays(plays.reply("It leaves today."))
    clock.forward(SECONDS + 2)
    await expect(vera.locator(".turn--agent .prose").nth(1)).to_have_text("It leaves today.")
    await expect(vera.locator(".chat-head")).to_have_attribute("data-pen", "agent")
    await expect(vera.locator(".system-row").last).to_have_text(
        "Gus has left. The assistant answers again."
    )
    await expect(olga.locator("#dock")).to_contain_text("The assistant answers.")
    await expect(watched.nth(1)).to_have_text("It leaves today.")
    await expect(gus.get_by_role("heading", level=1)).to_have_text("The time of this share is over")
    await look(gus, "one-over-phone")
    await look(olga, "one-given-back-desktop")
    marked = "[Gus Tailor, a person of the team, wrote:] One celadon pot is left. Shall I send it?"
    assert [each["content"] for each in model.requests[-1].json["messages"]] == [
        SAID,
        f"I am sorry about the **chip**. Which glaze is it?\n\n{marked}",
        "That would be wonderful, yes please!",
    ]
