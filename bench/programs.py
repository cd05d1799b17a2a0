"""The programs of a measurement, each on its core, and what they cost while they run."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.rig.processes import free_port, plain_environment

HERE = Path(__file__).parent
ROOT = HERE.parent
SERVER, LOAD = 0, 1
"""What is measured has a core to itself; whatever measures shares the other."""

_TICKS = os.sysconf("SC_CLK_TCK")


def on_core(core: int, command: list[str]) -> list[str]:
    """Return the command that runs on this core, where there is more than one."""
    if (os.cpu_count() or 1) < 2 or not shutil.which("taskset"):
        return command
    return ["taskset", "-c", str(core), *command]


class Tools:
    """The load tools, compiled for this machine into a folder that goes away."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for name in ("model", "visitors"):
            source = HERE / "tools" / f"{name}.c"
            subprocess.run(["cc", "-O2", "-o", str(folder / name), str(source)], check=True)

    @contextmanager
    def model(self) -> Iterator[int]:
        """Run the fake model server; yields its port."""
        port = free_port()
        command = [str(self._folder / "model"), str(port)]
        with running(Program(LOAD, command, plain_environment()), port):
            yield port

    def visitors(self, port: int, method: str, path: str, **options: Any) -> dict[str, Any]:
        """Let visitors come and tell what they met; times in milliseconds."""
        command = self.visitors_command(port, method, path, **options)
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found

    def visitors_command(
        self, port: int, method: str, path: str, *, headers: tuple[str, ...] = (), **options: Any
    ) -> list[str]:
        words = [str(self._folder / "visitors"), str(port), method, path]
        for header in headers:
            words += ["--header", header]
        for name, value in options.items():
            words += [f"--{name}"] if value is True else [f"--{name}", str(value)]
        return on_core(LOAD, words)


@contextmanager
def tools() -> Iterator[Tools]:
    with tempfile.TemporaryDirectory(prefix="parlour-bench-") as folder:
        yield Tools(Path(folder))


class Program:
    """A running program; what it says goes to a file, as it would in earnest."""

    def __init__(self, core: int, command: list[str], environment: dict[str, str]) -> None:
        self.said = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the program runs
        self._process = subprocess.Popen(
            on_core(core, command),
            env=environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=self.said,
            stderr=subprocess.STDOUT,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self.said.close()


@contextmanager
def running(program: Program, port: int) -> Iterator[Program]:
    """Wait until somebody listens at the port; stop the program in the end."""
    try:
        deadline = time.monotonic() + 30
        while socket.socket().connect_ex(("127.0.0.1", port)):
            if time.monotonic() > deadline:
                raise TimeoutError(program.said)
            time.sleep(0.01)
        yield program
    finally:
        program.stop()


def cpu_seconds(pid: int) -> float:
    """Return the processor time a process has used so far, its own and the kernel's for it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def resident_kib(pid: int) -> int:
    """Return what a process holds in memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


@contextmanager
def bare(kind: str, *words: str) -> Iterator[tuple[int, int]]:
    """Run `bench/bare.py`: the libraries without Parlour; yields its port and process id."""
    port = free_port()
    command = [sys.executable, "-m", "bench.bare", kind, str(port), *words]
    with running(Program(SERVER, command, plain_environment()), port) as program:
        yield port, program.pid
