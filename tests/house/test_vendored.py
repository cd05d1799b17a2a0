"""Files taken from elsewhere are the ones their list names."""

import hashlib
import re
from pathlib import Path

import pytest

from tests.rig.project import PACKAGE, ROOT

FOLDERS = (
    PACKAGE / "web" / "static" / "vendor",
    PACKAGE / "web" / "fonts",
    ROOT / "tests" / "browser" / "vendor",
)
ROW = re.compile(r"^\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|$", re.MULTILINE)
LISTS = {folder: (folder / "VENDORED.md").read_text() for folder in FOLDERS}
PINNED = [
    (folder / name, digest) for folder in FOLDERS for name, digest in ROW.findall(LISTS[folder])
]


@pytest.mark.parametrize(("path", "digest"), PINNED, ids=lambda each: getattr(each, "name", ""))
def test_hash_is_the_listed_one(path: Path, digest: str) -> None:
    assert hashlib.sha256(path.read_bytes()).hexdigest() == digest


def test_every_file_is_listed() -> None:
    present = {path for folder in FOLDERS for path in folder.rglob("*") if path.is_file()}
    notes = {path for path in present if path.name.endswith("LICENSE") or path.suffix == ".md"}
    assert present - notes == {path for path, _ in PINNED}


def test_every_licence_is_named() -> None:
    for folder in FOLDERS:
        for licence in folder.rglob("*LICENSE"):
            assert f"`{licence.name}`" in LISTS[folder]
