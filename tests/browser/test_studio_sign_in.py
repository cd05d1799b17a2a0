"""Every way into the studio in a real browser: a code from a phone, a provider that is not ours."""

import re
from collections.abc import Callable

import pyotp
import pytest
from playwright.async_api import Page, expect

from tests.browser.looks import look
from tests.browser.test_studio import set_up
from tests.rig.browser import DESKTOP, PHONE, Browser
from tests.rig.canaille import provided
from tests.rig.canaille_program import EMAIL, LOGIN
from tests.rig.canaille_program import PASSWORD as THEIR_PASSWORD
from tests.rig.colleague import PASSWORD, code_before
from tests.rig.nursery import Nursery
from tests.rig.server import Server
from tests.rig.storage import SQLITE, Storage


@pytest.fixture
def alone(make_storage: Callable[[str], Storage]) -> Storage:
    """The storage of an instance that nobody owns yet."""
    return make_storage(SQLITE)


async def test_a_second_step_from_turning_it_on_to_signing_in(
    browser: Browser, alone: Storage, nursery: Nursery
) -> None:
    server = Server(alone, alone.data_dir.parent, nursery).start()
    page = await (await browser.person(size=PHONE)).new_page()
    await set_up(page, server)
    await page.goto(f"{server.url}/studio/me")
    await look(page, "you")
    await page.get_by_role("link", name="Turn it on").click()
    await look(page, "second step, off")
    await page.get_by_label("Your password").fill(PASSWORD)
    await page.get_by_role("button", name="Begin").click()
    await expect(page.get_by_role("img", name="QR code for your app")).to_be_visible()
    await look(page, "second step, to be scanned")
    secret = (await page.locator(".secret").inner_text()).replace(" ", "")
    app = pyotp.TOTP(server.keep_secret(secret))
    code = page.get_by_label("Code", exact=True)
    await code.fill("000 00")
    await page.get_by_role("button", name="Turn it on").click()
    await expect(code).to_have_attribute("aria-invalid", "true")
    await expect(code).to_have_value("000 00")
    await code.fill(await code_before(app))
    await page.get_by_role("button", name="Turn it on").click()
    await expect(page.get_by_role("list", name="Recovery codes").locator("li")).to_have_count(10)
    await look(page, "recovery codes")
    codes = await page.locator(".codes code").all_inner_texts()
    await page.get_by_role("link", name="I have kept them").click()
    await page.goto(f"{server.url}/studio/history")
    await look(page, "history")
    await (
        page.locator(".tabbar")
        .get_by_text("More")
        .or_(page.locator(".tabbar").get_by_text("You"))
        .first.click()
    )
    await page.goto(f"{server.url}/studio/me/second-step")
    await look(page, "second step, on")

    await page.context.clear_cookies()
    await page.goto(f"{server.url}/studio/people")
    await page.get_by_label("E-mail").fill("olga@team.example")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_role("heading", name="Now the code")).to_be_visible()
    await expect(page.get_by_label("Code", exact=True)).to_be_focused()
    await look(page, "the code")
    await page.get_by_label("Code", exact=True).fill(codes[7])
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_role("heading", name="People")).to_be_visible()
    server.close()


async def at_the_provider(page: Page) -> None:
    """Sign in there, and agree to what is told here."""
    await page.get_by_placeholder("jdoe").fill(LOGIN)
    await page.get_by_role("button", name=re.compile("Continue|Sign in", re.IGNORECASE)).click()
    await page.locator("input[type=password]").fill(THEIR_PASSWORD)
    await page.get_by_role("button", name=re.compile("Sign in|Continue", re.IGNORECASE)).click()
    await page.get_by_role("button", name="Accept").click()


@pytest.mark.long
async def test_by_a_provider_that_is_not_ours(
    browser: Browser, alone: Storage, nursery: Nursery
) -> None:
    """It says nothing of confirmed addresses: nobody comes in by it until the owner trusts it."""
    with provided(alone, alone.data_dir.parent, nursery) as (server, _):
        owner = await (await browser.person(size=DESKTOP)).new_page()
        await set_up(owner, server)
        await owner.goto(f"{server.url}/studio/people")
        await owner.get_by_label("E-mail").fill(EMAIL)
        await owner.get_by_role("button", name="Make the link").click()
        ben = await (await browser.person(size=PHONE)).new_page()
        await ben.goto(f"{server.url}/studio/me")
        await look(ben, "sign-in with a provider")
        assert browser.errors == []
        await ben.get_by_role("link", name="Continue with Canaille").click()
        await at_the_provider(ben)
        browser.errors.clear()  # what its own pages say to the console
        await expect(ben.get_by_role("alert")).to_contain_text("not confirmed your e-mail address")
        await look(ben, "refused by the provider's word")

        server.environment["PARLOUR_OIDC_EMAILS"] = "believed"
        server.restart()
        await ben.goto(f"{server.url}/studio/me")
        await ben.get_by_role("link", name="Continue with Canaille").click()
        await expect(ben.get_by_role("heading", name="Ben Okri")).to_be_visible()
        await expect(ben).to_have_url(f"{server.url}/studio/me")  # where one wanted to be
        await look(ben, "you, by a provider")
        await ben.get_by_role("button", name="Sign out").first.click()
        await expect(ben.get_by_role("heading", name="Sign in")).to_be_visible()
        found = next(each for each in server.cli("staff", "list") if each["email"] == EMAIL)
        assert (found["name"], found["role"]) == ("Ben Okri", "builder")
        told = server.run("doctor").stdout
        assert re.search(r"provider\s.*answers", told), told
