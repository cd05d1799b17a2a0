"""A reverse proxy of ours that behaves as told, and real ones with the examples in `deploy/`."""

import contextlib
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import web

from tests.rig.processes import Program, plain_environment
from tests.rig.project import ROOT
from tests.rig.services import started

DEPLOY = ROOT / "deploy"
REAL = tuple(name for name in ("nginx", "caddy") if shutil.which(name))
"""The proxies that this machine has; their examples are tried where they are."""


@dataclass(frozen=True, slots=True)
class Manners:
    """What a proxy does to what goes through it."""

    forwards: bool = True
    buffers: bool = False
    drops_cookies: bool = False
    weakens_cookies: bool = False


@contextlib.asynccontextmanager
async def proxied(upstream: str, manners: Manners) -> AsyncIterator[str]:
    """Serve another server's answers; gives the address to ask at."""
    async with aiohttp.ClientSession(auto_decompress=False) as session:

        async def passed(request: web.Request) -> web.StreamResponse:
            headers = {"X-Forwarded-For": "203.0.113.7"} if manners.forwards else {}
            url = upstream + request.path_qs
            async with session.request(request.method, url, headers=headers) as answer:
                given = web.StreamResponse(status=answer.status)
                for name, value in answer.headers.items():
                    kept = _kept(name.lower(), value, manners)
                    if kept:
                        given.headers.add(name, kept)
                await given.prepare(request)
                if manners.buffers:
                    await given.write(await answer.read())
                else:
                    async for chunk in answer.content.iter_any():
                        await given.write(chunk)
                await given.write_eof()
                return given

        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", passed)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


def _kept(name: str, value: str, manners: Manners) -> str:
    if name in ("transfer-encoding", "content-length", "connection"):
        return ""
    if name == "set-cookie" and manners.drops_cookies:
        return ""
    if name == "set-cookie" and manners.weakens_cookies:
        return value.replace("; HttpOnly", "")
    return value


@contextlib.contextmanager
def real(name: str, upstream: str, folder: Path) -> Iterator[tuple[str, Program]]:
    """Start a proxy with its example, on a free port and without a certificate."""
    there = upstream.removeprefix("http://")
    env = plain_environment(HOME=str(folder), XDG_DATA_HOME=str(folder))
    make, ready = _HOW[name]

    def launched(port: int) -> Program:
        return Program(make(port, there, folder), env=env, cwd=folder)

    program, port = started(launched, ready)
    try:
        yield f"http://127.0.0.1:{port}", program
    finally:
        program.kill9()


def _nginx(port: int, upstream: str, folder: Path) -> list[str]:
    example = (DEPLOY / "nginx.conf").read_text()
    first, second = re.findall(r"^server \{.*?^\}", example, re.MULTILINE | re.DOTALL)
    assert "return 301" in first
    second = re.sub(r"^ *ssl_.*\n", "", second, flags=re.MULTILINE)
    second = second.replace("listen 443 ssl http2;", f"listen 127.0.0.1:{port};")
    second = second.replace("/var/log/nginx/parlour.log", "stderr")
    before = example[: example.index("server {\n    listen 80")].replace("127.0.0.1:8080", upstream)
    events = "daemon off; master_process off; pid nginx.pid; error_log stderr notice; events {}\n"
    paths = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    file = folder / "nginx.conf"
    file.write_text(f"{events}http {{\naccess_log stderr;\n{paths}{before}{second}\n}}\n")
    return ["nginx", "-p", str(folder), "-c", str(file)]


def _caddy(port: int, upstream: str, folder: Path) -> list[str]:
    example = (DEPLOY / "Caddyfile").read_text()
    text = example.replace("chat.example.org {", f"http://127.0.0.1:{port} {{")
    text = text.replace("reverse_proxy 127.0.0.1:8080", f"reverse_proxy {upstream}")
    file = folder / "Caddyfile"
    file.write_text(text.replace("{\n\tlog default", "{\n\tadmin off\n\tlog default", 1))
    return ["caddy", "run", "--config", str(file), "--adapter", "caddyfile"]


_HOW = {
    "nginx": (_nginx, "using the .* event method"),
    "caddy": (_caddy, "serving initial configuration"),
}
"""The command for each, and what it says when it serves."""
