"""A real Chromium whose every request, error and console line is written down."""

from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest_asyncio
from playwright.async_api import Browser as Chromium
from playwright.async_api import BrowserContext, ConsoleMessage, Page, async_playwright, expect

LAN = ".lan.example"
"""Below this every name is this machine, which browsers take for another one's."""
_HOSTS = f"MAP *{LAN} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Whatever a page asks for outside, nothing leaves this machine.
    f"--host-resolver-rules={_HOSTS}",
)
on_the_browser_s_loop = pytest_asyncio.fixture(loop_scope="session")
"""A fixture for tests that have a browser, which is spoken to on one loop for the whole run."""

_PATIENCE = 60_000
"""Milliseconds that a busy machine may take until a page shows what is expected."""
PHONE = (390, 844)
DESKTOP = (1280, 800)


class Browser:
    """Opens pages in contexts of their own, as if each were a different person's browser."""

    def __init__(self, chromium: Chromium) -> None:
        self._chromium = chromium
        self._people: list[BrowserContext] = []
        self.requests: list[str] = []
        self.errors: list[str] = []

    async def person(
        self,
        *,
        size: tuple[int, int] = PHONE,
        dark: bool = False,
        javascript: bool = True,
        calm: bool = False,
    ) -> BrowserContext:
        """Return a fresh browser profile; its pages share cookies with each other only.

        `calm` asks pages to move nothing, as a person's system setting would.
        """
        context = await self._chromium.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            java_script_enabled=javascript,
            reduced_motion="reduce" if calm else "no-preference",
            locale="en-GB",
            timezone_id="UTC",
            service_workers="block",
        )
        self._people.append(context)
        context.set_default_timeout(_PATIENCE)
        expect.set_options(timeout=_PATIENCE)
        context.on("request", lambda request: self.requests.append(request.url))
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        return context

    async def open(self, url: str, *, size: tuple[int, int] = PHONE, dark: bool = False) -> Page:
        """Open a page in a fresh profile."""
        context = await self.person(size=size, dark=dark)
        page = await context.new_page()
        await page.goto(url)
        return page

    async def leave(self) -> None:
        """Close every page, with whatever it kept."""
        for context in self._people:
            await context.close()

    def _hear(self, message: ConsoleMessage) -> None:
        # A request that fails or is refused is written to the console too; tests cause those.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.errors.append(message.text)

    def requests_elsewhere(self) -> list[str]:
        """Return requests to anything but this machine (XSS-02, LNK-19)."""
        return [url for url in self.requests if not _is_here(url)]

    def check(self) -> None:
        """Assert what holds for every page: no request elsewhere, no script error, no violation."""
        assert self.requests_elsewhere() == []
        assert self.errors == [], self.errors


def _is_here(url: str) -> bool:
    parts = urlsplit(url)
    if parts.scheme in {"data", "blob", "about"}:
        return True
    host = parts.hostname or ""
    return host in {"127.0.0.1", "localhost"} or host.endswith(LAN)


class Program:
    """The browser of a whole run, started when it is first wanted, and again when it is gone."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._running = AsyncExitStack()
        self._chromium: Chromium | None = None

    async def browser(self) -> Browser:
        """A browser that nobody has used: its people share nothing with those of other tests."""
        if self._chromium is None or not self._chromium.is_connected():
            await self.close()
            playwright = await self._running.enter_async_context(async_playwright())
            self._chromium = await playwright.chromium.launch(
                executable_path=self._path, args=list(FLAGS), chromium_sandbox=False
            )
        return Browser(self._chromium)

    async def close(self) -> None:
        """End it."""
        if self._chromium is not None:
            await self._chromium.close()
        self._chromium = None
        await self._running.aclose()
