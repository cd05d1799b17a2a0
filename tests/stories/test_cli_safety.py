"""Somebody with a shell keeps an instance safe: migrates, looks it over, backs it up, restores."""

import contextlib
import os
import resource
import secrets
import signal
import sqlite3
import stat
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.rig.processes import plain_environment
from tests.rig.server import PARLOUR, Server


def run(
    environment: Mapping[str, str], *arguments: str, **more: Any
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PARLOUR, *arguments],
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **more,
    )


def done(environment: Mapping[str, str], *arguments: str) -> Any:
    ran = run(environment, *arguments, "--json")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return orjson.loads(ran.stdout)


def refused(environment: Mapping[str, str], *arguments: str, **more: Any) -> str:
    ran = run(environment, *arguments, **more)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert ran.stdout == ""
    assert ran.stderr.count("\n") == 1
    assert ran.stderr.startswith("parlour: ")
    return ran.stderr


@pytest.fixture
def lived(own_environment: dict[str, str]) -> dict[str, str]:
    """The surroundings of an instance with an agent and a link, its key in its folder."""
    create = ("agent", "create", "helper", "--backend", "openai", "--model", "m", "--base-url")
    environment = {**own_environment, "PARLOUR_ALLOW_NETWORKS": "127.0.0.0/8"}
    done(environment, *create, "http://127.0.0.1:8099/v1")
    done(environment, "link", "create", "helper", "--name", "Für Ana 😀")
    return environment


def moved(environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    return {**environment, "PARLOUR_DATA_DIR": str(folder)}


def test_migrating_twice_changes_nothing(own_environment: dict[str, str]) -> None:
    assert done(own_environment, "migrate")["changed"] is True
    assert done(own_environment, "migrate")["changed"] is False


def test_a_folder_of_its_own_is_for_its_owner(lived: dict[str, str]) -> None:
    folder = Path(lived["PARLOUR_DATA_DIR"])
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "instance.key").stat().st_mode) == 0o600


def test_a_backup_moves_to_another_machine(lived: dict[str, str], tmp_path: Path) -> None:
    """MIG-10: without its key nothing starts, and says so; with it every link opens as before."""
    file, there = tmp_path / "a.pb", moved(lived, tmp_path / "there")
    told = done(lived, "backup", str(file))
    assert told["with_key"] is False
    assert told["tables"]["links"] == 1
    before = done(lived, "link", "list")
    restored = done(there, "restore", str(file))
    assert restored["key_fits"] is False
    assert "instance.key is not" in refused(there, "link", "list")
    key = Path(lived["PARLOUR_DATA_DIR"]) / "instance.key"
    (tmp_path / "there" / "instance.key").write_bytes(key.read_bytes())
    assert done(there, "link", "list") == before
    assert "not empty" in refused(there, "restore", str(file))


def test_a_backup_with_its_key_opens_every_link(lived: dict[str, str], tmp_path: Path) -> None:
    file, there = tmp_path / "a.pb", moved(lived, tmp_path / "there")
    ran = run(lived, "backup", str(file), "--with-key")
    assert "secret key is in it" in ran.stdout
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert done(there, "restore", str(file))["key_fits"] is True
    assert done(there, "link", "list") == done(lived, "link", "list")


def test_another_key_is_refused_before_anything_is_written(
    lived: dict[str, str], tmp_path: Path
) -> None:
    """MIG-10"""
    file, there = tmp_path / "a.pb", moved(lived, tmp_path / "there")
    done(lived, "backup", str(file))
    told = refused({**there, "PARLOUR_SECRET_KEY": "x" * 20}, "restore", str(file))
    assert "another secret key" in told
    assert not (tmp_path / "there" / "parlour.db").exists()


def test_places_where_no_backup_can_be(lived: dict[str, str], tmp_path: Path) -> None:
    """DSK-02"""
    assert "cannot be written" in refused(lived, "backup", str(tmp_path / "none" / "a.pb"))
    (tmp_path / "diary").write_text("dear diary")
    assert "no backup" in refused(lived, "backup", str(tmp_path / "diary"))
    database = Path(lived["PARLOUR_DATA_DIR"]) / "parlour.db"
    assert "no backup" in refused(lived, "backup", str(database))
    assert done(lived, "agent", "list")


def test_a_disk_that_takes_no_more_leaves_no_half_file(
    lived: dict[str, str], tmp_path: Path
) -> None:
    """DSK-02"""

    def small_files() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))

    for name in ("one", "two"):
        create = ("agent", "create", name, "--backend", "openai", "--model", "m", "--draft")
        told = ("--instructions", secrets.token_hex(25_000))
        done(lived, *create, "--base-url", "http://127.0.0.1:8099/v1", *told)
    # A limit on files would cut those that Python keeps of its modules, too.
    limited = {**lived, "PYTHONDONTWRITEBYTECODE": "1"}
    folder = tmp_path / "full"
    folder.mkdir()
    line = refused(limited, "backup", str(folder / "a.pb"), preexec_fn=small_files)
    assert "cannot be written" in line
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"dear diary", b"\x1f\x8b\x08\x00nothing"])
def test_what_is_no_backup_is_not_restored(
    own_environment: dict[str, str], tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "a.pb"
    file.write_bytes(content)
    assert "whole backup" in refused(own_environment, "restore", str(file))
    assert not (Path(own_environment["PARLOUR_DATA_DIR"]) / "parlour.db").exists()


def test_backing_up_beside_a_running_server(own_server: Server, tmp_path: Path) -> None:
    own_server.make_model_agent("helper", "http://127.0.0.1:8099/v1")
    told = own_server.cli("backup", str(tmp_path / "a.pb"))
    assert told["tables"]["agents"] == 1
    done_ = own_server.run("restore", str(tmp_path / "a.pb"))
    assert done_.returncode == 1
    assert done_.stderr.count("\n") == 1


def levels(environment: Mapping[str, str]) -> tuple[int, dict[str, str]]:
    ran = run(environment, "doctor", "--json")
    return ran.returncode, {each["what"]: each["level"] for each in orjson.loads(ran.stdout)}


def test_the_doctor_before_there_is_anything(own_environment: dict[str, str]) -> None:
    status, found = levels(own_environment)
    assert status == 0
    assert found["database"] == "odd"
    assert not Path(own_environment["PARLOUR_DATA_DIR"]).exists()


def test_the_doctor_names_what_is_wrong(lived: dict[str, str], tmp_path: Path) -> None:
    status, found = levels(lived)
    assert (status, found["agent helper"]) == (1, "bad")
    assert {found[n] for n in ("data folder", "disk", "secret key", "database")} == {"good"}
    done(lived, "agent", "offline", "helper")
    status, found = levels(lived)
    assert (status, found["agent helper"]) == (0, "odd")


def test_the_doctor_names_settings_that_nothing_reads(lived: dict[str, str]) -> None:
    done(lived, "agent", "delete", "helper", "--yes")
    ran = run({**lived, "PARLOUR_PUBLC_URL": "x"}, "doctor")
    assert ran.returncode == 0
    assert "! settings" in ran.stdout
    assert "did you mean PARLOUR_PUBLIC_URL?" in ran.stdout


@pytest.mark.parametrize(
    ("harm", "what"),
    [
        ("key lost", "secret key"),
        ("key open", "secret key"),
        ("key other", "key and database"),
        ("database damaged", "database"),
        ("database text", "database"),
        ("redis away", "Redis"),
        ("setting odd", "settings"),
    ],
)
def test_the_doctor_notices(lived: dict[str, str], harm: str, what: str) -> None:
    """DSK-07 among others; whatever it is, it is told in lines and by the exit status."""
    folder = Path(lived["PARLOUR_DATA_DIR"])
    key, database = folder / "instance.key", folder / "parlour.db"
    more: dict[str, str] = {}
    match harm:
        case "key lost":
            key.unlink()
        case "key open":
            key.chmod(0o644)
        case "key other":
            more["PARLOUR_SECRET_KEY"] = "y" * 20
        case "database damaged":
            raw = bytearray(database.read_bytes())
            for at in range(4096 * 2, len(raw), 4096):
                raw[at : at + 16] = os.urandom(16)
            database.write_bytes(raw)
        case "database text":
            database.write_text("dear diary" * 1000)
        case "redis away":
            more["PARLOUR_REDIS_URL"] = "redis://127.0.0.1:1"
        case _:
            more["PARLOUR_PORT"] = "many"
    status, found = levels({**lived, **more})
    assert status == 1
    assert found[what] == "bad", found


def test_the_doctor_changes_nothing(lived: dict[str, str]) -> None:
    """Not even the marks by which a database knows its keys."""
    database = Path(lived["PARLOUR_DATA_DIR"]) / "parlour.db"
    with contextlib.closing(sqlite3.connect(database)) as conn:
        conn.execute("DELETE FROM instance_keys")
        conn.commit()
        before = list(conn.iterdump())
        _, found = levels(lived)
        assert "agent helper" in found
        assert list(conn.iterdump()) == before


@pytest.mark.parametrize(
    "setting",
    [
        "PARLOUR_SECRET_KEY=short",
        "PARLOUR_DATABASE_URL=foo",
        "PARLOUR_REDIS_URL=foo",
        "PARLOUR_WORKERS=0",
        "PARLOUR_PUBLIC_URL=chat.example.org",
    ],
)
def test_the_doctor_bears_settings_that_do_not_fit(lived: dict[str, str], setting: str) -> None:
    name, _, value = setting.partition("=")
    ran = run({**lived, name: value}, "doctor")
    assert ran.returncode == 1
    assert ran.stderr == ""
    assert f"settings that do not fit: {name}" in ran.stdout


def test_the_doctor_calls_an_address_of_this_machine(own_server: Server) -> None:
    own = {**own_server.environment, "PARLOUR_PUBLIC_URL": own_server.url}
    _, found = levels(own)
    assert found["address"] == "good"


def test_the_doctor_looks_at_both_kinds_of_database(own_server: Server) -> None:
    status, found = levels(own_server.environment)
    assert (status, found["database"], found["Redis"]) == (0, "good", "good")


def test_a_new_folder_may_begin_with_migrate(tmp_path: Path) -> None:
    """MIG-10, DSK-05: what `migrate` makes, `serve` opens; and nobody else reads it."""
    folder = tmp_path / "new"
    environment = plain_environment(PARLOUR_DATA_DIR=str(folder))
    for arguments in (["migrate"], ["agent", "list"]):
        done = subprocess.run(
            [PARLOUR, *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert (folder.stat().st_mode & 0o777) == 0o700
    for name in ("parlour.db", "instance.key"):
        assert ((folder / name).stat().st_mode & 0o077) == 0, name
