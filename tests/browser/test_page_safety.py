"""Whatever is written into a conversation, the page runs nothing and asks nobody else for anything.

XSS-01 to XSS-05 and XSS-10, LNK-19: the corpus as message, answer, name, title, quote and draft;
and, for the answer that streams, cut in two at every place.
"""

import pytest
from playwright.async_api import Page, expect

from parlour.web import pages, prose
from parlour.web.assets import assets
from tests.browser.hostile import corpus
from tests.browser.stage import NONCE, START, Play, Stage
from tests.rig.browser import Browser
from tests.rig.waiting import eventually

# Loads the module that renders streams, and nothing else of the page.
BENCH = f"""<!doctype html><html lang="en"><body><div id="root"></div>
<script type="application/json" id="words">{{}}</script>
<script type="module" nonce="{NONCE}">
import {{ Reply }} from "{assets().base}/js/reply.js";
window.Reply = Reply;
document.body.dataset.ready = "yes";
</script></body></html>"""

# Renders a text cut at each place and returns what should never be there.
WRITE = """
([texts, everyPlace]) => {
  const root = document.querySelector("#root");
  const TAGS = new Set(("A BLOCKQUOTE BR CODE DIV EM FIGURE H3 H4 H5 H6 HR LI OL P PRE S SPAN " +
    "STRONG TABLE TBODY TD TH THEAD TR UL").split(" "));
  const NAMES = new Set(
    "href rel target class tabindex role aria-label aria-hidden start".split(" "));
  const wrong = [];
  const look = (text, at) => {
    for (const element of root.querySelectorAll("*")) {
      const names = element.getAttributeNames().filter((name) => !NAMES.has(name));
      const href = element.getAttribute("href");
      const led = href === null || (/^(https?:|mailto:)/.test(href) && !element.username &&
        element.rel === "noopener noreferrer nofollow ugc" && element.target === "_blank");
      if (!TAGS.has(element.tagName) || names.length || !led)
        wrong.push([text, at, element.outerHTML.slice(0, 200)]);
    }
  };
  const plain = () => root.innerHTML.replace(/<span class="fresh">([^<]*)<\\/span>/g, "$1");
  const write = (text, cuts) => {
    const reply = new Reply(root);
    const signs = [...text];
    let from = 0;
    for (const cut of [...cuts, signs.length]) {
      reply.delta(from, signs.slice(from, cut).join(""));
      reply.paint();
      look(text, cut);
      from = cut;
    }
    reply.end();
    look(text, "end");
    return plain();
  };
  for (const text of texts) {
    const length = [...text].length;
    const whole = write(text, []);
    const places = everyPlace ? [...Array(length).keys()] : [];
    for (const at of places)
      if (write(text, [at]) !== whole) wrong.push([text, at, "not as whole", plain(), whole]);
    if (write(text, [...Array(length).keys()]) !== whole)
      wrong.push([text, "each", "not as whole", plain(), whole]);
  }
  return wrong;
}
"""

# What a person who explores the page with a pointer would set off.
EXPLORE = """
() => {
  for (const element of document.querySelectorAll("*"))
    for (const type of ["mouseover", "focus", "error", "load", "toggle", "pointerrawupdate"])
      element.dispatchEvent(new Event(type, {bubbles: false}));
  return document.querySelectorAll(
    "iframe, object, embed, base, img, video, audio, picture, .prose svg:not(button svg), " +
    ".prose form, .bubble *"
  ).length;
}
"""


async def watched(browser: Browser) -> tuple[Page, list[str]]:
    context = await browser.person()
    page = await context.new_page()
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    return page, dialogs


async def test_nothing_breaks_out_of_a_stored_conversation(
    browser: Browser, stage: Stage, play: Play
) -> None:
    texts = corpus()
    for text in texts:
        play.add("visitor", text)
        cite = {"n": 1, "title": text, "source": text, "quote": text, "url": "/x"}
        play.add("agent", text, citations=[cite])
    problem = {"code": texts[0], "title": texts[1], "detail": texts[0]}
    play.add("visitor", "so?")
    play.add("agent", "", state="failed", problem=problem)
    page, dialogs = await watched(browser)
    await page.goto(f"{stage.url}/chat/tok")
    await expect(page.locator(".bubble")).to_have_count(len(texts) + 1)
    assert await page.evaluate(EXPLORE) == 0
    shown = await page.locator(".bubble").all_text_contents()
    sent = [text.replace("\x00", "") for text in texts]
    assert shown[: len(texts)] == sent
    assert dialogs == []


@pytest.mark.long
@pytest.mark.parametrize("where", ["face", "refusal", "source"])
async def test_nothing_breaks_out_of_names_and_titles(
    browser: Browser, stage: Stage, where: str
) -> None:
    page, dialogs = await watched(browser)
    for number, text in enumerate(corpus()[::6]):
        if where == "face":
            face = pages.Face(text, text[:1], text, text, (text,), text, text, text)
            stage.plays["tok"] = Play("tok", face)
            address = "/chat/tok"
        elif where == "refusal":
            view = pages.RefusalView(
                "expired",
                NONCE,
                name=text,
                initial=text[:1],
                subtitle=text,
                at=START,
                reference=text,
            )
            address = f"/refusal/{number}"
            stage.pages[address] = pages.refusal(view)
        else:
            part = prose.render(text)
            source = pages.SourceView(
                "tok", NONCE, "msg_x", 1, text, text, part, prose.plain(text), part, text
            )
            address = f"/chat/tok/sources/{number}"
            stage.pages[address] = pages.source(source)
        await page.goto(stage.url + address)
        assert await page.evaluate(EXPLORE) == 0, text
    assert dialogs == []


async def test_streamed_text_is_the_same_however_it_is_cut(browser: Browser, stage: Stage) -> None:
    """XSS-05: at every place, and one sign at a time."""
    stage.pages["/bench"] = BENCH.encode()
    page, dialogs = await watched(browser)
    await page.goto(f"{stage.url}/bench")
    await expect(page.locator("body[data-ready]")).to_have_count(1)
    texts = corpus()
    short = [text for text in texts if len(text) <= 120]
    long = [text for text in texts if len(text) > 120]
    assert await page.evaluate(WRITE, [short, True]) == []
    assert await page.evaluate(WRITE, [long, False]) == []
    assert dialogs == []


async def test_a_hostile_stream_runs_nothing(browser: Browser, stage: Stage, play: Play) -> None:
    page, dialogs = await watched(browser)
    await page.goto(f"{stage.url}/chat/tok")
    await page.fill("#message", "<img src=x onerror=alert(1)>")
    await page.press("#message", "Enter")
    await eventually(lambda: len(play.posts) == 1)
    answer = stage.call(play.begin)
    for text in corpus()[::3]:
        stage.call(play.status, answer, text)
        stage.call(play.write, answer, text + "\n\n")
    stage.call(play.write, answer, "And that was all of it.")
    await expect(page.locator(".prose")).to_contain_text("And that was all of i")
    stage.call(play.finish, answer)
    await expect(page.locator('.turn--agent[data-state="done"]')).to_have_count(1)
    assert await page.evaluate(EXPLORE) == 0
    assert dialogs == []
