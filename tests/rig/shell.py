"""Somebody with a shell, who types commands on an instance that nobody serves."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from tests.rig.nursery import Nursery
from tests.rig.processes import plain_environment, run_alone


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """One clear line on standard error and nothing on standard output, status 1."""
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout == ""
    line = done.stderr.removesuffix("\n")
    assert line.startswith("parlour: ")
    assert "\n" not in line
    assert "Traceback" not in line
    return line


@dataclass(frozen=True, slots=True)
class Shell:
    """A terminal in a folder, with its surroundings; without a nursery it imports everything."""

    folder: Path
    environment: dict[str, str]
    nursery: Nursery | None = None

    @staticmethod
    def on(data_dir: Path, nursery: Nursery | None = None) -> "Shell":
        """A terminal for the instance in a folder that need not be there yet."""
        return Shell(data_dir.parent, plain_environment(PARLOUR_DATA_DIR=str(data_dir)), nursery)

    @property
    def data_dir(self) -> Path:
        return Path(self.environment["PARLOUR_DATA_DIR"])

    def given(self, **settings: str) -> "Shell":
        """The same terminal with other surroundings."""
        return Shell(self.folder, {**self.environment, **settings}, self.nursery)

    def run(self, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command, whatever comes of it; `typed` is what it reads on standard input."""
        if self.nursery is None:
            return run_alone(arguments, self.environment, self.folder, typed=typed)
        return self.nursery.run(arguments, self.environment, self.folder, typed=typed)

    def done(self, *arguments: str) -> Any:
        """Run a command that must succeed; answers with what it printed for programs."""
        ran = self.run(*arguments, "--json")
        told = f"parlour {' '.join(arguments)}\n{ran.stdout}\n{ran.stderr}"
        assert ran.returncode == 0, told
        return orjson.loads(ran.stdout) if ran.stdout.strip() else None

    def refused(self, *arguments: str) -> str:
        """Run a command that must be refused; answers with the line that says why."""
        return refused(self.run(*arguments))
