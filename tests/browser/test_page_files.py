"""Files on the visitor's page: chosen, pasted, dropped, taken back, sent; and at the desk."""

import io
import re

from PIL import Image
from playwright.async_api import FilePayload, Page, expect

from parlour.kit.tokens import new_id
from parlour.rights import Role
from parlour.staff import people, sessions
from parlour.staff.people import NewPerson
from tests.browser.looks import look
from tests.rig import plays
from tests.rig.browser import DESKTOP, PHONE, Browser
from tests.rig.colleague import COOKIE, PASSWORD
from tests.rig.visiting import Visit
from tests.rig.waiting import eventually

BRING = """([how, name, type, text]) => {
  const carried = new DataTransfer();
  carried.items.add(new File([text], name, { type }));
  const field = document.querySelector("#message");
  const more = { bubbles: true, cancelable: true };
  const pasted = new ClipboardEvent("paste", { ...more, clipboardData: carried });
  if (how === "paste") return void field.dispatchEvent(pasted);
  for (const kind of ["dragover", "drop"]) {
    document.body.dispatchEvent(new DragEvent(kind, { ...more, dataTransfer: carried }));
  }
}"""


def drawn() -> bytes:
    content = io.BytesIO()
    Image.linear_gradient("L").resize((640, 360)).convert("RGB").save(content, "PNG")
    return content.getvalue()


async def chips(page: Page, *names: str) -> None:
    """Wait until exactly these files are there, whole."""
    await expect(page.locator("#going bdi")).to_have_text([*names])
    await expect(page.locator("#going progress")).to_have_count(0)


async def test_files_go_along_with_a_message(browser: Browser, visit: Visit) -> None:
    """INP-06, experience (composer): chips above it, by every way, and no word needed."""
    config = {"base_url": visit.model.base_url, "model": "fake", "images": True}
    agent = await visit.keeper.agent("openai", config, display_name="Heron")
    await visit.keeper.terms(agent, files=["image", "text"], file_bytes=100_000)
    link = await visit.keeper.link(agent)
    address = f"{visit.server.url}/chat/{visit.server.keep_secret(link.token)}"
    page = await browser.open(address, size=PHONE)
    chosen: FilePayload = {"name": "receipt.png", "mimeType": "image/png", "buffer": drawn()}
    await page.locator("#files").focus()
    await expect(page.get_by_label("Attach files")).to_be_focused()
    await page.locator("#files").set_input_files([chosen])
    await chips(page, "receipt.png")
    await page.evaluate(BRING, ["paste", "note.md", "text/markdown", "# A note"])
    await chips(page, "receipt.png", "note.md")
    await page.evaluate(BRING, ["drop", "third.csv", "text/csv", "a,b"])
    await chips(page, "receipt.png", "note.md", "third.csv")
    await page.evaluate(BRING, ["drop", "fourth.txt", "text/plain", "one too many"])
    await expect(page.locator("#unfit")).to_have_text("No more files go along with one message.")
    await look(page, "files-phone")
    await page.get_by_role("button", name="Remove third.csv").click()
    await expect(page.locator("#unfit")).to_be_hidden()
    await page.evaluate(BRING, ["paste", "evil.png", "image/png", "<svg onload='alert(1)'/>"])
    await expect(page.locator("#unfit")).to_contain_text(
        "evil.png: This kind of file is not taken here"
    )
    await page.evaluate(BRING, ["paste", "big.txt", "text/plain", "x" * 100_001])
    await expect(page.locator("#unfit")).to_have_text("big.txt: This file is too large.")
    await page.evaluate(BRING, ["drop", "none.txt", "text/plain", ""])
    nothing = "none.txt: There is nothing in this file."
    await expect(page.locator("#unfit")).to_have_text(nothing)
    await chips(page, "receipt.png", "note.md")
    visit.model.plays(plays.reply("A gradient, and a note."))
    await page.press("#message", "Enter")
    await expect(page.locator(".bubble")).to_have_text("Please see what I have attached.")
    await expect(page.locator("#going li")).to_have_count(0)
    picture = page.get_by_role("img", name="receipt.png")
    await expect(picture).to_be_visible()
    await eventually(lambda: picture.evaluate("e => e.naturalWidth === 640"))
    await expect(page.locator(".file bdi")).to_have_text("note.md")
    await expect(page.locator(".prose")).to_have_text("A gradient, and a note.")
    await look(page, "files-sent-phone")
    await page.reload()
    await expect(page.get_by_role("img", name="receipt.png")).to_be_visible()
    await page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
    await look(page, "files-sent-desktop")
    await at_the_desk(browser, visit)


async def at_the_desk(browser: Browser, visit: Visit) -> None:
    tools, who = visit.keeper.tools, visit.keeper.who
    email = f"{new_id('x')[2:].lower()}@team.example"
    new = NewPerson(who.workspace_id, email, "Olga", Role.OWNER, PASSWORD, view_personal=True)
    person = await people.add(tools, who, new)
    secret = await sessions.begin(tools, who.workspace_id, person.id, "Firefox")
    context = await browser.person(size=DESKTOP)
    value = visit.server.keep_secret(secret)
    await context.add_cookies([{"name": COOKIE, "value": value, "url": visit.server.url}])
    page = await context.new_page()
    await page.goto(f"{visit.server.url}/studio/conversations")
    await page.get_by_text("A gradient, and a note.").first.click()
    await expect(page.get_by_role("img", name="receipt.png")).to_be_visible()
    link = page.get_by_role("link", name=re.compile("note.md"))
    async with page.expect_download() as coming:
        await link.click()
    assert (await coming.value).suggested_filename == "note.md"
    await look(page, "files-talk-desktop")
