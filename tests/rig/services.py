"""PostgreSQL and Redis servers of the tests' own: on free ports, in temporary folders."""

import asyncio
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import asyncpg

from tests.rig.processes import Program, free_port, plain_environment

_ATTEMPTS = 3
"""A free port may be taken by somebody else before our server has it."""


def postgres_bin() -> Path | None:
    """Return the folder of PostgreSQL's server programs, newest version first."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    versions = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: int(path.parts[-3]) if path.parts[-3].isdigit() else 0,
    )
    return versions[-1].parent if versions else None


def redis_program() -> Path | None:
    found = shutil.which("redis-server")
    return Path(found) if found else None


def _servants_user() -> int | None:
    # PostgreSQL refuses to be run by root.
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_uid
        except KeyError:
            continue
    raise AssertionError("PostgreSQL needs a user other than root: neither postgres nor nobody")


def started(make: Callable[[int], Program], ready: str) -> tuple[Program, int]:
    for attempt in itertools.count(1):
        port = free_port()
        program = make(port)
        try:
            program.wait_for(ready, within=60)
        except AssertionError:
            program.kill9()
            if attempt == _ATTEMPTS or "in use" not in program.output:
                raise
        else:
            return program, port
    raise AssertionError("unreachable")


class Postgres:
    """A PostgreSQL cluster with durable settings, and a fresh database for whoever asks."""

    def __init__(self) -> None:
        binaries = postgres_bin()
        assert binaries is not None
        self._binaries = binaries
        self._user = _servants_user()
        self._folder = Path(tempfile.mkdtemp(prefix="parlour-pg-"))
        if self._user is not None:
            os.chown(self._folder, self._user, -1)
        subprocess.run(
            [
                *(binaries / "initdb", "--pgdata", self._folder / "data"),
                *("--username=parlour", "--auth=trust", "--encoding=UTF8", "--no-locale"),
                "--no-sync",
            ],
            check=True,
            capture_output=True,
            user=self._user,
            extra_groups=[] if self._user is not None else None,
            env=plain_environment(),
            cwd=self._folder,
        )
        self.program, self.port = started(self._launch, "ready to accept connections")
        self._clerk = _Clerk(self.url("postgres"))
        self._numbers = itertools.count(1)

    def _launch(self, port: int) -> Program:
        options = {
            "port": port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "on",
            "synchronous_commit": "on",
            "shared_buffers": "64MB",
            "max_connections": 200,
            "autovacuum_naptime": "10min",
            "log_min_messages": "warning",
        }
        chosen = [f"--{name}={value}" for name, value in options.items()]
        return Program(
            [self._binaries / "postgres", "-D", self._folder / "data", *chosen],
            user=self._user,
            env=plain_environment(),
            cwd=self._folder,
        )

    def url(self, database: str) -> str:
        return f"postgresql://parlour@127.0.0.1:{self.port}/{database}"

    def create(self, template: str | None = None) -> str:
        """Make a database, as a copy of another if one is named; answers with its name."""
        name = f"test_{next(self._numbers)}"
        self._clerk.run(f"CREATE DATABASE {name} TEMPLATE {template or 'template0'}")
        return name

    def drop(self, name: str) -> None:
        self._clerk.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def execute(self, sql: str) -> None:
        """Run a statement as the server's administrator."""
        self._clerk.run(sql)

    def crash(self) -> None:
        """Take the whole server away at once, as a power cut would."""
        self._clerk.forget()
        self.program.stop(signal.SIGQUIT)

    def start_again(self) -> None:
        """Start the server again on the same port after `crash`."""
        self.program = self._launch(self.port)
        self.program.wait_for("ready to accept connections", within=60)

    def close(self) -> None:
        self._clerk.close()
        self.program.stop(signal.SIGINT)
        shutil.rmtree(self._folder, ignore_errors=True)


class _Clerk:
    """One administrator's connection, on a loop of its own so that any test may use it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._connection: asyncpg.Connection | None = None

    def run(self, sql: str) -> None:
        asyncio.run_coroutine_threadsafe(self._run(sql), self._loop).result(60)

    async def _run(self, sql: str) -> None:
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(self._url)
        await self._connection.execute(sql)

    def forget(self) -> None:
        """Let go of the connection, whose server is about to go."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._connection = None

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _close(self) -> None:
        if self._connection is not None:
            await self._connection.close(timeout=5)


class Redis:
    """A Redis server that keeps nothing on disk."""

    def __init__(self) -> None:
        self._program_path = redis_program()
        assert self._program_path is not None
        self._folder = Path(tempfile.mkdtemp(prefix="parlour-redis-"))
        self.program, self.port = started(self._launch, "eady to accept connections")
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def _launch(self, port: int) -> Program:
        options = {"port": port, "bind": "127.0.0.1", "save": "", "appendonly": "no"}
        command = [str(self._program_path)]
        for name, value in {**options, "dir": self._folder}.items():
            command += [f"--{name}", str(value)]
        return Program(command, env=plain_environment(), cwd=self._folder)

    def empty(self) -> None:
        """Forget everything, as a new server would."""
        import redis

        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def crash(self) -> None:
        self.program.kill9()

    def start_again(self) -> None:
        self.program = self._launch(self.port)
        self.program.wait_for("eady to accept connections", within=60)

    def close(self) -> None:
        self.program.stop()
        shutil.rmtree(self._folder, ignore_errors=True)
