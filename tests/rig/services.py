"""PostgreSQL and Redis servers of the tests' own: on free ports, in temporary folders."""

import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from tests.rig.lending import Clerk, Lent
from tests.rig.processes import Program, free_port, plain_environment

_ATTEMPTS = 3
"""A free port may be taken by somebody else before our server has it."""


def be_patient() -> None:
    """Have this process wait longer for its database than a server would: many tests run here."""
    from parlour.kit.db import postgres

    make = postgres.make_async_engine

    def made(url: str, pool: int, *, hurried: bool = True) -> AsyncEngine:
        engine = make(url, pool, hurried=hurried)
        engine.pool._timeout = 40  # type: ignore[attr-defined]
        return engine

    postgres._READ_DEADLINE, postgres._COMMAND_DEADLINE = 8.0, 40
    postgres.make_async_engine = made


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
    """A PostgreSQL cluster, and a fresh database for whoever asks.

    One that is not `durable` waits for no disk. What it has acknowledged is with the operating
    system: that survives every end of a program, and no test takes the machine away.
    """

    def __init__(self, *, durable: bool = False) -> None:
        self._durable = durable
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
        version = (self._folder / "data" / "PG_VERSION").read_text()
        # Quicker than logging every page where nothing waits for the disk; the only way before 15.
        by_files = int(version) >= 15 and not durable
        self._copied = " STRATEGY FILE_COPY" if by_files else ""
        self._clerk = Clerk(self.url("postgres"))
        self._numbers = itertools.count(1)
        self._lent: dict[str, Lent] = {}
        self._tidy: list[Lent] = []

    def _launch(self, port: int) -> Program:
        options = {
            "port": port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "on" if self._durable else "off",
            "full_page_writes": "on" if self._durable else "off",
            "synchronous_commit": "on",
            "wal_level": "minimal",
            "max_wal_senders": 0,
            "shared_buffers": "64MB",
            "max_connections": 200,
            "autovacuum_naptime": "10min",
            "jit": "off",
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
        self._clerk.run(f"CREATE DATABASE {name} TEMPLATE {template or 'template0'}{self._copied}")
        return name

    def lend(self, template: str) -> str:
        """Give a database that is as the template; whoever is done gives it back.

        A copy is some hundred files; to take out what somebody left in one is a few rows.
        """
        if self._tidy:
            return self._tidy.pop().name
        lent = Lent(self.create(template), self.url)
        self._lent[lent.name] = lent
        return lent.name

    def take_back(self, name: str) -> None:
        """Have a lent database be as it was; one that was changed or has grown is thrown away."""
        lent = self._lent[name]
        if lent.tidy():
            self._tidy.append(lent)
        else:
            del self._lent[name]
            self.drop(name)

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
        for lent in self._lent.values():
            lent.close()
        self._clerk.close()
        self.program.stop(signal.SIGINT)
        shutil.rmtree(self._folder, ignore_errors=True)


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

    def fresh(self) -> str:
        """Return the address of a database of its own that is empty, as a new server's would be.

        Servers that stand for many tests have another one: what they keep there stays.
        """
        self._tell(b"SELECT 1", b"FLUSHDB")
        return self.url.removesuffix("0") + "1"

    def empty(self) -> None:
        """Forget everything that anybody keeps here."""
        self._tell(b"FLUSHALL")

    def _tell(self, *orders: bytes) -> None:
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as line:
            line.sendall(b"".join(order + b"\r\n" for order in orders))
            with line.makefile("rb") as said:
                assert [said.readline() for _ in orders] == [b"+OK\r\n" for _ in orders]

    def crash(self) -> None:
        self.program.kill9()

    def start_again(self) -> None:
        self.program = self._launch(self.port)
        self.program.wait_for("eady to accept connections", within=60)

    def close(self) -> None:
        self.program.stop()
        shutil.rmtree(self._folder, ignore_errors=True)
