"""The two set-ups every test runs on: SQLite alone, and PostgreSQL with Redis."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.rig.services import postgres_bin, redis_program

SQLITE = "sqlite"
POSTGRES = "postgres"
SECRET_KEY = "the secret key of every test's instance"


@dataclass(frozen=True, slots=True)
class Storage:
    """One test's own empty, migrated storage. `database_url` and `redis_url` are "" on SQLite."""

    engine: str
    data_dir: Path
    database_url: str = ""
    redis_url: str = ""

    @property
    def sqlite_path(self) -> Path:
        return self.data_dir / "parlour.db"

    @property
    def environment(self) -> Mapping[str, str]:
        """The settings a started `parlour` needs to use this storage."""
        named = {
            "PARLOUR_DATA_DIR": str(self.data_dir),
            "PARLOUR_DATABASE_URL": self.database_url,
            "PARLOUR_REDIS_URL": self.redis_url,
            # A copied database has no key of its own lying beside it.
            "PARLOUR_SECRET_KEY": SECRET_KEY,
        }
        return {name: value for name, value in named.items() if value}


@dataclass(frozen=True, slots=True)
class Machine:
    """Which of the programs that tests need are here."""

    chromium: Path | None
    postgres: Path | None = field(default_factory=postgres_bin)
    redis: Path | None = field(default_factory=redis_program)

    @property
    def missing(self) -> list[str]:
        here = {"chromium": self.chromium, "postgresql": self.postgres, "redis-server": self.redis}
        return [name for name, path in here.items() if path is None]


def look_around() -> Machine:
    return Machine(chromium=_chromium())


def _chromium() -> Path | None:
    if named := os.environ.get("PARLOUR_CHROMIUM"):
        return Path(named)
    # The first is Chromium without the frame that nobody sees: its pages cost half as much.
    for name in ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return Path(found)
    return None


def wanted_engines() -> list[str]:
    """Read PARLOUR_TEST_ENGINES: sqlite, postgres or all."""
    chosen = os.environ.get("PARLOUR_TEST_ENGINES", "all")
    engines = {"all": [SQLITE, POSTGRES], SQLITE: [SQLITE], POSTGRES: [POSTGRES]}
    if chosen not in engines:
        raise ValueError(f"PARLOUR_TEST_ENGINES is {chosen!r}; one of {', '.join(engines)}")
    return engines[chosen]


def in_ci() -> bool:
    return os.environ.get("CI") == "true"
