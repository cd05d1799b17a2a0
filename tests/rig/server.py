"""Parlour itself as a program of its own, started, asked, killed and started again."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.rig.nursery import Nursery
from tests.rig.oracles import check_no_secrets
from tests.rig.processes import PARLOUR, Program, free_port, plain_environment
from tests.rig.shell import Shell
from tests.rig.storage import Storage

UNLIMITED = {
    f"PARLOUR_{name}": "0"
    for name in (
        "RATE_LIMIT_PER_MINUTE",
        "RATE_LIMIT_PER_PLACE",
        "RATE_LIMIT_PER_LINK",
        "PAGES_PER_MINUTE",
    )
}
"""Tests share servers and come from one place: only those about limits have some."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link that a test made."""

    id: str
    token: str
    url: str


class Server:
    """`parlour serve` on a free port, with the storage of its test."""

    def __init__(
        self, storage: Storage, folder: Path, nursery: Nursery | None = None, **settings: str
    ) -> None:
        """With a `nursery` it is there at once, without one it starts as a person starts it."""
        self.storage = storage
        self._nursery = nursery
        self.folder = folder
        given = {**storage.environment, "PARLOUR_ALLOW_NETWORKS": "127.0.0.0/8"}
        given |= UNLIMITED | settings
        self.environment = plain_environment(**given)
        self.url = ""
        self.program: Program | None = None
        self._former_output: list[str] = []
        self._secrets: set[str] = set()

    # Its life

    def start(self, *arguments: str, within: float = 90) -> "Server":
        """Start serving; a second start uses the port of the first, as visitors expect."""
        port = self.url.rpartition(":")[2] or str(free_port())
        wanted = ["serve", "--port", port, *arguments]
        if self._nursery is not None:
            self.program = self._nursery.start(wanted, self.environment, self.folder)
        else:
            command = [str(PARLOUR), *wanted]
            self.program = Program(command, env=self.environment, cwd=self.folder)
        try:
            match = self.program.wait_for(r"Listening on (http://[^\s/]+)", within=within)
        except AssertionError:
            self.kill9()
            raise
        self.url = match.group(1)
        return self

    @property
    def running(self) -> Program:
        assert self.program is not None, "the server is not running"
        return self.program

    @property
    def pid(self) -> int:
        return self.running.pid

    @property
    def output(self) -> str:
        """Everything it has printed so far, earlier lives included."""
        now = [self.program.output] if self.program is not None else []
        return "\n".join([*self._former_output, *now])

    def kill9(self) -> None:
        self.running.kill9()
        self._bury()

    def stop(self, *, within: float = 60) -> int:
        """Stop it as a service manager would; answers with its exit status."""
        try:
            return self.running.stop(within=within)
        finally:
            self._bury()

    def restart(self, *, kill: bool = False) -> None:
        if kill:
            self.kill9()
        else:
            assert self.stop() == 0, self.output
        self.start()

    def close(self) -> None:
        """End it, and check what must hold after every test (oracle O3)."""
        if self.program is not None:
            self.stop()
        check_no_secrets(self.output, *self._secrets)

    def _bury(self) -> None:
        self._former_output.append(self.running.output)
        self.program = None

    # The command line

    @property
    def shell(self) -> Shell:
        """A terminal beside it: commands on the same storage."""
        return Shell(self.folder, self.environment, self._nursery)

    def run(
        self, *arguments: str, env: Mapping[str, str] | None = None, typed: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a `parlour` command on the same storage, whatever comes of it."""
        return self.shell.given(**(env or {})).run(*arguments, typed=typed)

    def cli(self, *arguments: str) -> Any:
        """Run a `parlour … --json` command that must succeed; answers with what it printed."""
        return self.shell.done(*arguments)

    def keep_secret(self, secret: str) -> str:
        """Remember a secret that must never show up in the server's output."""
        self._secrets.add(secret)
        return secret

    def make_documents_agent(self, name: str, folder: Path) -> Any:
        return self.cli("agent", "create", name, "--backend", "documents", "--path", str(folder))

    def make_model_agent(self, name: str, base_url: str) -> Any:
        model = ("--base-url", base_url, "--model", "fake")
        return self.cli("agent", "create", name, "--backend", "openai", *model)

    def make_link(self, agent: str, *options: str) -> Link:
        made = self.cli("link", "create", agent, *options)
        token = made.get("token") or re.sub(r".*/", "", made["url"])
        return Link(made["id"], self.keep_secret(token), made["url"])

    def make_key(self, name: str = "tests", *options: str) -> str:
        made = self.cli("key", "create", "--name", name, *options)
        return self.keep_secret(str(made["key"]))
