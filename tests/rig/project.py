"""The project as its own tests see it: its files, its modules, its import contracts."""

import configparser
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "parlour"


@cache
def files() -> tuple[Path, ...]:
    """Return every file that belongs to the project: tracked, or new and not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    paths = (ROOT / name for name in sorted(set(listed.stdout.split("\0"))) if name)
    return tuple(path for path in paths if path.is_file())


def python_files(*folders: str) -> list[Path]:
    inside = tuple(ROOT / folder for folder in folders)
    found = (path for path in files() if path.suffix == ".py")
    return [path for path in found if any(path.is_relative_to(folder) for folder in inside)]


def local_name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def module_exists(name: str) -> bool:
    path = ROOT / "src" / Path(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


@cache
def contracts() -> dict[str, dict[str, str]]:
    """Return the import contracts by their short names."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter")
    prefix = "importlinter:contract:"
    return {
        section.removeprefix(prefix): dict(parser[section])
        for section in parser.sections()
        if section.startswith(prefix)
    }
