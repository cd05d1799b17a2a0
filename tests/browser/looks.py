"""Looking at a page as it stands, by night and by day."""

import os
from pathlib import Path

from playwright.async_api import Page

from tests.rig.axe import COLOURS, check_accessible

OVER = "e => e.scrollWidth - e.clientWidth"


async def look(page: Page, name: str) -> None:
    """Nothing keeps anybody out, and nothing scrolls sideways; the page is left in its light.

    With a folder in PARLOUR_SHOTS there are pictures of it.
    """
    await page.wait_for_load_state()
    folder = os.environ.get("PARLOUR_SHOTS")
    for theme, rules in (("dark", COLOURS), ("light", None)):
        await page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        if folder:
            await page.screenshot(path=Path(folder) / f"{name}-{theme}.png")
        await check_accessible(page, f"{name}, {theme}", rules)
    for element in await page.locator("html, main").all():
        assert await element.evaluate(OVER) <= 0, name
