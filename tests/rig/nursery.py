"""Starts servers at once: a process that has imported everything forks itself for each of them.

Importing takes most of a server's start, and a test that kills its server fifty times would do
little else. What runs in the fork is the program's own command line.
"""

import contextlib
import ctypes
import json
import os
import random
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, NoReturn

from tests.rig.processes import Program, plain_environment

_LONGEST_ORDER = 65_536
_PR_SET_PDEATHSIG = 1


class Born:
    """A forked server, in the form of a started process."""

    def __init__(self, pid: int, pipes: dict[str, int]) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self.stdout: IO[bytes] = os.fdopen(pipes["out"], "rb")
        self.stderr: IO[bytes] = os.fdopen(pipes["err"], "rb")
        self._status = pipes["status"]
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
        root = Path(__file__).parents[2]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.rig.nursery"],
            stdin=theirs.fileno(),
            cwd=root,
            env=plain_environment(PYTHONPATH=str(root)),
        )
        theirs.close()

    def start(self, arguments: list[str], env: Mapping[str, str], folder: Path) -> Program:
        """Start `parlour` with these arguments."""
        pipes = {name: os.pipe() for name in ("out", "err", "status")}
        order = {"arguments": arguments, "env": dict(env), "folder": str(folder)}
        theirs = [pipe[1] for pipe in pipes.values()]
        socket.send_fds(self._socket, [json.dumps(order).encode()], theirs)
        pid = int(self._socket.recv(32))
        for end in theirs:
            os.close(end)
        born = Born(pid, {name: pipe[0] for name, pipe in pipes.items()})
        return Program(["parlour", *arguments], process=born)

    def close(self) -> None:
        self._socket.close()
        self._process.wait(20)


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
        said, pipes, _, _ = socket.recv_fds(self._orders, _LONGEST_ORDER, 3)
        if not said:
            return False
        pid = os.fork()
        if pid == 0:
            _become(json.loads(said), pipes)
        os.close(pipes[0])
        os.close(pipes[1])
        self._children[pid] = pipes[2]
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
        nothing = os.open(os.devnull, os.O_RDONLY)
        for place, end in enumerate((nothing, pipes[0], pipes[1])):
            os.dup2(end, place)
        os.closerange(3, 64)
        os.chdir(order["folder"])
        os.environ.clear()
        os.environ.update(order["env"])
        random.seed()
        _serve(order["arguments"])
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _serve(arguments: list[str]) -> None:
    from parlour.cli import main

    main(arguments)


def _prepare() -> None:
    import gc

    import parlour.cli.serving  # noqa: F401 - so that no fork has to
    from parlour.web.assets import assets

    assets()
    gc.freeze()


if __name__ == "__main__":
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    _prepare()
    _Mother(socket.socket(fileno=os.dup(0))).run()
