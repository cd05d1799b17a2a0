"""The visitor's pages for everybody: axe finds nothing, in any state, theme or size."""

from collections.abc import Callable

import pytest
from playwright.async_api import Page, expect

from parlour.web import pages, proofs, prose
from parlour.web.proofs import ProofView
from tests.browser.stage import NONCE, START, Play, Stage
from tests.rig.axe import check_accessible
from tests.rig.browser import DESKTOP, PHONE, Browser

LOOKS = [(PHONE, False), (PHONE, True), (DESKTOP, False), (DESKTOP, True)]
REASONS = ["not_found", "expired", "offline", "private", "trouble"]
"""Those between them show every part that a dead end has."""
ANSWER = """Turn it on, then **sort by time**.[1]

1. Add the module to `shared_preload_libraries`.
2. Restart.

```sql
SELECT calls, query FROM pg_stat_statements;
```

| You see | It means |
|---|---|
| High total | A cheap query that runs very often[2] |

> Planning time is not included.

See [the wiki](https://wiki.example.org/slow).
"""


def _cited(play: Play) -> list[dict[str, object]]:
    """Both sources of the answer, which will be the next message."""
    at = f"/chat/{play.token}/sources/msg_{play.token}{len(play.messages) + 1}"
    titles = ("The module", "Using EXPLAIN")
    return [
        {"n": n, "title": title, "source": f"{n}.html", "quote": "Load it.", "url": f"{at}/{n}"}
        for n, title in enumerate(titles, 1)
    ]


def _empty(_: Play) -> None: ...


def _thinking(play: Play) -> None:
    play.add("visitor", "Which queries are slow?")
    reply = play.add("agent", "", state="writing", turn="trn_2")
    play.status(reply, "Searching 1,214 documents")


def _writing(play: Play) -> None:
    play.add("visitor", "Which queries are slow?")
    play.add("agent", ANSWER[:90], state="writing", turn="trn_2")


def _done(play: Play) -> None:
    play.add("visitor", "Which queries are slow?")
    play.add("agent", ANSWER, turn="trn_2", citations=_cited(play))


def _stopped(play: Play) -> None:
    play.add("visitor", "Which queries are slow?")
    play.add("agent", ANSWER[:90], state="stopped", turn="trn_2")


def _failed(play: Play) -> None:
    play.add("visitor", "Which queries are slow?")
    problem = {"code": "model_gone", "title": "Gone", "detail": "The model server went away."}
    play.add("agent", "", state="failed", turn="trn_2", problem=problem)


STATES = [_empty, _thinking, _writing, _done, _stopped, _failed]


async def _check(page: Page, what: str) -> None:
    """Look at a page in every theme and size, as it stands."""
    over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    for (width, height), dark in LOOKS:
        await page.set_viewport_size({"width": width, "height": height})
        # Colours that are still moving have contrasts that nobody reads by.
        await page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
        await check_accessible(page, f"{what}, {width} wide, {'dark' if dark else 'light'}")
        assert await page.evaluate(over) <= 0, f"{what} scrolls sideways at {width}"


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__.strip("_"))
async def test_a_chat_in_every_state(
    browser: Browser, stage: Stage, play: Play, state: Callable[[Play], None]
) -> None:
    stage.call(state, play)
    page = await browser.open(f"{stage.url}/chat/{play.token}")
    await expect(page.locator("#message")).to_be_visible()
    await _check(page, state.__name__)


async def test_what_opens_over_a_chat(browser: Browser, stage: Stage, play: Play) -> None:
    """The menu, and the sheet with a cited passage."""
    stage.call(_done, play)
    page = await browser.open(f"{stage.url}/chat/{play.token}")
    await page.get_by_label("More").click()
    await expect(page.locator('[data-do="theme"]')).to_be_visible()
    await _check(page, "the menu")
    await page.keyboard.press("Escape")
    await page.locator(".prose a.cite").first.click()
    await expect(page.get_by_role("complementary")).to_be_visible()
    await _check(page, "the sheet")


@pytest.mark.parametrize("reason", REASONS)
async def test_every_dead_end(browser: Browser, stage: Stage, reason: str) -> None:
    view = pages.RefusalView(
        reason,
        NONCE,
        name="Store support",
        initial="S",
        subtitle="Alder & Reed",
        at=START if reason in {"expired", "offline"} else None,
        retry_after=40,
        reference="8Q2F-71",
    )
    stage.pages["/closed"] = pages.refusal(view)
    page = await browser.open(f"{stage.url}/closed")
    await expect(page.locator("h1")).to_be_visible()
    await _check(page, reason)


async def test_the_page_of_a_cited_passage(browser: Browser, stage: Stage) -> None:
    view = pages.SourceView(
        token="tok",
        nonce=NONCE,
        message_id="msg_tok2",
        n=1,
        title="The module",
        source="module.html",
        before=prose.render("# The module\n\nIt tracks statistics."),
        passage=prose.render(ANSWER),
        trail="module.html › The module",
    )
    stage.pages["/cited"] = pages.source(view)
    page = await browser.open(f"{stage.url}/cited")
    await _check(page, "the source")


async def test_what_stays_to_be_read(browser: Browser, stage: Stage, play: Play) -> None:
    stage.call(_done, play)
    view = pages.ReadingView(play.face, play.token, NONCE, play.shown(), False, START)
    stage.pages["/chat/tok/read"] = pages.reading(view)
    page = await browser.open(f"{stage.url}/chat/tok/read")
    await expect(page.locator(".turn--agent")).to_have_count(1)
    await expect(page.get_by_role("textbox")).to_have_count(0)
    await _check(page, "the conversation of a link that has ended")


async def test_the_steps_of_confirming_an_address(browser: Browser, stage: Stage) -> None:
    face = pages.Face("Heron", "H", "answers from the handbook")
    for view in (
        ProofView(face, "tok", NONCE, "s", email="a@x", trouble="invalid"),
        ProofView(face, "tok", NONCE, "s", "code", "a@x.org", trouble="invalid_code", left=2),
    ):
        stage.pages[f"/{view.step}"] = proofs.proof(view)
        page = await browser.open(f"{stage.url}/{view.step}")
        await expect(page.locator(f"#{view.step}")).to_be_visible()
        await _check(page, f"the step {view.step}")
