"""The instance itself: its secret key, its one-server lock, and whether keys and database fit."""

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from parlour.kit.db import insert_or_ignore, metadata
from parlour.kit.errors import Unavailable
from parlour.kit.tokens import Keyring

key_marks = sa.Table(
    "instance_keys",
    metadata,
    sa.Column("fingerprint", sa.String(32), primary_key=True),
)
"""Which secret keys this database was used with, by fingerprint."""


def keyring(data_dir: Path, given: tuple[str, ...], database: Path | None) -> Keyring:
    """Return the instance's keys: the ones given, else the data folder's own, made when new.

    `database` is the SQLite file, when there is one. A key without its database, or a database
    without its key, is a folder that lost something: Unavailable, and nothing is made anew.
    """
    if given:
        return Keyring(list(given))
    path = data_dir / "instance.key"
    exists = database is not None and database.exists()
    if path.exists():
        if database is not None and not exists:
            raise Unavailable(
                f"{path} is here but {database} is not: restore a backup, "
                "or move the key away to begin anew"
            )
        return Keyring(path.read_text().split())
    if exists:
        raise Unavailable(
            f"{database} is here but {path} is not: put the key back or set PARLOUR_SECRET_KEY"
        )
    with _changing(data_dir):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(36) + "\n")
    return Keyring(path.read_text().split())


def used_keys(conn: sa.Connection) -> set[str]:
    """Return the fingerprints of the keys that this database was used with."""
    return {row[0] for row in conn.execute(sa.select(key_marks.c.fingerprint))}


@contextlib.contextmanager
def _changing(data_dir: Path) -> Iterator[None]:
    """Make the data folder if need be and write in it; Unavailable when that cannot be done."""
    try:
        data_dir.mkdir(0o700, parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise Unavailable(f"{data_dir} cannot be written: {error.strerror}") from error


def check_keys(conn: sa.Connection, keys: Keyring) -> None:
    """Refuse a database that was used with other keys; remember the present ones."""
    known = used_keys(conn)
    present = keys.fingerprints()
    if known and not known & set(present):
        raise Unavailable(
            "this database was used with another secret key: give that key in "
            "PARLOUR_SECRET_KEY (several are separated by commas; the first one signs)"
        )
    for fingerprint in present:
        if fingerprint not in known:
            conn.execute(insert_or_ignore(conn, key_marks), {"fingerprint": fingerprint})


@contextlib.contextmanager
def only_server(data_dir: Path) -> Iterator[None]:
    """Hold the data folder's server lock; Unavailable when another server has it."""
    with _changing(data_dir):
        lock = (data_dir / "server.lock").open("w")
    with lock as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Unavailable(f"another server is already using {data_dir}") from error
        yield


def tell_address(data_dir: Path, address: str) -> None:
    """Leave a note where the server is reached, for the command line beside it."""
    with _changing(data_dir):
        (data_dir / "server.address").write_text(address + "\n")


def told_address(data_dir: Path) -> str:
    """Return where the last server on this data folder was reached; empty when none has run."""
    try:
        return (data_dir / "server.address").read_text().strip()
    except OSError:
        return ""
