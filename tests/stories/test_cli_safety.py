"""Somebody with a shell keeps an instance safe: migrates, looks it over, backs it up, restores."""

import contextlib
import os
import resource
import secrets
import signal
import sqlite3
import stat
from pathlib import Path

import orjson
import pytest

from tests.rig.processes import run_alone
from tests.rig.server import Server
from tests.rig.shell import Shell, refused
from tests.rig.storage import SQLITE


@pytest.fixture
def lived(own_shell: Shell) -> Shell:
    """A shell on an instance with an agent and a link, its key in its folder."""
    create = ("agent", "create", "helper", "--backend", "openai", "--model", "m", "--base-url")
    shell = own_shell.given(PARLOUR_ALLOW_NETWORKS="127.0.0.0/8")
    shell.done(*create, "http://127.0.0.1:8099/v1")
    shell.done("link", "create", "helper", "--name", "Für Ana 😀")
    return shell


def moved(shell: Shell, folder: Path) -> Shell:
    return shell.given(PARLOUR_DATA_DIR=str(folder))


def test_migrating_twice_changes_nothing(own_shell: Shell) -> None:
    assert own_shell.done("migrate")["changed"] is True
    assert own_shell.done("migrate")["changed"] is False


def test_a_folder_of_its_own_is_for_its_owner(lived: Shell) -> None:
    folder = lived.data_dir
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "instance.key").stat().st_mode) == 0o600


def test_a_backup_moves_to_another_machine(lived: Shell, tmp_path: Path) -> None:
    """MIG-10: without its key nothing starts, and says so; with it every link opens as before."""
    file, there = tmp_path / "a.pb", moved(lived, tmp_path / "there")
    told = lived.done("backup", str(file))
    assert told["with_key"] is False
    assert told["tables"]["links"] == 1
    before = lived.done("link", "list")
    restored = there.done("restore", str(file))
    assert restored["key_fits"] is False
    assert "instance.key is not" in there.refused("link", "list")
    key = lived.data_dir / "instance.key"
    (tmp_path / "there" / "instance.key").write_bytes(key.read_bytes())
    assert there.done("link", "list") == before
    assert "not empty" in there.refused("restore", str(file))


def test_a_backup_with_its_key_opens_every_link(lived: Shell, tmp_path: Path) -> None:
    file, there = tmp_path / "a.pb", moved(lived, tmp_path / "there")
    ran = lived.run("backup", str(file), "--with-key")
    assert "secret key is in it" in ran.stdout
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert there.done("restore", str(file))["key_fits"] is True
    assert there.done("link", "list") == lived.done("link", "list")


def test_what_was_revoked_stays_so_after_restoring(lived: Shell, tmp_path: Path) -> None:
    """MIG-12: the ledger beside the key tells; without it, restoring says what comes back."""
    file, key = tmp_path / "a.pb", lived.data_dir / "instance.key"
    lived.done("backup", str(file))
    (link,) = lived.done("link", "list")
    lived.done("link", "revoke", link["id"], "--yes")
    ledger = lived.data_dir / "instance.ledger"
    assert stat.S_IMODE(ledger.stat().st_mode) == 0o600
    assert link["id"] not in ledger.read_text()
    folders = [tmp_path / name for name in ("with", "without")]
    for folder in folders:
        folder.mkdir()
        (folder / "instance.key").write_bytes(key.read_bytes())
    kept, lost = (moved(lived, folder) for folder in folders)
    told = kept.run("restore", str(file), "--ledger", str(ledger))
    assert "again, as the ledger says: 1 link." in told.stdout
    assert kept.done("link", "list") == []
    assert (folders[0] / "instance.ledger").read_text().count(" link ") == 1
    told = lost.run("restore", str(file))
    assert "There is no ledger here" in told.stdout
    assert lost.done("link", "list") == [link]
    foreign = lived.given(PARLOUR_SECRET_KEY="x" * 20, PARLOUR_DATA_DIR=str(tmp_path / "foreign"))
    assert "another secret key" in foreign.refused("restore", str(file), "--ledger", str(ledger))


def test_another_key_is_refused_before_anything_is_written(lived: Shell, tmp_path: Path) -> None:
    """MIG-10"""
    file, there = tmp_path / "a.pb", moved(lived, tmp_path / "there")
    lived.done("backup", str(file))
    told = there.given(PARLOUR_SECRET_KEY="x" * 20).refused("restore", str(file))
    assert "another secret key" in told
    assert not (tmp_path / "there" / "parlour.db").exists()


def test_places_where_no_backup_can_be(lived: Shell, tmp_path: Path) -> None:
    """DSK-02"""
    assert "cannot be written" in lived.refused("backup", str(tmp_path / "none" / "a.pb"))
    (tmp_path / "diary").write_text("dear diary")
    assert "no backup" in lived.refused("backup", str(tmp_path / "diary"))
    database = lived.data_dir / "parlour.db"
    assert "no backup" in lived.refused("backup", str(database))
    assert lived.done("agent", "list")


def test_an_older_backup_is_replaced(lived: Shell, tmp_path: Path) -> None:
    file = tmp_path / "a.pb"
    lived.done("backup", str(file))
    lived.done("link", "create", "helper", "--name", "Later")
    assert lived.done("backup", str(file))["tables"]["links"] == 2
    there = moved(lived, tmp_path / "there")
    assert there.done("restore", str(file))["tables"]["links"] == 2
    assert list(tmp_path.glob("*a.pb*")) == [file]


def test_a_disk_that_takes_no_more_leaves_no_half_file(lived: Shell, tmp_path: Path) -> None:
    """DSK-02"""

    def small_files() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))

    for name in ("one", "two"):
        create = ("agent", "create", name, "--backend", "openai", "--model", "m", "--draft")
        told = ("--instructions", secrets.token_hex(25_000))
        lived.done(*create, "--base-url", "http://127.0.0.1:8099/v1", *told)
    # A limit on files would cut those that Python keeps of its modules, too.
    limited = {**lived.environment, "PYTHONDONTWRITEBYTECODE": "1"}
    folder = tmp_path / "full"
    folder.mkdir()
    backup = ("backup", str(folder / "a.pb"))
    done = run_alone(backup, limited, lived.folder, preexec_fn=small_files)
    assert "cannot be written" in refused(done)
    assert list(folder.iterdir()) == []
    older = folder / "a.pb"
    lived.done(*backup)
    before = older.read_bytes()
    done = run_alone(backup, limited, lived.folder, preexec_fn=small_files)
    assert "cannot be written" in refused(done)
    assert list(folder.iterdir()) == [older]
    assert older.read_bytes() == before, "an older one stays until the new one is whole"


@pytest.mark.parametrize("content", [b"", b"dear diary", b"\x1f\x8b\x08\x00nothing"])
def test_what_is_no_backup_is_not_restored(
    own_shell: Shell, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "a.pb"
    file.write_bytes(content)
    assert "whole backup" in own_shell.refused("restore", str(file))
    assert not (own_shell.data_dir / "parlour.db").exists()


def test_backing_up_beside_a_running_server(own_server: Server, tmp_path: Path) -> None:
    own_server.make_model_agent("helper", "http://127.0.0.1:8099/v1")
    told = own_server.cli("backup", str(tmp_path / "a.pb"))
    assert told["tables"]["agents"] == 1
    done_ = own_server.run("restore", str(tmp_path / "a.pb"))
    told = refused(done_)
    if own_server.storage.engine == SQLITE:
        assert told.endswith("stop it, or choose another PARLOUR_DATA_DIR")


def levels(shell: Shell) -> tuple[int, dict[str, str]]:
    ran = shell.run("doctor", "--json")
    return ran.returncode, {each["what"]: each["level"] for each in orjson.loads(ran.stdout)}


def test_the_doctor_before_there_is_anything(own_shell: Shell) -> None:
    status, found = levels(own_shell)
    assert status == 0
    assert found["database"] == "odd"
    assert not own_shell.data_dir.exists()


def test_the_doctor_names_what_is_wrong(lived: Shell, tmp_path: Path) -> None:
    status, found = levels(lived)
    assert (status, found["agent helper"]) == (1, "bad")
    assert {found[n] for n in ("data folder", "disk", "secret key", "database")} == {"good"}
    lived.done("agent", "offline", "helper")
    status, found = levels(lived)
    assert (status, found["agent helper"]) == (0, "odd")


def test_the_doctor_knows_a_ledger_that_is_not_there_yet(lived: Shell) -> None:
    """Nothing was erased or revoked so far: there is nothing to keep a copy of."""
    ledger = lived.data_dir / "instance.ledger"
    assert f"{ledger} is not there yet; erasing or" in lived.run("doctor").stdout
    (link,) = lived.done("link", "list")
    lived.done("link", "revoke", link["id"], "--yes")
    assert f"{ledger}; keep a copy of it" in lived.run("doctor").stdout


def test_the_doctor_names_settings_that_nothing_reads(lived: Shell) -> None:
    lived.done("agent", "delete", "helper", "--yes")
    ran = lived.given(PARLOUR_PUBLC_URL="x").run("doctor")
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
def test_the_doctor_notices(lived: Shell, harm: str, what: str) -> None:
    """DSK-07 among others; whatever it is, it is told in lines and by the exit status."""
    folder = lived.data_dir
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
    status, found = levels(lived.given(**more))
    assert status == 1
    assert found[what] == "bad", found


def test_the_doctor_changes_nothing(lived: Shell) -> None:
    """Not even the marks by which a database knows its keys."""
    database = lived.data_dir / "parlour.db"
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
def test_the_doctor_bears_settings_that_do_not_fit(lived: Shell, setting: str) -> None:
    name, _, value = setting.partition("=")
    ran = lived.given(**{name: value}).run("doctor")
    assert ran.returncode == 1
    assert ran.stderr == ""
    assert f"settings that do not fit: {name}" in ran.stdout


def test_the_doctor_calls_an_address_of_this_machine(own_server: Server) -> None:
    _, found = levels(own_server.shell.given(PARLOUR_PUBLIC_URL=own_server.url))
    assert found["address"] == "good"


def test_the_doctor_looks_at_both_kinds_of_database(own_server: Server) -> None:
    status, found = levels(own_server.shell)
    assert (status, found["database"], found["Redis"]) == (0, "good", "good")


def test_a_new_folder_may_begin_with_migrate(own_shell: Shell) -> None:
    """MIG-10, DSK-05: what `migrate` makes, `serve` opens; and nobody else reads it."""
    own_shell.done("migrate")
    own_shell.done("agent", "list")
    folder = own_shell.data_dir
    assert (folder.stat().st_mode & 0o777) == 0o700
    for name in ("parlour.db", "instance.key"):
        assert ((folder / name).stat().st_mode & 0o077) == 0, name
