"""Every room has a floor, contracts speak of rooms that are there, and commands load no server."""

import ast
import subprocess
import sys
from itertools import chain

import pytest

from parlour.cli import COMMANDS
from tests.rig.project import PACKAGE, contracts, module_exists


def _names(text: str) -> list[str]:
    return [name.strip() for line in text.split("\n") for name in line.split("|") if name.strip()]


def _rooms() -> set[str]:
    found = (path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or path.is_dir())
    return {name for name in found if not name.startswith("_")}


def test_every_room_has_a_floor() -> None:
    floors = contracts()["floors"]
    placed = {name.strip("()") for name in _names(floors["layers"])}
    assert _rooms() - placed == set(), "give it a floor in .importlinter"


CONNECTS = {
    *("aiohttp", "aiosmtplib", "asyncpg", "dns", "ftplib", "httpx", "psycopg", "redis", "requests"),
    *("smtplib", "socket", "telnetlib", "urllib3", "websockets"),
}
"""Libraries by which a program opens connections."""
OPENS = {"urllib.request", "http.client", "xmlrpc.client"}
"""Parts of libraries, likewise."""
WAYS_OUT = {
    "kit/http": "the guarded client: agents, webhooks, teams, OpenID, vectors",
    "kit/mail.py": "the mail server",
    "kit/bus": "Redis",
    "kit/limits/redis.py": "Redis",
    "cli/surroundings.py": "the doctor looks whether these are there",
    "cli/arriving.py": "the doctor comes in by the public address",
    "main/serving.py": "where it listens itself",
}
"""Where the program has them; docs/running.md says what it calls."""


def test_only_what_is_listed_opens_connections() -> None:
    """PRI-08: nothing is called that the documents do not name."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names.append(node.module or "")
            if any(name.split(".")[0] in CONNECTS or name in OPENS for name in names):
                found.add(path.relative_to(PACKAGE).as_posix())
    ways = {each: [path for path in found if path.startswith(each)] for each in WAYS_OUT}
    assert found - {path for paths in ways.values() for path in paths} == set()
    assert [each for each, paths in ways.items() if not paths] == []


def test_contracts_name_only_what_is_there() -> None:
    gone = []
    for contract in contracts().values():
        inside = contract.get("containers", "")
        layers = [f"{inside}.{name}" for name in _names(contract.get("layers", ""))]
        fields = ("source_modules", "forbidden_modules", "modules", "containers")
        named = chain(layers, *(_names(contract.get(field, "")) for field in fields))
        ours = (name.removesuffix(".*") for name in named if name.startswith("parlour"))
        gone += [name for name in ours if "(" not in name and not module_exists(name)]
    assert gone == []


@pytest.mark.parametrize("command", ["agent", "key", "link", "mail", "widget", "workspace"])
def test_commands_start_without_the_web_framework(command: str) -> None:
    """It takes longer to load than all that these commands do."""
    modules = ", ".join(f"parlour.cli.{name}" for name in COMMANDS[command][0].split())
    loaded = subprocess.run(
        [sys.executable, "-c", f"import {modules}, sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert "parlour.kit" in loaded
    assert {"litestar", "uvicorn", "aiohttp", "jinja2", "alembic"}.isdisjoint(loaded)
