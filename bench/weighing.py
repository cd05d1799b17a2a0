"""What a browser transfers to show the chat page, and from where."""

import asyncio
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import async_playwright

from bench import programs
from bench.house import House, model, serving
from bench.table import Figure
from tests.rig.browser import FLAGS

CHROMIUM = "/usr/bin/chromium"


def measure(tools: programs.Tools) -> list[Figure]:
    with tools.model() as model_port, serving(model(model_port)) as house:
        transferred, elsewhere = asyncio.run(_load(house))
    return [
        Figure("the chat page, all its bytes as transferred", transferred / 1000, "kB", most=60),
        Figure("… addresses of others it asked", elsewhere, "", most=0),
    ]


async def _load(house: House) -> tuple[int, int]:
    sizes: list[int] = []
    hosts: set[str | None] = set()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        page = await browser.new_page()
        wire = await page.context.new_cdp_session(page)

        def finished(told: dict[str, Any]) -> None:
            sizes.append(int(told["encodedDataLength"]))

        wire.on("Network.loadingFinished", finished)
        page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
        await wire.send("Network.enable")
        await page.goto(f"http://127.0.0.1:{house.port}{house.page}", wait_until="networkidle")
        await browser.close()
    return sum(sizes), len(hosts - {"127.0.0.1", None, ""})
