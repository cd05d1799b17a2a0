"""A running Parlour with an agent and a link, as `parlour serve` starts it."""

import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bench.programs import SERVER, Program, cpu_seconds, running
from tests.rig.processes import free_port, plain_environment

PARLOUR = [sys.executable, "-c", "from parlour.cli import main; main()"]
EVENTS = "Accept: text/event-stream"


@dataclass(frozen=True)
class House:
    """One instance: its server, and the link to its agent."""

    port: int
    pid: int
    environment: dict[str, str]
    token: str

    @property
    def page(self) -> str:
        return f"/chat/{self.token}"

    @property
    def say(self) -> str:
        return f"/api/public/chat/{self.token}"

    def cpu(self) -> float:
        return cpu_seconds(self.pid)

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            body: bytes = answer.read()
        return body

    def session(self) -> str:
        """Say something once, and return the Cookie header of the conversation that began."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{self.say}",
            json.dumps({"message": "#p0n5#"}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return f"Cookie: {answer.headers['Set-Cookie'].partition(';')[0]}"


@contextmanager
def serving(backend: list[str], **settings: str) -> Iterator[House]:
    """Start an instance whose agent has this backend (options of `parlour agent create`)."""
    with tempfile.TemporaryDirectory(prefix="parlour-bench-") as folder:
        port = free_port()
        environment = plain_environment(
            PARLOUR_DATA_DIR=folder,
            PARLOUR_PORT=str(port),
            PARLOUR_ALLOW_NETWORKS="127.0.0.0/8",
            # All load comes from one place here, and more of it than people make.
            **{
                "PARLOUR_RATE_LIMIT_PER_MINUTE": "0",
                "PARLOUR_RATE_LIMIT_PER_PLACE": "0",
                "PARLOUR_RATE_LIMIT_PER_LINK": "0",
                **settings,
            },
        )
        with running(start(port, environment)[0], port) as program:
            command(environment, "agent", "create", "measured", *backend)
            made = command(environment, "link", "create", "measured", "--json")
            token = made["url"].rpartition("/")[2]
            yield House(port, program.pid, environment, token)


def start(port: int, environment: dict[str, str]) -> tuple[Program, float]:
    """Start a server; return it and the seconds until it said that it is ready."""
    began = time.perf_counter()
    program = Program(SERVER, [*PARLOUR, "serve"], environment)
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).close()
        except OSError:
            if time.perf_counter() - began > 60:
                program.stop()
                raise
            time.sleep(0.005)
        else:
            return program, time.perf_counter() - began


def command(environment: dict[str, str], *words: str, typed: str = "") -> Any:
    """Run a command of Parlour's beside the server; returns what it printed, read as JSON."""
    done = subprocess.run(
        [*PARLOUR, *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        input=typed,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout) if "--json" in words else done.stdout


def model(port: int) -> list[str]:
    """Return the options of an agent that asks a model server at this port."""
    return ["--backend", "openai", "--base-url", f"http://127.0.0.1:{port}/v1", "--model", "fake"]
