"""The page of one conversation in a real browser: who its visitor is, and the way to the others."""

import aiohttp
import sqlalchemy as sa
from playwright.async_api import expect

from parlour.conversations.store import conversations, set_variables
from parlour.verification import identities
from parlour.verification.identities import Identity, Proof
from tests.browser.looks import look
from tests.browser.test_studio_conversations import LIST, link, owned, server, signed_in
from tests.rig import plays
from tests.rig.browser import DESKTOP, PHONE, Browser
from tests.rig.keeper import Keeper, keeping
from tests.rig.model import FakeModel
from tests.rig.server import Link, Server
from tests.rig.visitor import Visitor

__all__ = ["link", "owned", "server"]

WIDE = (1440, 900)
SIZES = ((PHONE, "phone"), (DESKTOP, "desktop"), (WIDE, "wide"), ((320, 640), "narrow"))
EMAIL = "vera@visitors.example"


async def prove(keeper: Keeper, link: Link) -> None:
    """Let everybody who came by a link have proved who they are, and told something."""

    def unit(conn: sa.Connection) -> None:
        found = conn.execute(sa.text("select id from visitors where link_id = :l"), {"l": link.id})
        for visitor_id in found.scalars().all():
            who = Identity(Proof.TOKEN, f"customer-{visitor_id}", EMAIL, "Vera Heron")
            identities.prove(conn, visitor_id, link.id, who, keeper.tools.clock.now(), is_new=True)
        for talk in conn.execute(sa.select(conversations.c.id)).scalars().all():
            set_variables(conn, talk, {"order": "A-20817", "city": "Cork"})

    await keeper.tools.db.write(unit)


async def talked(server: Server, http: aiohttp.ClientSession, link: Link, model: FakeModel) -> None:
    """One visitor has three conversations by a link."""
    person = Visitor(http, server.url, link.token)
    person.faulty = True
    for text in ("Is it in stock?", "Is the lid dishwasher-safe?", "My teapot came chipped."):
        await person.ask("DELETE", f"/api/public/session/{person.token}")
        model.plays(plays.reply("I am **sorry** to hear it."))
        assert (await person.call("chat", json={"message": text})).status == 200


async def test_who_the_visitor_is_and_the_way_to_the_others(
    browser: Browser,
    server: Server,
    link: Link,
    model: FakeModel,
    http: aiohttp.ClientSession,
    owned: None,
) -> None:
    del owned
    await talked(server, http, link, model)
    other = server.make_link("shop", "--name", "Poster")
    model.plays(plays.reply("Hello!"))
    await Visitor(http, server.url, other.token).call("chat", json={"message": "Hello?"})
    async with keeping(server.storage, server.url) as keeper:
        await prove(keeper, link)
    for size, name in SIZES:
        page = await signed_in(browser, server, "olga@team.example", size=size)
        await page.goto(f"{server.url}{LIST}?link={link.id}")
        await page.locator(".talk-row").nth(1).click()
        walk = page.get_by_role("navigation", name="Other conversations")
        await expect(walk).to_contain_text("Conversation 2 of 3")
        await expect(walk).to_contain_text("2 of 3 in the list")
        await expect(page.locator(".talk h2").first).to_have_text("Vera Heron")
        await look(page, f"chatlink-{name}")
        if size != WIDE:
            await page.get_by_role("link", name="About this conversation").click()
        await expect(page.locator(".facts")).to_contain_text(EMAIL)
        await look(page, f"chatlink-facts-{name}")
        await page.goto(page.url)
        await page.get_by_role("link", name="Next conversation of this visitor").click()
        await expect(page.locator(".bubble")).to_have_text("My teapot came chipped.")
        await expect(walk).to_contain_text("Conversation 3 of 3")
        await expect(walk).to_contain_text("1 of 3 in the list")
        await page.get_by_label("More about this conversation").click()
        await look(page, f"chatlink-menu-{name}")
        await page.get_by_role("link", name="Page to print").click()
        await expect(page.locator(".paper__said")).to_have_count(2)
        await look(page, f"print-{name}")
        await page.get_by_role("link", name="Conversation").click()
        await page.get_by_label("More about this conversation").click()
        await page.get_by_role("link", name="Forget…").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_role("heading", name="Forget what was said")).to_be_visible()
        await expect(dialog).to_contain_text("3 conversations with 6 messages")
        await look(page, f"forget-{name}")


async def test_a_visitor_is_forgotten_while_others_look(
    browser: Browser,
    server: Server,
    link: Link,
    model: FakeModel,
    http: aiohttp.ClientSession,
    owned: None,
) -> None:
    """SHR-07: it goes from the pages of everybody who has it open; SHR-03: Tess reads no name."""
    del owned
    await talked(server, http, link, model)
    async with keeping(server.storage, server.url) as keeper:
        await prove(keeper, link)
    watching = await signed_in(browser, server, "tess@team.example")
    await watching.goto(f"{server.url}{LIST}")
    await watching.locator(".talk-row").first.click()
    await expect(watching.locator(".bubble")).to_have_count(1)
    for hidden in (EMAIL, "Heron", "customer-", "A-20817"):
        assert hidden not in await watching.content()
    await watching.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    await expect(watching.locator(".facts")).to_contain_text("by your own program")
    await look(watching, "chatlink-masked-wide-light")
    page = await signed_in(browser, server, "olga@team.example", size=PHONE)
    await page.goto(watching.url)
    await page.get_by_label("More about this conversation").click()
    await page.get_by_role("link", name="Forget…").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("radio", name="The visitor, with everything").check()
    await dialog.get_by_role("button", name="Forget for good").click()
    await expect(page.locator("#told")).to_contain_text("The visitor has been forgotten")
    await expect(page.locator(".talk-row")).to_have_count(0)
    await expect(watching.locator("#trouble")).to_contain_text("has been forgotten")
    await expect(watching.locator(".bubble")).to_have_count(0)
    await expect(watching.locator(".talk-row")).to_have_count(0)
    assert "chipped" not in await watching.content()
