"""The instance itself: its secret key, its one-server lock, and whether keys and database fit."""

import asyncio
import contextlib
import fcntl
import os
import secrets
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import sqlalchemy as sa

from parlour.kit.db import insert_or_ignore, metadata
from parlour.kit.errors import Unavailable
from parlour.kit.tokens import Keyring

_KEY_FILE = "instance.key"

key_marks = sa.Table(
    "instance_keys",
    metadata,
    sa.Column("fingerprint", sa.String(32), primary_key=True),
)
"""Which secret keys this database was used with, by fingerprint."""


def present_keys(data_dir: Path, given: tuple[str, ...]) -> Keyring | None:
    """Return the keys given, else the data folder's own; None when there are none.

    Unavailable: there is a key file, and no key can be read from it.
    """
    if given:
        return Keyring(list(given))
    path = data_dir / _KEY_FILE
    try:
        return Keyring(path.read_text().split())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise Unavailable(f"{path} holds no secret key: put the right one back") from error


def keyring(data_dir: Path, given: tuple[str, ...], database: Path | None) -> Keyring:
    """Return the instance's keys: the ones given, else the data folder's own, made when new.

    `database` is the SQLite file, when there is one. A key without its database, or a database
    without its key, is a folder that lost something: Unavailable, and nothing is made anew.
    """
    present = present_keys(data_dir, given)
    if present is not None and (given or database is None):
        return present
    path = data_dir / _KEY_FILE
    exists = database is not None and database.exists()
    if present is not None:
        if not exists:
            raise Unavailable(
                f"{path} is here but {database} is not: restore a backup, "
                "or move the key away to begin anew"
            )
        return present
    if exists:
        raise Unavailable(
            f"{database} is here but {path} is not: put the key back or set PARLOUR_SECRET_KEY"
        )
    write_key(data_dir, secrets.token_urlsafe(36))
    # Read back: another process may have been faster, and then its key is the instance's.
    return Keyring(path.read_text().split())


def write_key(data_dir: Path, keys: str) -> bool:
    """Keep secret keys in the data folder, unless it has some; tells whether they were kept.

    The file is there whole or not at all, for its owner only, and survives a power cut.
    """
    with _changing(data_dir):
        handle, name = tempfile.mkstemp(prefix=f".{_KEY_FILE}-", dir=data_dir)
        try:
            with os.fdopen(handle, "w") as file:
                file.write(keys + "\n")
                file.flush()
                os.fsync(file.fileno())
            # Unlike a rename, a link never takes the place of what is there.
            os.link(name, data_dir / _KEY_FILE)
        except FileExistsError:
            return False
        finally:
            os.unlink(name)  # noqa: PTH108 - mkstemp gives a name, not a path
        with _folder(data_dir) as folder:
            os.fsync(folder)
    return True


@contextlib.asynccontextmanager
async def beginning(
    data_dir: Path, given: tuple[str, ...], database: Path | None
) -> AsyncIterator[None]:
    """Let one process at a time make the key and the SQLite file of a new folder.

    Between the two the folder looks like one that lost something. Costs nothing later on.
    """
    if given or database is None or _complete(data_dir, database):
        yield
        return
    with _changing(data_dir):
        folder = _folder(data_dir)
    with folder as handle:
        await asyncio.to_thread(fcntl.flock, handle, fcntl.LOCK_EX)
        yield


def _complete(data_dir: Path, database: Path) -> bool:
    return database.exists() and (data_dir / _KEY_FILE).exists()


@contextlib.contextmanager
def _folder(path: Path) -> Iterator[int]:
    handle = os.open(path, os.O_RDONLY)
    try:
        yield handle
    finally:
        os.close(handle)


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
            told = f"another server is already using {data_dir}: stop it, or choose another "
            raise Unavailable(told + "PARLOUR_DATA_DIR") from error
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
