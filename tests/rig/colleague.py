"""Somebody at the studio's door, as a browser sends their forms, one cookie jar each."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from time import time

import aiohttp
import pyotp

from tests.rig.oracles import check_gives_nothing_away, check_headers, check_never_cached
from tests.rig.server import Server

PASSWORD = "four words are enough"
COOKIE = "parlour-studio"
_ON_ITS_WAY = 12
"""Seconds in which a code gets to a busy server at the latest."""


@dataclass(frozen=True, slots=True)
class Page:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def leads_to(self) -> str:
        return self.headers.get("Location", "")

    @property
    def words(self) -> str:
        """The page as somebody reads it."""
        body = self.text.split("<body", 1)[-1]
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


@dataclass
class Colleague:
    """One browser."""

    http: aiohttp.ClientSession
    server: Server
    cookies: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str, **headers: str) -> Page:
        return await self._ask("GET", path, None, headers)

    async def post(self, path: str, form: Mapping[str, str] | None = None, **headers: str) -> Page:
        sent = {"Origin": self.server.url, **headers}
        return await self._ask("POST", path, dict(form or {}), sent)

    async def sign_in(self, email: str, password: str = PASSWORD, **form: str) -> Page:
        return await self.post("/studio/sign-in", {"email": email, "password": password, **form})

    async def _ask(
        self, method: str, path: str, form: dict[str, str] | None, headers: Mapping[str, str]
    ) -> Page:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        async with self.http.request(
            method, self.server.url + path, data=form, headers=sent, allow_redirects=False
        ) as answer:
            page = Page(answer.status, answer.headers.copy(), await answer.text())
            for name, morsel in answer.cookies.items():
                if morsel.value:
                    self.cookies[name] = self.server.keep_secret(morsel.value)
                else:
                    self.cookies.pop(name, None)
        check_headers(page.status, page.headers)
        check_never_cached(page.headers)
        check_gives_nothing_away(page.text.replace("/usr", ""))
        return page


def setup_code(server: Server) -> str:
    """The code that the server printed when it started."""
    found = server.running.wait_for(r"/studio/setup\?code=([0-9A-Z-]+)")
    return found.group(1)


async def owner_of(
    http: aiohttp.ClientSession, server: Server, email: str = "olga@team.example"
) -> Colleague:
    """Set a fresh server up, and be its owner."""
    made = Colleague(http, server)
    form = {"code": setup_code(server), "email": email, "name": "Olga", "password": PASSWORD}
    page = await made.post("/studio/setup", form)
    assert (page.status, page.leads_to) == (303, "/studio"), page.words
    return made


async def invited(owner: Colleague, email: str, role: str, **more: str) -> str:
    """Invite an address as the owner; answers with the path of the link."""
    page = await owner.post("/studio/people", {"email": email, "role": role, **more})
    assert page.status == 200, page.words
    found = re.search(r"/studio/invite/(parlour_invitation_\w+)", page.text)
    assert found is not None, page.words
    owner.server.keep_secret(found.group(1))
    return found.group(0)


async def joined(owner: Colleague, email: str, role: str, name: str = "Ben") -> Colleague:
    """Invite somebody and have them come in."""
    path = await invited(owner, email, role)
    made = Colleague(owner.http, owner.server)
    page = await made.post(path, {"name": name, "password": PASSWORD})
    assert (page.status, page.leads_to) == (303, "/studio"), page.words
    return made


async def code_before(app: pyotp.TOTP) -> str:
    """The code before an app's present one, which stays unused; taken long before it is too old."""
    if (left := app.interval - time() % app.interval) < _ON_ITS_WAY:
        await asyncio.sleep(left)
    return str(app.at(int(time()), counter_offset=-1))
