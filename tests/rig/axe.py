"""Looking for what keeps people out of a page: axe, run inside the page that is open."""

from functools import cache
from typing import Any

from playwright.async_api import Page

from tests.rig.project import ROOT

_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RUN = """rules => axe.run(document, {runOnly: rules}).then(found => found.violations.map(each =>
    `${each.id}: ${each.help}: ${each.nodes.map(node => node.html).join(' | ').slice(0, 400)}`))"""


@cache
def _source() -> str:
    return (ROOT / "tests" / "browser" / "vendor" / "axe.min.js").read_text()


async def check_accessible(page: Page, where: str) -> None:
    """Assert that axe finds nothing in a page as it stands, in its present theme and size."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(_source())
    found: Any = await page.evaluate(_RUN, _RULES)
    assert found == [], f"{where}: {found}"
