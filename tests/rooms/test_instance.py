"""The instance's own key, and what commands may do to its database."""

import asyncio
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest
import sqlalchemy as sa

from parlour import main
from parlour.config import Settings
from parlour.kit import instance
from parlour.kit.db import migrate, schema
from parlour.kit.errors import Unavailable

AT_ONCE = 8


def test_two_first_starts_at_once_have_one_key(tmp_path: Path) -> None:
    """DSK-05"""
    data, together = tmp_path / "data", Barrier(AT_ONCE)

    def start() -> list[str]:
        together.wait(10)
        return instance.keyring(data, (), None).fingerprints()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = [pool.submit(start) for _ in range(AT_ONCE)]
        assert len({tuple(each.result()) for each in found}) == 1
    assert [path.name for path in data.iterdir()] == ["instance.key"]
    assert stat.S_IMODE((data / "instance.key").stat().st_mode) == 0o600


def test_a_key_is_never_written_over(tmp_path: Path) -> None:
    assert instance.write_key(tmp_path, "the first of the keys")
    assert not instance.write_key(tmp_path, "another one, too late")
    assert [path.name for path in tmp_path.iterdir()] == ["instance.key"]
    assert (tmp_path / "instance.key").read_text() == "the first of the keys\n"


def test_a_key_that_cannot_be_written_whole_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DSK-02: neither half a key nor anything else is left behind."""

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unavailable, match="No space left"):
        instance.keyring(tmp_path, (), None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"short", b"\xff\xfe\xfd" * 9])
def test_a_file_without_a_key_says_so(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "instance.key").write_bytes(content)
    with pytest.raises(Unavailable, match="holds no secret key"):
        instance.keyring(tmp_path, (), None)


async def test_two_commands_begin_one_instance(tmp_path: Path) -> None:
    """Nobody takes a folder that another process is just making for one that lost something."""
    settings = Settings(data_dir=tmp_path / "data")

    async def begin() -> list[str]:
        async with main.opened(settings) as tools:
            return tools.keys.fingerprints()

    found = await asyncio.gather(*(begin() for _ in range(4)))
    assert len({tuple(each) for each in found}) == 1


async def test_only_what_serves_migrates(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MIG: a command of a newer version does not change what an older server stands on."""
    newer = [*schema.known_revisions(), "9998_next"]
    monkeypatch.setattr(schema, "known_revisions", lambda: newer)
    for entering in (main.opened, main.looking):
        with pytest.raises(Unavailable, match="parlour migrate"):
            async with entering(settings):
                pass
    assert not await migrate(settings.database_url, settings.sqlite_path, only_new=True)


async def test_whoever_only_looks_leaves_nothing(settings: Settings) -> None:
    def marks(conn: sa.Connection) -> int:
        count = sa.select(sa.func.count()).select_from(instance.key_marks)
        return conn.execute(count).scalar_one()

    async with main.looking(settings) as tools:
        assert await tools.db.read(marks) == 0
    async with main.opened(settings) as tools:
        assert await tools.db.read(marks) == 1
    keyless = replace(settings, secret_key=(), data_dir=settings.data_dir / "none")
    with pytest.raises(Unavailable):
        async with main.looking(keyless):
            pass
    assert not keyless.data_dir.exists()
