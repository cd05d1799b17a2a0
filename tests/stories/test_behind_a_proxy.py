"""What stands between visitors and the server: the doctor finds out; the examples are good."""

import asyncio
import io
from pathlib import Path

import aiohttp
import orjson
import pytest

from tests.rig import plays, proxying
from tests.rig.model import FakeModel
from tests.rig.proxying import Manners, proxied
from tests.rig.server import Server
from tests.rig.storage import SQLITE
from tests.rig.visitor import Drawn
from tests.rig.waiting import Stream

pytestmark = pytest.mark.only_on(SQLITE)


async def looked_at(server: Server, url: str) -> dict[str, tuple[str, str]]:
    shell = server.shell.given(PARLOUR_PUBLIC_URL=url)
    ran = await asyncio.to_thread(shell.run, "doctor", "--json")
    return {each["what"]: (each["level"], each["told"]) for each in orjson.loads(ran.stdout)}


@pytest.fixture
def believing(own_server: Server) -> Server:
    """A server that believes what proxies on this machine say of addresses."""
    own_server.environment["PARLOUR_TRUSTED_PROXIES"] = "127.0.0.0/8"
    own_server.stop()
    return own_server.start()


WAYS = (
    (Manners(), "visitors' address", "good", "203.0.113.7 just now"),
    (Manners(forwards=False), "visitors' address", "odd", "X-Forwarded-For"),
    (Manners(buffers=True), "streams", "bad", "buffering"),
    (Manners(drops_cookies=True), "cookies", "bad", "taken away"),
    (Manners(weakens_cookies=True), "cookies", "odd", "httponly"),
)
LOOKED_AT = {"visitors' address", "streams", "cookies"}


async def test_the_doctor_comes_in_as_visitors_do(believing: Server) -> None:
    for manners, what, level, says in WAYS:
        found: dict[str, tuple[str, str]] = {}
        async with proxied(believing.url, manners) as url:
            for _ in range(5):
                found = await looked_at(believing, url)
                # On a busy machine what was sent apart may come together, once.
                if found["streams"][0] == (level if what == "streams" else "good"):
                    break
        assert found["address"][0] == "good", found
        assert found[what][0] == level, found
        assert says in found[what][1]
        assert {found[other][0] for other in LOOKED_AT - {what}} == {"good"}, found


async def test_a_proxy_that_is_not_believed_is_named(own_server: Server) -> None:
    async with proxied(own_server.url, Manners()) as url:
        found = await looked_at(own_server, url)
    assert found["visitors' address"][0] == "odd"
    assert "PARLOUR_TRUSTED_PROXIES=127.0.0.1" in found["visitors' address"][1]
    found = await looked_at(own_server, own_server.url)
    assert {found[what][0] for what in LOOKED_AT} == {"good"}, found


async def test_another_instance_is_not_taken_for_this_one(
    own_server: Server, http: aiohttp.ClientSession
) -> None:
    """Whoever has no key of this instance learns nothing at that address."""
    shell = own_server.shell.given(
        PARLOUR_PUBLIC_URL=own_server.url, PARLOUR_SECRET_KEY="another-secret-key"
    )
    ran = await asyncio.to_thread(shell.run, "doctor", "--json")
    found = {each["what"]: each for each in orjson.loads(ran.stdout)}
    assert found["address"]["level"] == "bad"
    assert "another instance" in found["address"]["told"]
    for word in ("x", "1-2", f"{10**15}-{'0' * 64}", f"1763000000000-{'é'}"):
        async with http.get(f"{own_server.url}/.well-known/parlour/{word}") as answer:
            assert answer.status == 404
            assert "Set-Cookie" not in answer.headers


async def arrives(
    server: Server, url: str, model: FakeModel, http: aiohttp.ClientSession, name: str
) -> None:
    """What visitors are told comes as it is written, and what owners upload comes whole."""
    model.plays(plays.paused("One", " two."))
    made = await asyncio.to_thread(server.make_model_agent, f"{name}-talks", model.base_url)
    link = await asyncio.to_thread(server.make_link, made["name"])
    said = {"message": "Hello?", "async_mode": True}
    async with http.post(f"{url}/api/public/chat/{link.token}", json=said) as answer:
        assert answer.status == 202
        # A version is nobody's business; nginx goes on telling its name.
        assert answer.headers.get("Server", "") in {"", "nginx"}
        session = {"X-Parlour-Session": answer.cookies.popitem()[1].value}
    drawn = Drawn()
    async with http.get(f"{url}/api/public/live/{link.token}", headers=session) as answer:
        stream = Stream(answer)
        # The rest is written only once the beginning has been seen.
        await drawn.until_text(stream, "One")
        model.release()
        await drawn.until_ended(stream)
    assert drawn.text == "One two."
    headers = {"Authorization": f"Bearer {await asyncio.to_thread(server.make_key)}"}
    wanted = {"name": f"{name}-reads", "backend": "documents", "config": {}, "publish": False}
    async with http.post(f"{url}/api/agents", json=wanted, headers=headers) as answer:
        assert answer.status == 201
    there = f"{url}/api/agents/{name}-reads/documents?filename=long.txt"
    headers["Content-Type"] = "application/octet-stream"
    for size, status in ((20 << 20, 201), ((20 << 20) + 1, 413), (23 << 20, 413)):
        content = b"Where is it? " * (size // 13) + b"." * (size % 13)
        async with http.post(there, data=io.BytesIO(content), headers=headers) as answer:
            assert answer.status == status, size
            told = await answer.read()
        if status == 201:
            assert orjson.loads(told)["documents"][0]["bytes"] == size


@pytest.mark.parametrize("name", [*proxying.REAL, "ours"])
async def test_the_examples_are_good(
    believing: Server,
    model: FakeModel,
    http: aiohttp.ClientSession,
    tmp_path: Path,
    name: str,
) -> None:
    """Streams, addresses and cookies go through; addresses of links stay out of the proxy's log."""
    if name == "ours":
        # Stands for the examples where neither is installed: the same look, through a plain proxy.
        async with proxied(believing.url, Manners()) as url:
            found = await looked_at(believing, url)
        assert {level for level, _ in found.values()} <= {"good", "odd"}
        return
    token = "aSecretAddressOfALink0123456789abcdefghi"
    with proxying.real(name, believing.url, tmp_path) as (url, program):
        found = await looked_at(believing, url)
        for what in ("address", *LOOKED_AT):
            assert found[what][0] == "good", found
        await arrives(believing, url, model, http, name)
        believing.stop()
        async with http.get(f"{url}/chat/{token}") as answer:
            assert answer.status == 502
        told = program.output
    assert token not in told
