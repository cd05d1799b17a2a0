"""Every command as a shell starts it: a process that has imported nothing beforehand.

The other stories fork theirs from a process that has imported everything already.
"""

from pathlib import Path

import pytest

from parlour.cli import COMMANDS
from tests.rig.nursery import Nursery
from tests.rig.shell import Shell

ELSEWHERE = {"serve", "worker", "restore", "visitor"}
"""Started like this by the tests of servers, of faults, and below; without a chat no visitor."""

TRIED = {
    "migrate": ("migrate",),
    "doctor": ("doctor",),
    "identity": ("identity", "list", "greeter"),
    "mail": ("mail", "test", "owner@example.org"),
    "privacy": ("privacy",),
    "retention": ("retention", "show"),
    "metrics": ("metrics", "terms"),
    "message": ("message", "search", "anything"),
}
"""How each is tried that has no plain list."""

TELLS_ONE = {"migrate", "mail", "metrics", "privacy", "retention"}


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory, nursery: Nursery) -> Shell:
    """A shell on an instance with a workspace and an agent."""
    folder = tmp_path_factory.mktemp("lived") / "data"
    handbook = tmp_path_factory.mktemp("handbook")
    (handbook / "hours.md").write_text("# Hours\nWe are open from nine to five.\n")
    book = ("--backend", "documents", "--path", str(handbook))
    Shell.on(folder, nursery).done("agent", "create", "greeter", *book)
    return Shell.on(folder)


@pytest.mark.parametrize("command", sorted(set(COMMANDS) - ELSEWHERE - {"backup"}))
def test_every_command_stands_alone(lived: Shell, command: str) -> None:
    told = lived.done(*TRIED.get(command, (command, "list")))
    assert isinstance(told, dict if command in TELLS_ONE else list)


def test_a_backup_and_back(lived: Shell, tmp_path: Path) -> None:
    before = lived.done("backup", str(tmp_path / "a.pb"), "--with-key")
    there = lived.given(PARLOUR_DATA_DIR=str(tmp_path / "there"))
    assert there.done("restore", str(tmp_path / "a.pb"))["tables"] == before["tables"]
