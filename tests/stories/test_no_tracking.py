"""No user tracking, as a promise: what an open link's visitors bring with them is kept nowhere.

Product A.8: nothing that identifies or re-identifies a visitor is stored beyond the random session
that continues their conversation. Every table, the event log, Redis and the server's log are read.
"""

import base64
import hashlib
import ipaddress
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import redis

from tests.rig import plays
from tests.rig.model import FakeModel
from tests.rig.nursery import Nursery
from tests.rig.server import Server
from tests.rig.storage import SQLITE, Storage
from tests.rig.visiting import Visit, visiting
from tests.rig.visitor import Visitor

ADDRESS, ADDRESS_6 = "203.0.113.197", "2001:db8:7e57:ca4a:1:2:3:4"
BROUGHT = {
    "User-Agent": "HeronBrowser/48.15 (Canary; rv:16.23) Gecko/4242",
    "Referer": "https://heron-referrer.example/inbox/4815162342",
    "Accept-Language": "rm-CH,rm;q=0.913,fur;q=0.777",
    "X-Forwarded-For": ADDRESS,
    "Forwarded": f'for="[{ADDRESS_6}]"',
    "X-Real-IP": ADDRESS,
    "Sec-CH-UA": '"HeronBrand";v="4815"',
    "Sec-CH-UA-Platform": '"HeronOS 16.23"',
    "From": "heron-from@visitors.example",
    "X-Request-ID": "heron-request-4815162342",
    "DNT": "1",
}
QUERY = (
    "utm_source=heron-campaign&fbclid=heron-click-4815&gclid=heron-gclid&email=heron%40mail.example"
)
JAR = "heron_tracker=heron-cookie-4815162342; _ga=GA1.2.4815162342.1623"
CANARIES = (
    ADDRESS,
    ADDRESS_6,
    "2001:db8:7e57:ca4a",
    "203.0.113",
    "HeronBrowser",
    "heron-referrer",
    "rm-CH",
    "HeronBrand",
    "HeronOS",
    "heron-from",
    "heron-request",
    "heron-campaign",
    "heron-click",
    "heron-gclid",
    "heron@mail",
    "heron%40mail",
    "heron-cookie",
    "GA1.2.4815162342",
)


def disguised(canary: str) -> Iterator[str]:
    """A value as it is, and as somebody would write it who only pretends to forget it."""
    raw = canary.encode()
    yield canary
    yield raw.hex()
    yield base64.b64encode(raw).decode().rstrip("=")[:-1]
    for method in ("md5", "sha1", "sha256", "blake2b"):
        yield hashlib.new(method, raw).hexdigest()[:16]


def packed() -> Iterator[str]:
    for address in (ADDRESS, ADDRESS_6):
        made = ipaddress.ip_address(address)
        yield made.packed.hex()
        yield str(int(made))


FORBIDDEN = {each for canary in CANARIES for each in disguised(canary)} | {*packed()}


def check_forgotten(where: str, kept: str) -> None:
    found = [each for each in FORBIDDEN if each.lower() in kept.lower()]
    assert found == [], f"{where} keeps {found}"


class Watched(Visitor):
    """Somebody whose every request brings what trackers live on."""

    @property
    def headers(self) -> dict[str, str]:
        own = super().headers.get("Cookie", "")
        return {**BROUGHT, "Cookie": "; ".join(filter(None, (JAR, own)))}


async def visited(person: Watched, model: FakeModel) -> None:
    """Do all that a visitor can do."""
    token = person.token
    for path in (f"/chat/{token}?{QUERY}", f"/public/chat/{token}?{QUERY}", "/chat/nothing"):
        await person.ask("GET", path)
    await person.ask("GET", f"/api/public/link/{token}?{QUERY}")
    await person.ask("POST", f"/chat/{token}?{QUERY}", data={"message": "Hello by form?"})
    await person.settled()
    model.plays(plays.error(400), plays.reply("Now."))
    await person.ask(
        "POST", f"/api/public/chat/{token}?{QUERY}", json={"message": "Fails?", "async_mode": True}
    )
    await person.settled()
    await person.ask("POST", f"/api/public/retry/{token}?{QUERY}", json={})
    await person.settled()
    async with person.live() as stream:
        await stream.next("message")
    await person.ask("POST", f"/api/public/stop/{token}?{QUERY}", json={})
    await person.ask("GET", f"/api/public/history/{token}?{QUERY}")
    await person.ask("DELETE", f"/api/public/session/{token}?{QUERY}")
    await person.say("Anew?")
    await person.settled()
    # What is refused leaves no more behind than what is not.
    await person.ask("POST", f"/api/public/chat/{token}?{QUERY}", data=b"{")
    await person.ask("POST", f"/api/public/chat/{token}?{QUERY}", json={"message": ""})
    await person.ask("POST", f"/api/public/chat/nothing?{QUERY}", json={"message": "Hello?"})


def in_redis(url: str) -> str:
    """Everything that Redis holds, names and values, also in its own binary form."""
    told: list[Any] = []
    with redis.Redis.from_url(url) as client:
        for key in client.scan_iter():
            told += [key, client.dump(key)]
            if client.type(key) == b"stream":
                told.append(client.xrange(key))
    return "\n".join(
        each.decode("latin-1") if isinstance(each, bytes) else repr(each) for each in told
    )


async def test_nothing_of_who_they_are_is_kept(
    storage: Storage,
    tmp_path: Path,
    nursery: Nursery,
    model: FakeModel,
    http: aiohttp.ClientSession,
) -> None:
    """PRI: address, browser, referrer, language, query, cookies; whole, hashed or packed."""
    settings = {"PARLOUR_TRUSTED_PROXIES": "127.0.0.0/8", "PARLOUR_LOG_LEVEL": "debug"}
    server = Server(storage, tmp_path, nursery, **settings).start()
    model.plays(plays.reply("One two three."))
    async with visiting(server, model, http) as visit:
        person = Watched(http, server.url, visit.link.token)
        visit.people.append(person)
        await visited(person, model)
        await visit.keeper.switch(visit.agent, live=False)
        person.faulty = True
        left = await person.ask("POST", f"/chat/{person.token}/note?{QUERY}", data={"text": "Hm"})
        assert left.status == 303
        await visit.keeper.switch(visit.agent, live=True)
        await visit.keeper.quiet()
        kept = await visit.keeper.everything()
        assert "Hello by form?" in kept, "this reads what is kept"
        check_forgotten("the database", kept)
        await _check_random(visit, kept, person)
        if storage.engine == SQLITE:
            for file in storage.data_dir.rglob("*"):
                if file.is_file():
                    check_forgotten(file.name, file.read_bytes().decode("latin-1"))
        else:
            check_forgotten("Redis", in_redis(storage.redis_url))
        check_forgotten("the log", server.output)
        assert re.search(r"request", server.output), "this reads what is logged"
    server.close()


async def _check_random(visit: Visit, kept: str, person: Watched) -> None:
    """The session that finds the conversation again is random, and kept as a keyed hash alone."""
    assert person.session not in kept
    other = Watched(visit.http, visit.server.url, visit.link.token)
    visit.people.append(other)
    await other.say("The same browser again, without its cookie")
    assert other.session[:25] != person.session[:25]
