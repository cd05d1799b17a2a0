"""Files taken from elsewhere are the ones their list names, unchanged."""

import hashlib
import re

import pytest

from tests.rig.project import PACKAGE

VENDOR = PACKAGE / "web" / "static" / "vendor"
LIST = VENDOR / "VENDORED.md"
ROW = re.compile(r"^\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|$", re.MULTILINE)
PINNED = dict(ROW.findall(LIST.read_text()))


@pytest.mark.parametrize("name", PINNED)
def test_hash_is_the_listed_one(name: str) -> None:
    assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == PINNED[name]


def test_every_file_is_listed() -> None:
    present = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file()}
    licences = {name for name in present if name.endswith("LICENSE")}
    assert present - licences - {LIST.name} == set(PINNED)


def test_every_licence_is_named() -> None:
    for licence in VENDOR.rglob("*LICENSE"):
        assert f"`{licence.name}`" in LIST.read_text()
