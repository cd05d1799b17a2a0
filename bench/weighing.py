"""What a browser transfers to show the chat page, and from where."""

import asyncio
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import async_playwright

from bench import programs
from bench.house import model, serving
from bench.table import Figure
from tests.rig.browser import FLAGS
from tests.rig.storage import look_around


def measure(tools: programs.Tools) -> list[Figure]:
    with tools.model() as model_port, serving(model(model_port)) as house:
        address = f"http://127.0.0.1:{house.port}{house.page}"
        transferred, elsewhere = asyncio.run(load(address))
    return [
        Figure("the chat page, all its bytes as transferred", transferred / 1000, "kB", most=60),
        Figure("… addresses of others it asked", elsewhere, "", most=0),
    ]


async def load(address: str, cookies: dict[str, str] | None = None) -> tuple[int, int]:
    """Open a page in a browser that has kept nothing; return its bytes, and others it asked."""
    sizes: list[int] = []
    hosts: set[str | None] = set()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=look_around().chromium, args=list(FLAGS)
        )
        page = await browser.new_page()
        for name, value in (cookies or {}).items():
            await page.context.add_cookies([{"name": name, "value": value, "url": address}])
        wire = await page.context.new_cdp_session(page)

        def finished(told: dict[str, Any]) -> None:
            sizes.append(int(told["encodedDataLength"]))

        wire.on("Network.loadingFinished", finished)
        page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
        await wire.send("Network.enable")
        await page.goto(address, wait_until="load")
        # A page that listens for news is never idle, so what scripts ask for is waited for.
        await page.wait_for_timeout(1_000)
        await browser.close()
    return sum(sizes), len(hosts - {"127.0.0.1", None, ""})
