"""The project speaks of itself alone, and nothing in it waits to be done."""

import re
from pathlib import Path

import pytest

from tests.rig.project import ROOT, files, local_name

# Written in halves, so that this file does not find itself.
MARKS = ["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK", "<<<<" + "<<<", ">>>>" + ">>>"]
ELSEWHERE = {
    "a path of one machine": r"(?<![\w.])/(work|root|opt)/|/home/\w+/",
    "a package registry": r"pypi\.|pythonhosted|npmjs|deb\.debian\.|extra-index",
    "a workplace": r"shared/(design|research|bench)|issues show|\bsub-?agents?\b",
}
BINARY = {".png", ".ico", ".woff2", ".pdf", ".db", ".gz"}
# Names and hashes in these come from elsewhere.
FOREIGN = ("requirements/", "src/parlour/web/static/vendor/", "tests/browser/vendor/")


def _texts() -> list[Path]:
    own = Path(__file__)
    return [
        path
        for path in files()
        if path != own and path.suffix not in BINARY and not local_name(path).startswith(FOREIGN)
    ]


@pytest.mark.parametrize("what", ELSEWHERE)
def test_it_speaks_of_itself_alone(what: str) -> None:
    pattern = re.compile(ELSEWHERE[what])
    found = [
        f"{local_name(path)}:{number}: {line.strip()[:80]}"
        for path in _texts()
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []


def test_nothing_waits_to_be_done() -> None:
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(mark)}(?!\w)" for mark in MARKS))
    found = [
        f"{local_name(path)}:{number}"
        for path in _texts()
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []


def test_locks_name_no_place() -> None:
    for lock in (ROOT / "requirements").glob("*.lock"):
        assert not re.search(r"https?:|file:|--index|--find-links", lock.read_text()), lock.name
