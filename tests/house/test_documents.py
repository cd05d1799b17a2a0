"""What the documents say is what the program does."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.rig.project import PACKAGE, ROOT, local_name

DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


@pytest.mark.parametrize("script", ["map", "metrics", "settings", "routes", "commands", "events"])
def test_lists_made_from_the_code_are_true(script: str) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / script, "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_every_module_says_what_lives_in_it() -> None:
    """The first line of a module is its line on the map: one whole sentence."""
    poor = []
    for path in PACKAGE.rglob("*.py"):
        if path.parent.name == "versions":
            continue
        line = path.read_text().split("\n", 1)[0]
        if not re.fullmatch(r'r?"""[A-Z`].{15,}[.?](""")?', line):
            poor.append(f"{local_name(path)}: {line}")
    assert poor == []


def test_changelog_tells_of_this_version() -> None:
    changes = (ROOT / "CHANGELOG.md").read_text()
    assert "## [Unreleased]" in changes
    assert re.search(rf"^## \[{re.escape(VERSION)}\]", changes, re.MULTILINE)


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_decisions_say_why_and_what_follows(path: Path) -> None:
    text = path.read_text()
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings == ["Context", "Decision", "Consequences"]
    assert len(text.splitlines()) <= 60


def test_decisions_are_numbered_in_order() -> None:
    numbers = [int(path.name.split("-")[0]) for path in DECISIONS]
    assert numbers == list(range(1, len(numbers) + 1))


def test_links_between_documents_lead_somewhere() -> None:
    dead: list[str] = []
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        targets = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", page.read_text())
        gone = (target for target in targets if not (page.parent / target).exists())
        dead += [f"{local_name(page)} -> {target}" for target in gone]
    assert dead == []
