"""Starts servers and commands at once: a process that has imported everything forks for each.

Importing takes most of a server's start and nearly all of a command's. What runs in the fork is
the program's own command line, with its own surroundings, input, output and exit status.
"""

import contextlib
import ctypes
import importlib
import json
import os
import pkgutil
import random
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO, Any, NoReturn

from tests.rig.moving import SETTING, MovedClock
from tests.rig.processes import PARLOUR, Program, plain_environment
from tests.rig.services import be_patient

_LONGEST_ORDER = 65_536
_PR_SET_PDEATHSIG = 1


class Born:
    """A forked server, in the form of a started process."""

    stdout: IO[bytes] | None = None
    stderr: IO[bytes] | None = None

    def __init__(self, pid: int, status: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._status = status
        self._lock = threading.Lock()

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        with self._lock:
            if self.returncode is None:
                if not select.select([self._status], [], [], timeout)[0]:
                    raise subprocess.TimeoutExpired("parlour", timeout or 0)
                said = os.read(self._status, 32)
                os.close(self._status)
                self.returncode = int(said) if said else -signal.SIGKILL
            return self.returncode

    def send_signal(self, sign: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, sign)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Nursery:
    """The process that forks; it lives as long as the test run."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket = ours
        self._lock = threading.Lock()
        root = Path(__file__).parents[2]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.rig.nursery"],
            stdin=theirs.fileno(),
            cwd=root,
            env=plain_environment(PYTHONPATH=str(root)),
        )
        theirs.close()

    def start(self, arguments: Sequence[str], env: Mapping[str, str], folder: Path) -> Program:
        """Start `parlour` with these arguments; its output is collected as it comes."""
        (out, its_out), (err, its_err) = os.pipe(), os.pipe()
        with Path(os.devnull).open() as nothing:
            born = self._bear(arguments, env, folder, (nothing.fileno(), its_out, its_err))
        for end in (its_out, its_err):
            os.close(end)
        born.stdout, born.stderr = os.fdopen(out, "rb"), os.fdopen(err, "rb")
        return Program(["parlour", *arguments], process=born)

    def run(
        self,
        arguments: Sequence[str],
        env: Mapping[str, str],
        folder: Path,
        *,
        typed: str | int = "",
        within: float = 60,
    ) -> subprocess.CompletedProcess[str]:
        """Run a `parlour` command to its end, whatever comes of it.

        `typed` is what it reads on standard input, or the descriptor of a terminal.
        """
        with contextlib.ExitStack() as stack:
            files = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(3)]
            if isinstance(typed, str):
                files[0].write(typed.encode())
                files[0].seek(0)
            into = typed if isinstance(typed, int) else files[0].fileno()
            given = (into, files[1].fileno(), files[2].fileno())
            born = self._bear(arguments, env, folder, given)
            try:
                status = born.wait(within)
            except subprocess.TimeoutExpired:
                born.kill()
                born.wait(within)
                raise
            out, err = (_read(file) for file in files[1:])
        return subprocess.CompletedProcess(["parlour", *arguments], status, out, err)

    def _bear(
        self,
        arguments: Sequence[str],
        env: Mapping[str, str],
        folder: Path,
        standard: tuple[int, int, int],
    ) -> Born:
        order = {"arguments": list(arguments), "env": dict(env), "folder": str(folder)}
        status, its_status = os.pipe()
        with self._lock:
            socket.send_fds(self._socket, [json.dumps(order).encode()], [*standard, its_status])
            pid = int(self._socket.recv(32))
        os.close(its_status)
        return Born(pid, status)

    def close(self) -> None:
        self._socket.close()
        self._process.wait(20)


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


class _Mother:
    """The other side: waits for orders and for the end of its children."""

    def __init__(self, orders: socket.socket) -> None:
        self._orders = orders
        self._children: dict[int, int] = {}

    def run(self) -> None:
        ended, wake = os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(ended, False)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        while True:
            waiting: list[Any] = [self._orders, ended]
            ready = select.select(waiting, [], [])[0]
            if ended in ready:
                os.read(ended, 1024)
                self._bury()
            if self._orders in ready and not self._take_order():
                return

    def _take_order(self) -> bool:
        said, pipes, _, _ = socket.recv_fds(self._orders, _LONGEST_ORDER, 4)
        if not said:
            return False
        pid = os.fork()
        if pid == 0:
            _become(json.loads(said), pipes)
        for standard in pipes[:3]:
            os.close(standard)
        self._children[pid] = pipes[3]
        self._orders.send(str(pid).encode())
        return True

    def _bury(self) -> None:
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            pipe = self._children.pop(pid)
            with contextlib.suppress(BrokenPipeError):
                os.write(pipe, str(os.waitstatus_to_exitcode(status)).encode())
            os.close(pipe)


def _become(order: dict[str, Any], pipes: list[int]) -> NoReturn:
    status = 1
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for place, end in enumerate(pipes[:3]):
            os.dup2(end, place)
        os.closerange(3, 64)
        os.chdir(order["folder"])
        os.environ.clear()
        os.environ.update(order["env"])
        sys.argv = [str(PARLOUR), *order["arguments"]]
        random.seed()
        if (clock := os.environ.pop(SETTING, None)) is not None:
            _go_by(Path(clock))
        _be_parlour(order["arguments"])
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _go_by(path: Path) -> None:
    """Have the program's clock be one that the test moves."""
    from parlour.kit.steady import SteadyClock

    clock = MovedClock(path)
    SteadyClock.__init__.__defaults__ = (clock.wall, clock.ticks)


def _be_parlour(arguments: list[str]) -> None:
    from parlour.cli import main

    main(arguments)


def _prepare() -> None:
    """Have everything there that each fork would load, compile or compute for itself."""
    import gc

    import parlour
    from parlour.staff import passwords
    from parlour.web import assets, front, sheets, whole

    importlib.import_module("uvicorn.lifespan.off")
    for module in pkgutil.walk_packages(parlour.__path__, "parlour."):
        if not module.name.startswith("parlour.migrations"):
            importlib.import_module(module.name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for routes in (front, whole):
            _have_routed(routes)
    assets.assets()
    templates = Path(sheets.__file__).parent / "templates"
    for path in templates.rglob("*.html"):
        if path.name != "docs.html":  # which has an environment of its own
            sheets.template(str(path.relative_to(templates)))
    # That passwords are hashed slowly is tested by itself; people of stories come in at once.
    passwords._hasher = quick_hasher
    passwords.NOBODYS = quick_hasher().hash("nobody's")  # type: ignore[misc]
    be_patient()
    gc.collect()
    gc.freeze()


def _have_routed(routes: Any) -> None:
    """Make the routes once for all: each fork has a copy of its own, to furnish with its tools."""
    from parlour.config import Settings

    usual, route = Settings().max_body_bytes, routes.routed
    ready = route(usual)
    routes.routed = lambda most: ready if most == usual else route(most)


@cache
def quick_hasher() -> Any:
    """What hashes passwords in a moment, like the real one in everything else."""
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


if __name__ == "__main__":
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    _prepare()
    _Mother(socket.socket(fileno=os.dup(0))).run()
