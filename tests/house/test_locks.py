"""What gets installed is what pyproject.toml asks for, pinned and hashed."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.rig.project import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUN = PROJECT["project"]["dependencies"]
DEVELOP = PROJECT["dependency-groups"]["dev"]
OTEL = PROJECT["project"]["optional-dependencies"]["otel"]


def _pins(lock: str) -> dict[str, set[Version]]:
    pins: dict[str, set[Version]] = {}
    for line in (ROOT / "requirements" / lock).read_text().splitlines():
        if match := re.match(r"([\w.-]+)==([^ ;]+)", line):
            pins.setdefault(canonicalize_name(match[1]), set()).add(Version(match[2]))
    return pins


@pytest.mark.parametrize(
    ("lock", "wishes"),
    [("run.lock", RUN), ("dev.lock", RUN + DEVELOP), ("otel.lock", RUN + OTEL)],
    ids=["run", "dev", "otel"],
)
def test_locks_hold_every_dependency(lock: str, wishes: list[str]) -> None:
    pins = _pins(lock)
    for wish in map(Requirement, wishes):
        versions = pins.get(canonicalize_name(wish.name))
        assert versions, f"{wish.name} is not in {lock}: make lock"
        assert all(version in wish.specifier for version in versions), f"{wish}: make lock"


def test_developing_changes_nothing_that_runs() -> None:
    run = _pins("run.lock")
    for lock in ("dev.lock", "otel.lock"):
        more = _pins(lock)
        assert {name: more.get(name) for name in run} == run


def test_every_pin_is_hashed() -> None:
    for lock in ("run.lock", "dev.lock", "otel.lock"):
        text = (ROOT / "requirements" / lock).read_text().replace("\\\n", " ")
        bare = [line for line in text.splitlines() if "==" in line and "--hash=sha256:" not in line]
        assert bare == []
