"""The ledger: what was erased and revoked, as keyed hashes in a file that outlives the database."""

import errno
import fcntl
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from parlour.kit.clock import Moment
from parlour.kit.errors import StorageFull, Unavailable
from parlour.kit.tokens import Keyring

NAME: Final = "instance.ledger"
"""It stands in the data folder, beside the secret key."""
_HEAD: Final = "# What was erased and revoked here, as keyed hashes. Keep it beside your backups.\n"
_PARTS: Final = 4
_HASH: Final = 64


class Entry(NamedTuple):
    """That something was erased or revoked."""

    at: Moment
    noun: str
    """What it was, such as `visitor`."""
    key: str
    """The fingerprint of the secret key that made the hash."""
    hash: str

    @property
    def line(self) -> str:
        """The entry as it stands in the file."""
        return f"{self.at} {self.noun} {self.key} {self.hash}\n"


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that was erased or revoked, as the history names it."""

    at: Moment
    noun: str
    id: str

    def entry(self, keys: Keyring) -> Entry:
        """Make the entry of it, from which nobody learns the id."""
        hashed = hashes(keys, self.noun, self.id)[0]
        return Entry(self.at, self.noun, keys.fingerprints()[0], hashed)


def hashes(keys: Keyring, noun: str, id_: str) -> list[str]:
    """Hash what was erased or revoked with every key, the newest first."""
    return keys.hashes(f"ledger/{noun}/{id_}")


def read(path: Path) -> list[Entry]:
    """Read a ledger; none where there is no file. A line that a crash cut short is left out.

    Unavailable: it is there, and cannot be read.
    """
    try:
        text = path.read_text("utf-8", "replace")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror}") from error
    return [entry for line in text.split("\n") if (entry := _entry(line)) is not None]


def append(path: Path, entries: Sequence[Entry]) -> None:
    """Add entries, so that they survive a power cut; several processes may do so at once.

    Raises:
        StorageFull, Unavailable: they are not there.
    """
    if not entries:
        return
    try:
        path.parent.mkdir(0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            os.write(handle, (_begun(handle) + "".join(_lines(entries))).encode())
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        kind = StorageFull if error.errno in _FULL else Unavailable
        raise kind(f"{path} cannot be written: {error.strerror}") from error


_FULL: Final = (errno.ENOSPC, errno.EDQUOT)
"""No space, and no quota, left."""


def _begun(handle: int) -> str:
    """Return what must stand before another line: the head, or the end of a line cut short."""
    size = os.fstat(handle).st_size
    if not size:
        return _HEAD
    return "" if os.pread(handle, 1, size - 1) == b"\n" else "\n"


def _lines(entries: Iterable[Entry]) -> list[str]:
    return [entry.line for entry in entries]


def _entry(line: str) -> Entry | None:
    parts = line.split(" ")
    if len(parts) != _PARTS or not (parts[0].isascii() and parts[0].isdigit()):
        return None
    at, noun, key, hashed = parts
    return Entry(int(at), noun, key, hashed) if len(hashed) == _HASH else None
