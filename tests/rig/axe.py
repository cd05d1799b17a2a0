"""Looking for what keeps people out of a page: axe, run inside the page that is open."""

from functools import cache
from typing import Any

from playwright.async_api import Page

from tests.rig.project import ROOT

_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast", "link-in-text-block"]
"""The rules that a page's theme decides; what a page is made of is the same in the light."""

_RUN = """rules => axe.run(document, {
    runOnly: rules, resultTypes: ["violations"], selectors: false,
}).then(found => found.violations.map(each =>
    `${each.id}: ${each.help}: ${each.nodes.map(node => node.html).join(' | ').slice(0, 400)}`))"""

_STILL = """Promise.allSettled(document.getAnimations()
    .filter(each => each.effect?.getComputedTiming().endTime !== Infinity)
    .filter(each => each.effect?.target?.checkVisibility())
    .map(each => each.finished)).then(() => null)"""
"""What fades in or out has colours on its way that nobody has to read; what is not shown, as in a
closed disclosure, does not go on until it is."""


@cache
def _source() -> str:
    return (ROOT / "tests" / "browser" / "vendor" / "axe.min.js").read_text()


async def check_accessible(page: Page, where: str, rules: list[str] | None = None) -> None:
    """Assert that axe finds nothing in a page as it stands, in its present theme and size.

    With `rules` only these are looked at.
    """
    await page.evaluate(_STILL)
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(_source())
    found: Any = await page.evaluate(_RUN, rules or _RULES)
    assert found == [], f"{where}: {found}"
