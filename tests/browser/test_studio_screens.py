"""A walk through every screen of the studio: whoever looks, on whatever, by day and by night."""

import re
from collections.abc import Callable, Iterator

import aiohttp
import pytest
from playwright.async_api import Page

from tests.browser.screens import DOORS, ELSEWHERE, NO_PAGES, SCREENS, Scene, address
from tests.rig import plays
from tests.rig.axe import COLOURS, check_accessible
from tests.rig.browser import DESKTOP, PHONE, Browser, on_the_browser_s_loop
from tests.rig.colleague import COOKIE, Colleague, invited, owner_of
from tests.rig.model import FakeModel
from tests.rig.nursery import Nursery
from tests.rig.routes import every_route
from tests.rig.server import Server
from tests.rig.storage import SQLITE, Storage
from tests.rig.visitor import Visitor

NARROW, TABLET = (320, 640), (820, 1100)
OVER = "e => e.scrollWidth - e.clientWidth"
SQUASHED = """() => [...document.querySelectorAll("main :is(td, li, p, dd, a)")].filter(
  e => e.innerText.trim().length > 8 && e.offsetHeight > 6 * e.offsetWidth).map(e => e.innerText)"""
LONG = "Donaudampfschifffahrtsgesellschaftskapitänskajüte"


def test_every_page_is_on_the_list() -> None:
    pages = {route.path for route in every_route() if not route.changes}
    studio = {path for path in pages if path.startswith("/studio")}
    listed = {*SCREENS, *DOORS, *ELSEWHERE, *NO_PAGES}
    assert studio - listed == set(), "add the page to tests/browser/screens.py"
    assert listed - studio == set(), "it is gone"


@pytest.fixture
def fresh(make_storage: Callable[[str], Storage], nursery: Nursery) -> Iterator[Server]:
    """A server nobody owns yet."""
    storage = make_storage(SQLITE)
    made = Server(storage, storage.data_dir.parent, nursery).start()
    yield made
    made.close()


@on_the_browser_s_loop
async def scene(http: aiohttp.ClientSession, fresh: Server, model: FakeModel) -> Scene:
    """An instance with something of everything in it, long names among them."""
    model.plays(plays.reply("One two three."))
    made = Scene(fresh)
    await fill(made, await owner_of(http, fresh), model)
    return made


async def fill(scene: Scene, owner: Colleague, model: FakeModel) -> None:
    """Make agents, links, a conversation, colleagues and keys."""
    server = scene.server
    for name, shown in (("helper", "Store support"), ("other", LONG)):
        server.cli(
            "agent", "create", name, "--backend", "openai", "--base-url", model.base_url,
            "--model", "fake", "--display-name", shown,
        )  # fmt: skip
    server.cli("agent", "create", "draft", "--backend", "openai", "--base-url", model.base_url,
               "--model", "fake", "--draft")  # fmt: skip
    scene.links = [server.make_link("helper"), server.make_link("other"), server.make_link("draft")]
    scene.link = scene.links[0].id
    named = server.make_link("helper", "--hours", "3", "--name", f"{LONG} {LONG}")
    handbook = server.folder / "handbook"
    handbook.mkdir(exist_ok=True)
    (handbook / f"{LONG}.md").write_text("# Opening hours\n\nFrom nine to five.\n")
    server.make_documents_agent("library", handbook)
    for link in (scene.links[0], named):
        visitor = Visitor(owner.http, server.url, link.token)
        await visitor.say("Hello?")
        for secret in visitor.cookies.values():
            server.keep_secret(secret)
    server.cli("metrics", "count")
    server.cli("agent", "offline", "other")
    sam = Visitor(owner.http, server.url, scene.links[1].token)
    for text in ("Please call me.", f"{LONG} {LONG}\n\n" + "x" * 500):
        body = {"text": text, "contact": f"{LONG}@visitors.example"}
        assert (await sam.ask("POST", f"/chat/{sam.token}/note", data=body)).status == 303
    server.cli("agent", "live", "other")
    await invited(owner, "ana@team.example", "analyst")
    await owner.post("/studio/keys", {"name": LONG, "role": "builder"})
    people = await owner.get("/studio/people")
    found = re.search(r"/studio/people/(per_\w+|\w+_\w{22})", people.text)
    assert found is not None
    scene.person = found.group(1)
    form = {"name": LONG, "person": scene.person}
    scene.team = (await owner.post("/studio/teams", form)).leads_to.split("/")[-1].split("?")[0]
    told = ("--event", "conversation.started")
    hook = server.cli("webhook", "create", LONG, "http://127.0.0.1:8099/in", *told)
    scene.webhook = hook["id"]
    scene.widget = server.cli("widget", "list", "helper")[0]["id"]
    scene.talk = server.cli("conversation", "list")[0]["id"]
    scene.cookie = owner.cookies[COOKIE]


async def look(page: Page, where: str, *, axe: bool) -> None:
    """Nothing keeps anybody out, and nothing scrolls sideways."""
    assert await page.locator("main, body.entry").count(), f"{where} is no page"
    for name in await page.locator(".tabbar__tab span:visible").all():
        assert await name.evaluate(OVER) <= 0, f"{where}: {await name.inner_text()} is cut"
    for element in ("html", "main"):
        over = await page.locator(element).first.evaluate(OVER)
        assert over <= 0, f"{where}: {element} is {over} px too wide"
    if axe:
        squashed = await page.evaluate(SQUASHED)
        assert squashed == [], f"{where}: one letter stands below the other"
        for theme, rules in (("dark", COLOURS), ("light", None)):
            await page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            await check_accessible(page, f"{where}, {theme}", rules)


@pytest.mark.long
async def test_every_screen_keeps_nobody_out(browser: Browser, scene: Scene) -> None:
    """Axe finds nothing, nothing scrolls sideways, and no script or policy complains."""
    base = scene.server.url
    owner = await browser.person(size=DESKTOP)
    await owner.add_cookies([{"name": COOKIE, "value": scene.cookie, "url": base}])
    page = await owner.new_page()
    for route, path in SCREENS.items():
        await page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
        await page.goto(address(scene, path))
        await page.wait_for_load_state()
        for size in (DESKTOP, PHONE, TABLET, NARROW):
            await page.set_viewport_size({"width": size[0], "height": size[1]})
            await look(page, f"{route} at {size}", axe=size in {DESKTOP, PHONE})
        assert browser.errors == [], route
    stranger = await (await browser.person(size=PHONE)).new_page()
    for route, path in DOORS.items():
        await stranger.goto(base + path)
        for size in (DESKTOP, PHONE, NARROW):
            await stranger.set_viewport_size({"width": size[0], "height": size[1]})
            await look(stranger, f"{route} at {size}", axe=size != NARROW)
    browser.check()
