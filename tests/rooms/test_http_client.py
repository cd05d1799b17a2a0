"""The guarded client against servers that hang, lie and swell, and names that change."""

import asyncio
import gzip
import ipaddress
import resource
import ssl
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from parlour.config import Settings
from parlour.kit.http import Blocked, Deadlines, GuardedClient, RequestFailed, Response
from tests.rig.outgoing import OPEN, Canary, Raw, names, serving, speaking
from tests.rig.waiting import PATIENCE, eventually

SETTINGS = Settings(allow_networks=OPEN)


@pytest.fixture
async def client() -> AsyncIterator[GuardedClient]:
    made = GuardedClient(SETTINGS)
    yield made
    await made.close()


async def hello(request: web.Request) -> web.Response:
    peer = request.transport.get_extra_info("peername") if request.transport else None
    return web.json_response(
        {"host": request.host, "peer": str(peer), "headers": dict(request.headers)}
    )


async def test_nothing_is_said_of_us_that_need_not_be(client: GuardedClient) -> None:
    """ISO-17: no cookies, no proxy, no compression; headers go with their own request alone."""

    async def answer(request: web.Request) -> web.Response:
        response = web.json_response(dict(request.headers))
        response.set_cookie("sticky", "1")
        return response

    async with serving(answer) as port:
        _, first = await client.post_json(
            f"http://127.0.0.1:{port}/", {}, headers={"Authorization": "Bearer a"}
        )
        _, second = await client.post_json(f"http://127.0.0.1:{port}/", {})
    assert b"Bearer a" in first
    assert b"Bearer" not in second
    assert b"sticky" not in second
    assert b'"Accept-Encoding": "identity"' in second


async def test_a_name_that_changes_its_address_is_looked_at_again(client: GuardedClient) -> None:
    """SSR-01: public when it was saved, inside when it is called."""
    async with Canary().listening() as canary:
        resolve = names(shifty_example=["93.184.216.34", "127.0.0.1"])
        shifty = GuardedClient(Settings(), resolve=resolve)
        await shifty.check(f"http://shifty.example:{canary.port}/")
        with pytest.raises(Blocked):
            await shifty.post_json(f"http://shifty.example:{canary.port}/", {})
        assert canary.hits == 0
        await shifty.close()


async def test_the_checked_address_is_the_one_connected_to() -> None:
    """SSR-01: one look-up per connection; what it said later is never asked."""
    async with serving(hello) as port:
        resolve = names(turning_example=["127.0.0.1", "169.254.169.254"])
        client = GuardedClient(SETTINGS, resolve=resolve)
        status, body = await client.post_json(f"http://turning.example:{port}/", {})
        assert status == 200
        assert f'"host": "turning.example:{port}"'.encode() in body
        await client.close()


async def test_no_socket_is_made_for_a_closed_address() -> None:
    """SSR-01: the last look is at the address itself, whatever path led to it."""

    class Careless(GuardedClient):
        async def addresses(self, host: str, port: int) -> list[str]:
            return await self._resolve(host, port)

    async with Canary().listening() as canary:
        client = Careless(Settings(), resolve=names(inside_example="127.0.0.1"))
        with pytest.raises(RequestFailed, match="cannot be reached"):
            await client.post_json(f"http://inside.example:{canary.port}/", {})
        assert canary.hits == 0
        await client.close()


async def test_redirects_are_answers_and_carry_nothing_anywhere(client: GuardedClient) -> None:
    """SSR-01, ISO-17: neither followed nor given the key."""
    async with Canary().listening() as canary:

        async def away(_: web.Request) -> web.Response:
            raise web.HTTPTemporaryRedirect(f"http://127.0.0.1:{canary.port}/")

        async with serving(away) as port:
            status, _ = await client.post_json(
                f"http://127.0.0.1:{port}/", {}, headers={"Authorization": "Bearer a"}
            )
        assert (status, canary.hits) == (307, 0)


async def test_proxies_of_the_environment_are_ignored(
    client: GuardedClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Canary().listening() as canary, serving(hello) as port:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{canary.port}")
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{canary.port}")
        status, _ = await client.post_json(f"http://127.0.0.1:{port}/", {})
        assert (status, canary.hits) == (200, 0)


async def test_connections_are_used_again(client: GuardedClient) -> None:
    async with serving(hello) as port:
        peers = {(await client.post_json(f"http://127.0.0.1:{port}/", {}))[1] for _ in range(3)}
    assert len(peers) == 1


async def test_a_settled_stream_leaves_its_connection_behind(client: GuardedClient) -> None:
    async with serving(hello) as port:
        seen = set()
        for _ in range(2):
            async with client.stream("GET", f"http://127.0.0.1:{port}/") as response:
                await response.settle()
            async with client.stream("GET", f"http://127.0.0.1:{port}/") as response:
                seen.add(await response.read())
    assert len(seen) == 1


async def test_tls_is_verified_against_the_name(tmp_path: Path) -> None:
    """CRH-10: a certificate nobody vouches for is one clear failure, and SNI holds the name."""
    seen: list[str | None] = []
    context = _untrusted("models.example", tmp_path)
    context.sni_callback = lambda _socket, name, _context: seen.append(name)
    async with serving(hello, context) as port:
        client = GuardedClient(SETTINGS, resolve=names(models_example="127.0.0.1"))
        with pytest.raises(RequestFailed, match="certificate") as failed:
            await client.post_json(f"https://models.example:{port}/secret?key=1", {})
        assert failed.value.code == "unreachable"
        assert "secret" not in str(failed.value)
        await client.close()
    assert seen == ["models.example"]


def _untrusted(name: str, folder: Path) -> ssl.SSLContext:
    """A server's side of TLS with a certificate that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8
    private = key.private_bytes(Encoding.PEM, form, serialization.NoEncryption())
    (folder / "both.pem").write_bytes(made.public_bytes(Encoding.PEM) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "both.pem")
    return context


QUICK = Deadlines(connect=5, first_byte=1, idle=1, total=2.5)
PATIENT = Deadlines(connect=30, first_byte=30, idle=30, total=30)


async def _silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def _stalling(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nso far")
    await reader.read()


async def _dripping(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b": still here\n\n")
        await writer.drain()
        await asyncio.sleep(0.02)


async def _endless_head(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(1_000_000):
        writer.write(b"X-%d: y\r\n" % number)
        await asyncio.sleep(0)


async def _long_header(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX-Long: " + b"y" * 1_000_000 + b"\r\n\r\n")
    await writer.drain()


async def _no_http(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")


async def _reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def _cut(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nso far")
    await writer.drain()


@pytest.mark.parametrize(
    ("speak", "code", "began"),
    [
        (_silent, "timeout", False),
        (_stalling, "timeout", True),
        (_dripping, "timeout", True),
        (_endless_head, "bad_answer", False),
        (_long_header, "bad_answer", False),
        (_no_http, "bad_answer", False),
        (_reset, "unreachable", False),
        (_cut, "unreachable", True),
    ],
)
async def test_every_bad_server_is_one_clear_failure(
    client: GuardedClient, speak: Raw, code: str, *, began: bool
) -> None:
    """CRH-09, CRH-10, SSR-08."""
    async with speaking(speak) as url, asyncio.timeout(PATIENCE):
        with pytest.raises(RequestFailed) as failed:
            await client.post_json(url, {}, deadlines=QUICK if code == "timeout" else PATIENT)
    assert (failed.value.code, failed.value.began) == (code, began)


async def test_a_closed_port_and_a_name_without_address() -> None:
    """CRH-10."""
    async with Canary().listening() as canary:
        port = canary.port
    client = GuardedClient(SETTINGS, resolve=names())
    with pytest.raises(RequestFailed, match=f"http://127.0.0.1:{port} cannot be reached"):
        await client.post_json(f"http://127.0.0.1:{port}/", {})
    with pytest.raises(Blocked):
        await client.post_json("http://nowhere.example/", {})
    await client.close()


def _rss() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


async def _measure(response: Response, sizes: list[int]) -> None:
    async for chunk in response.chunks():
        sizes.append(len(chunk))  # noqa: PERF401 - what came before the error counts


async def test_a_body_without_end_is_cut(client: GuardedClient) -> None:
    """SSR-08: bounded in bytes and in memory, and the server is let go."""
    gone = asyncio.Event()

    async def swell(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                writer.write(b"x" * 65_536)
                await writer.drain()
        finally:
            gone.set()

    before = _rss()
    async with speaking(swell) as url:
        async with client.stream("GET", url, max_bytes=200_000_000) as response:
            sizes: list[int] = []
            with pytest.raises(RequestFailed, match="more than allowed"):
                await _measure(response, sizes)
        async with asyncio.timeout(PATIENCE):
            await gone.wait()
    assert 190_000_000 < sum(sizes) <= 200_000_000
    assert _rss() - before < 50_000_000


async def test_a_bomb_is_not_opened(client: GuardedClient) -> None:
    """SSR-08: compressed although asked not to be."""

    async def bomb(_: web.Request) -> web.Response:
        body = gzip.compress(b"\0" * 50_000_000)
        return web.Response(body=body, headers={"Content-Encoding": "gzip"})

    async with serving(bomb) as port:
        with pytest.raises(RequestFailed, match="compressed"):
            await client.post_json(f"http://127.0.0.1:{port}/", {})


async def test_leaving_ends_the_call(client: GuardedClient) -> None:
    """CRH-09: a caller who goes takes the connection along."""
    gone = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nhello")
        await reader.read()
        gone.set()

    async with speaking(talk) as url:
        async with client.stream("GET", url) as response:
            async for chunk in response.chunks():
                assert chunk == b"hello"
                break
        async with asyncio.timeout(PATIENCE):
            await gone.wait()


async def test_cancelling_ends_the_call(client: GuardedClient) -> None:
    arrived, gone = asyncio.Event(), asyncio.Event()

    async def wait(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        arrived.set()
        await reader.read()
        gone.set()

    async with speaking(wait) as url:
        call = asyncio.create_task(client.post_json(url, {}))
        await arrived.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await eventually(gone.is_set)


async def test_closed_networks_are_closed_to_open_clients_too() -> None:
    """SSR-07: opening loopback opens nothing else."""
    settings = replace(SETTINGS, allow_networks=(ipaddress.ip_network("127.0.0.1/32"),))
    client = GuardedClient(settings)
    for url in ("http://127.0.0.2:9999/", "http://10.0.0.1/", "http://[::1]:9999/"):
        with pytest.raises(Blocked):
            await client.post_json(url, {})
    await client.close()


async def test_who_never_calls_out_never_loads_the_client() -> None:
    """It takes 0.2 s to import, and a server wants to be ready soon."""
    code = "import sys, parlour.agents.backends; sys.exit('aiohttp' in sys.modules)"
    started = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    assert await started.wait() == 0
