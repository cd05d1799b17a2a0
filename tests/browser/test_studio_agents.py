"""An owner makes an agent without a terminal: drops documents in, tries it, publishes it."""

import io
import json
from collections.abc import Callable, Iterator

import pytest
from PIL import Image
from playwright.async_api import FilePayload, Page, expect

from tests.browser.looks import look
from tests.browser.test_studio import set_up
from tests.rig.browser import DESKTOP, PHONE, Browser
from tests.rig.model import FakeModel
from tests.rig.nursery import Nursery
from tests.rig.server import Server
from tests.rig.storage import SQLITE, Storage

DOORS = "# House rules\n\n## Doors\n\nTurn the brass key twice to the left.\n"

KEY = "sk-" + "q" * 30

DROP = """(zone, files) => {
  const moved = new DataTransfer();
  for (const [name, text] of files) moved.items.add(new File([text], name));
  for (const type of ["dragenter", "dragover", "drop"]) {
    const told = { dataTransfer: moved, bubbles: true, cancelable: true };
    zone.dispatchEvent(new DragEvent(type, told));
  }
}"""


@pytest.fixture
def fresh(make_storage: Callable[[str], Storage], nursery: Nursery) -> Iterator[Server]:
    """A server nobody owns yet, that may call programs on this machine."""
    storage = make_storage(SQLITE)
    made = Server(
        storage, storage.data_dir.parent, nursery, PARLOUR_ALLOW_NETWORKS="127.0.0.0/8"
    ).start()
    yield made
    made.close()


async def drop(page: Page, *files: tuple[str, str]) -> None:
    """Let go of files over the page, as somebody who dragged them there."""
    # The zone is there before the program that catches what falls on it.
    await page.locator("[data-drop] .drop").wait_for()
    await page.wait_for_load_state("load")
    await page.locator("[data-drop] .drop").evaluate(DROP, [list(each) for each in files])


@pytest.mark.long
@pytest.mark.parametrize(
    ("dark", "size"), [(False, DESKTOP), (True, PHONE)], ids=["desk, light", "phone, dark"]
)
async def test_from_documents_to_published(
    browser: Browser, fresh: Server, dark: bool, size: tuple[int, int]
) -> None:
    page = await (await browser.person(size=size, dark=dark)).new_page()
    await set_up(page, fresh)
    await page.goto(f"{fresh.url}/studio/agents")
    await look(page, "no agents")
    await page.get_by_role("link", name="New agent").click()
    await look(page, "new agent")
    await page.get_by_label("Name", exact=True).fill("House Handbook")
    await page.get_by_role("button", name="Make the agent").click()
    await expect(page.get_by_text("Upload at least one document first.")).to_be_visible()
    await look(page, "an empty draft")

    await drop(page, ("rules.md", DOORS), ("torn.pdf", "%PDF-1.7 torn"), ("x.png", "\x00\x01" * 90))
    documents = page.locator("#documents")
    await expect(documents.get_by_text("rules.md").first).to_be_visible()
    await expect(page.get_by_text("“x.png” is not a Markdown, text, HTML or PDF")).to_be_visible()
    await expect(documents.get_by_text("Ready: 1 document")).to_be_visible()
    await expect(documents.get_by_text("Not used: it is a broken PDF")).to_be_visible()
    await look(page, "documents")

    tried = page.frame_locator('iframe[name="tryout"]')
    # Before its script runs, the box must be filled, and Enter is a new line.
    box = tried.locator("#message:not([required])")
    await box.fill("How do I turn the brass key?")
    await box.press("Enter")
    await expect(tried.get_by_text("twice to the left")).to_be_visible()
    await expect(tried.locator(".source")).to_be_visible()

    await page.get_by_label("One line under the name").fill("answers from the house rules")
    face = io.BytesIO()
    Image.new("RGB", (90, 60), "teal").save(face, "PNG")
    for name, content in (("x.svg", b"<svg/>"), ("face.png", face.getvalue())):
        upload: FilePayload = {"name": name, "mimeType": "image/png", "buffer": content}
        await page.get_by_label("Choose a picture").set_input_files(upload)
        shown = page.locator("#portrait img" if name == "face.png" else "#portrait .notice")
        await expect(shown).to_be_visible()
        await look(page, f"picture {name}")
    await expect(page.locator("#agent-face img")).to_be_visible()
    await expect(tried.locator(".chat-head img")).to_be_visible()
    await page.get_by_role("button", name="Publish").click()
    await expect(page.get_by_role("status").first).to_contain_text("Published.")
    await expect(page.get_by_text("Version 1 is what visitors get")).to_be_visible()
    await expect(page.get_by_role("switch", name="Live")).to_have_attribute("aria-checked", "true")
    await expect(tried.get_by_text("twice to the left")).to_be_visible()  # it goes on
    await look(page, "published")
    await page.get_by_role("link", name="Versions").click()
    await expect(page.get_by_text("First version")).to_be_visible()
    await look(page, "versions")
    await page.get_by_role("switch", name="Live").click()
    await expect(page.get_by_role("button", name="Undo")).to_be_visible()
    await look(page, "offline")
    await page.get_by_role("link", name="Delete this agent…").click()
    await expect(page.get_by_text("2 uploaded documents")).to_be_visible()
    await look(page, "deleting")


async def test_a_model_is_tested_before_it_is_kept(
    browser: Browser, fresh: Server, model: FakeModel
) -> None:
    page = await (await browser.person(size=DESKTOP)).new_page()
    await set_up(page, fresh)
    await page.goto(f"{fresh.url}/studio/agents/new")
    await page.get_by_role("radio", name="A model").check()
    await page.get_by_label("Name", exact=True).fill("Helper")
    await page.get_by_label("Address of the model server").fill("http://127.0.0.1:8098/v1")
    await page.get_by_label("Model", exact=True).fill("fake")
    await page.get_by_role("button", name="Test").click()
    await expect(page.get_by_text("It does not answer.")).to_be_visible()
    await look(page, "a model that is not there")
    await page.get_by_label("Address of the model server").fill(model.base_url)
    await page.get_by_label("Key", exact=True).fill(fresh.keep_secret(KEY))
    await page.get_by_role("button", name="Test").click()
    await expect(page.get_by_text("It answers.")).to_be_visible()
    await expect(page.get_by_label("Name", exact=True)).to_have_value("Helper")
    await look(page, "a model that answers")
    await page.get_by_role("button", name="Make the agent").click()
    await expect(page.get_by_text("It is never shown; type a new one")).to_be_visible()
    assert KEY[-12:] not in await page.content()
    asked = json.dumps([request.headers for request in model.requests], default=str)
    assert KEY in asked
    await look(page, "a model, made")


async def test_without_scripts(browser: Browser, fresh: Server) -> None:
    """A plain form uploads, a plain form publishes."""
    page = await (await browser.person(size=DESKTOP)).new_page()
    await set_up(page, fresh)
    cookies = await page.context.cookies()
    context = await browser.person(size=PHONE, javascript=False)
    await context.add_cookies(cookies)  # type: ignore[arg-type]  # what one context gave
    plain = await context.new_page()
    await plain.goto(f"{fresh.url}/studio/agents/new")
    await plain.get_by_label("Name", exact=True).fill("Plain")
    await plain.get_by_role("button", name="Make the agent").click()
    file = {"name": "rules.md", "mimeType": "text/markdown", "buffer": DOORS.encode()}
    await plain.locator('input[name="file"]').set_input_files(file)  # type: ignore[arg-type]
    await plain.get_by_role("button", name="Upload", exact=True).click()
    await expect(plain.get_by_text("Uploaded to the draft.")).to_be_visible()
    await plain.get_by_role("button", name="Publish").click()
    await expect(plain.get_by_text("Version 1 is what visitors get")).to_be_visible()
