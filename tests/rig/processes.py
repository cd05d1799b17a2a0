"""Programs that tests start: output is kept and awaited, and they end with the test."""

import contextlib
import ctypes
import itertools
import os
import random
import re
import signal
import socket
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Protocol

PARLOUR = Path(sysconfig.get_path("scripts")) / "parlour"

_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_PR_SET_PDEATHSIG = 1


def _ports() -> Iterator[int]:
    """Ports that the system gives to nobody by itself, other ones in each test process."""
    span = Path("/proc/sys/net/ipv4/ip_local_port_range")
    end = int(span.read_text().split()[0]) if span.exists() else 0
    share = (end - _FIRST_PORT) // _PROCESSES
    if share < _PROCESSES:
        while True:
            yield 0
    mine = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _PROCESSES
    for n in itertools.count(random.SystemRandom().randrange(share)):
        yield _FIRST_PORT + mine * share + n % share


_FIRST_PORT, _PROCESSES = 10_000, 16
_PORTS = _ports()


def free_port() -> int:
    """Return a port nobody listens on, for a program that begins, or ends and begins again.

    Those that the system gives away would be taken meanwhile, by one connection of so many.
    """
    for port in _PORTS:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise AssertionError("unreachable")


def _die_with_parent() -> None:
    # A test run that is killed must not leave servers behind; no handler gets to run then.
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Process(Protocol):
    """What is used of `subprocess.Popen`, so that other ways to start a program will do."""

    pid: int

    @property
    def stdout(self) -> IO[bytes] | None: ...
    @property
    def stderr(self) -> IO[bytes] | None: ...

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, sign: int) -> None: ...
    def kill(self) -> None: ...


class Program:
    """A running program. Output lines of both streams are collected as they come."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        user: int | None = None,
        process: Process | None = None,
    ) -> None:
        self.command = [str(part) for part in command]
        self._changed = threading.Condition()
        self._lines: dict[str, list[str]] = {"out": [], "err": []}
        self.process: Process = process or subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(env) if env is not None else None,
            cwd=cwd,
            user=user,
            extra_groups=[] if user is not None else None,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - calls one C function, takes no lock
        )
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self._readers = [
            threading.Thread(target=self._collect, args=(name, stream), daemon=True)
            for name, stream in (("out", self.process.stdout), ("err", self.process.stderr))
        ]
        for reader in self._readers:
            reader.start()

    def _collect(self, name: str, stream: IO[bytes]) -> None:
        with stream:
            for raw in stream:
                with self._changed:
                    self._lines[name].append(raw.decode("utf-8", "replace").rstrip("\n"))
                    self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def stdout(self) -> str:
        with self._changed:
            return "\n".join(self._lines["out"])

    @property
    def stderr(self) -> str:
        with self._changed:
            return "\n".join(self._lines["err"])

    @property
    def output(self) -> str:
        return f"{self.stdout}\n{self.stderr}"

    def wait_for(self, pattern: str, *, within: float = 60) -> re.Match[str]:
        """Wait for a line that matches on either stream; fails when the program ends before."""
        wanted = re.compile(pattern)
        deadline = time.monotonic() + within
        with self._changed:
            while True:
                for line in (*self._lines["out"], *self._lines["err"]):
                    if match := wanted.search(line):
                        return match
                ended = not any(reader.is_alive() for reader in self._readers)
                left = deadline - time.monotonic()
                if ended or left <= 0:
                    break
                self._changed.wait(min(left, 1))
        why = f"ended with {self.process.wait(10)}" if ended else f"did not in {within} s"
        raise AssertionError(
            f"{' '.join(self.command)} {why}; waited for {pattern!r}\n{self.output}"
        )

    def stop(self, sign: signal.Signals = signal.SIGTERM, *, within: float = 60) -> int:
        """Ask the program to end and wait until it has; kills it when it does not."""
        if self.process.poll() is None:
            self.process.send_signal(sign)
        try:
            status = self.process.wait(within)
        except subprocess.TimeoutExpired:
            self.kill9()
            raise AssertionError(
                f"{' '.join(self.command)} did not end in {within} s\n{self.output}"
            ) from None
        self._drain()
        return status

    def kill9(self) -> None:
        """Take the program away without a word, children included only if they notice."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(60)
        self._drain()

    def _drain(self) -> None:
        for reader in self._readers:
            reader.join(20)


def plain_environment(**more: str) -> dict[str, str]:
    """Return the surroundings of a started program: the least it needs, and nothing of ours."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {**kept, "LANG": "C.UTF-8", "TZ": "UTC", **more}


def run_alone(
    arguments: Sequence[str], env: Mapping[str, str], folder: Path, *, typed: str = "", **more: Any
) -> subprocess.CompletedProcess[str]:
    """Run a `parlour` command as a person's shell does, imports and all; the nursery is faster."""
    return subprocess.run(
        [PARLOUR, *arguments],
        env=dict(env),
        cwd=folder,
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **more,
    )
