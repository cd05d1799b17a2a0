"""The copy of a SQLite file that is kept for a while before a newer version changes its schema."""

import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Final

from parlour.kit.errors import StorageFull, Unavailable

KEPT_DAYS: Final = 7
_MARGIN: Final = 64 << 20
"""Bytes of the disk that are left free beside the copy, and what changing the schema takes."""


def copies(path: Path) -> list[Path]:
    """Return the copies of a database's file, what was left of one that broke off among them."""
    return sorted(path.parent.glob(f"{path.name}.before-*"))


def keep(path: Path, revision: str) -> Path:
    """Copy a database that is at `revision`, as it is at one moment, and see that it is whole.

    The copy takes the place of those of earlier upgrades; it is for its owner's eyes alone.

    Raises:
        StorageFull: there is no room for it. Unavailable: the copy is not whole.
    """
    drop(path)
    size = sum(each.stat().st_size for each in (path, _log_of(path)) if each.exists())
    free = shutil.disk_usage(path.parent).free
    if free < 2 * size + _MARGIN:
        raise StorageFull(
            f"an upgrade needs {2 * size + _MARGIN:,} bytes of room in {path.parent}, for a copy of"
            f" the database and for changing it; there are {free:,}. Nothing was changed"
        )
    made = path.with_name(f"{path.name}.before-{revision}")
    part = path.with_name(f"{made.name}.part")
    part.touch(0o600)
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(part)) as copy:
        source.backup(copy)
        found = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        part.unlink()
        raise Unavailable(f"the database is damaged, and is not upgraded: {found}")
    return part.replace(made)


def drop(path: Path, *, older_than_days: float = 0) -> int:
    """Delete the copies that are older; return how many. What is deleted stands in none."""
    before = time.time() - older_than_days * 86_400
    found = [each for each in copies(path) if each.stat().st_mtime <= before]
    for each in found:
        each.unlink(missing_ok=True)
    return len(found)


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")
