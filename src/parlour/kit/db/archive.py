"""The backup file: every row in one compressed archive, for both engines alike, that proves itself.

parlour.json        format, program version, schema revision, tables and their columns
tables/<name>/1     rows as JSON arrays, one per line; binary columns in base64
instance.key        the secret keys, only when asked for
manifest.json       last: how many rows each table has, and the SHA-256 of them
"""

import gzip
import hashlib
import io
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

import orjson

from parlour.kit.clock import Moment
from parlour.kit.errors import Invalid

FORMAT: Final = 1
_HEAD: Final = "parlour.json"
_KEY: Final = "instance.key"
_MANIFEST: Final = "manifest.json"
_CHUNK: Final = 4_000_000
_LARGEST_PART: Final = 512_000_000
_BROKEN: Final = (
    OSError,
    EOFError,
    tarfile.TarError,
    zlib.error,
    ValueError,
    LookupError,
    TypeError,
)
"""All the ways in which reading harmed bytes ends."""


@dataclass(frozen=True, slots=True)
class Table:
    """What one table in an archive holds."""

    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Contents:
    """What an archive says of itself, after all of it was read and found true."""

    program: str
    revision: str
    at: Moment
    columns: dict[str, list[str]]
    tables: dict[str, Table]
    key: str
    """The secret keys; empty when they were left out."""

    @property
    def rows(self) -> int:
        """How many rows there are in all."""
        return sum(table.rows for table in self.tables.values())


@dataclass(slots=True)
class _Lines:
    """A table being written or read: its lines so far, counted and hashed."""

    rows: int = 0
    digest: Any = field(default_factory=hashlib.sha256)
    waiting: list[bytes] = field(default_factory=list)
    size: int = 0
    parts: int = 0

    def told(self) -> dict[str, Any]:
        return {"rows": self.rows, "sha256": self.digest.hexdigest()}


class Writer:
    """Writes an archive to an open file."""

    def __init__(self, file: IO[bytes], head: dict[str, Any], at: Moment) -> None:
        """Begin the archive with what it says of itself."""
        self._tar = tarfile.open(fileobj=file, mode="w:gz", compresslevel=6)  # noqa: SIM115 - close()
        self._at = at // 1000
        self._tables: dict[str, _Lines] = {}
        self._add(_HEAD, orjson.dumps({"format": FORMAT, "at": at, **head}))

    def begin(self, table: str) -> None:
        """Begin a table, so that it is there even without rows; the one before it has ended."""
        for before in self._tables:
            self._flush(before)
        self._tables[table] = _Lines()

    def row(self, table: str, values: list[Any]) -> None:
        """Add a row."""
        lines = self._tables[table]
        line = orjson.dumps(values) + b"\n"
        lines.rows += 1
        lines.digest.update(line)
        lines.waiting.append(line)
        lines.size += len(line)
        if lines.size >= _CHUNK:
            self._flush(table)

    def close(self, key: str) -> None:
        """End the archive, with the secret keys unless `key` is empty."""
        for table in self._tables:
            self._flush(table)
        if key:
            self._add(_KEY, key.encode())
        told = {name: lines.told() for name, lines in self._tables.items()}
        self._add(_MANIFEST, orjson.dumps({"tables": told}))
        self._tar.close()

    def _flush(self, table: str) -> None:
        lines = self._tables[table]
        if lines.waiting:
            lines.parts += 1
            self._add(f"tables/{table}/{lines.parts:06d}", b"".join(lines.waiting))
            lines.waiting, lines.size = [], 0

    def _add(self, name: str, content: bytes) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mtime, member.mode = len(content), self._at, 0o600
        self._tar.addfile(member, io.BytesIO(content))


def read(path: Path) -> Contents:
    """Read all of an archive and prove that it is whole; Invalid says what is wrong with it."""
    try:
        return _proved(path)
    except _BROKEN:
        raise Invalid(f"{path} is not a whole backup of Parlour") from None


def _proved(path: Path) -> Contents:
    head: dict[str, Any] = {}
    told: dict[str, Any] = {}
    key = ""
    found: dict[str, _Lines] = {}
    for name, content in _members(path):
        if name == _HEAD:
            head = _object(content)
            found = {table: _Lines() for table in head["tables"]}
        elif name == _KEY:
            key = content.decode()
        elif name == _MANIFEST:
            told = _object(content)["tables"]
        else:
            lines = found[_table_of(name, found)]
            lines.rows += content.count(b"\n")
            lines.digest.update(content)
    if head["format"] != FORMAT:
        raise Invalid(f"{path} was written by a version that keeps backups in another way")
    if told != {table: lines.told() for table, lines in found.items()}:
        raise ValueError("what it holds is not what was written into it")
    tables = {name: Table(**each) for name, each in told.items()}
    return Contents(head["program"], head["revision"], head["at"], head["tables"], tables, key)


def rows(path: Path) -> Iterator[tuple[str, list[list[Any]]]]:
    """Yield (table, rows) in the order in which they were written; read the archive before."""
    for name, content in _members(path):
        if name.startswith("tables/"):
            yield name.split("/")[1], [orjson.loads(line) for line in content.splitlines()]


def _members(path: Path) -> Iterator[tuple[str, bytes]]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}") from None
    with file:
        try:
            # Unpacked by gzip, not by tarfile, which never looks at the checksum at the end.
            with gzip.open(file) as unpacked, tarfile.open(fileobj=unpacked, mode="r|") as tar:
                for member in tar:
                    part = tar.extractfile(member)
                    if part is None or member.size > _LARGEST_PART:
                        raise ValueError(member.name)
                    yield member.name, part.read()
                while unpacked.read(_CHUNK):
                    pass
        except _BROKEN:
            raise Invalid(f"{path} is not a whole backup of Parlour") from None


def _table_of(name: str, known: dict[str, Any]) -> str:
    folder, _, rest = name.partition("/")
    table = rest.partition("/")[0]
    if folder != "tables" or table not in known:
        raise ValueError(name)
    return table


def _object(content: bytes) -> dict[str, Any]:
    value = orjson.loads(content)
    if not isinstance(value, dict):
        raise ValueError("not an object")  # noqa: TRY004 - one of the ways in which it is broken
    return value
