"""Looking through a folder of documents: which files there are to read, and which not and why."""

import os
import stat
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from parlour.agents.library.reading import KINDS
from parlour.kit.errors import FieldError, Invalid

MOST_FILES: Final = 20_000
MOST_BYTES: Final = 20 * 1024 * 1024
"""Of one file."""
IGNORED: Final = ".parlourignore"
"""The file that names what is not to be read: a name or a path with `*` in each line."""
_DEEPEST: Final = 30


@dataclass(frozen=True, slots=True)
class File:
    """A file that can be read."""

    path: str
    """Below the folder, with slashes."""
    size: int
    mtime_ns: int
    digest: str = ""
    """SHA-256 of its content, where that is known without reading it."""

    def is_as(self, size: int, mtime_ns: int, digest: str) -> bool:
        """Whether it is as it was when it was read, as far as can be told without reading it."""
        if self.digest:
            return self.digest == digest
        return (self.size, self.mtime_ns) == (size, mtime_ns)


@dataclass(frozen=True, slots=True)
class Listing:
    """What a folder holds."""

    files: list[File] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    """Path and reason."""


def listed(folder: Path) -> Listing:
    """Look through a folder, in the order of names; Invalid when there is nothing to read.

    Hidden files are passed over in silence, as are kinds of file that are no documents and what
    the folder's `IGNORED` names. A symbolic link is followed only when what it points to lies in
    the folder, and never to a folder.
    """
    try:
        root = folder.resolve(strict=True)
        if not root.is_dir():
            raise _unfit(f"{folder} is not a folder")
        os.scandir(root).close()
    except (FileNotFoundError, RuntimeError):
        raise _unfit(f"there is no folder {folder}") from None
    except (PermissionError, OSError):
        raise _unfit(f"the folder {folder} cannot be read") from None
    listing = Listing()
    _walk(root, root, listing, _ignored(root), 0)
    if not listing.files:
        told = f" ({listing.skipped[0][0]}: {listing.skipped[0][1]})" if listing.skipped else ""
        raise _unfit(f"there is no Markdown, text, HTML or PDF file to read in {folder}{told}")
    return listing


def _ignored(root: Path) -> tuple[str, ...]:
    try:
        lines = (root / IGNORED).read_text("utf-8", "replace").splitlines()
    except OSError:
        return ()
    named = (line.strip().rstrip("/") for line in lines if not line.startswith("#"))
    return tuple(filter(None, named))


def _is_ignored(below: str, patterns: tuple[str, ...]) -> bool:
    """Whether a file or folder is named: by itself wherever it is, or with the way to it."""
    name = below.rpartition("/")[2]
    return any(fnmatchcase(below if "/" in each else name, each) for each in patterns)


def _unfit(message: str) -> Invalid:
    return Invalid(message, errors=[FieldError("path", message)])


def _walk(root: Path, folder: Path, listing: Listing, ignored: tuple[str, ...], depth: int) -> None:
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 - names are what is wanted
    except OSError:
        listing.skipped.append((_below(root, folder), "the folder cannot be read"))
        return
    folders: list[Path] = []
    for name in names:
        if name.startswith("."):
            continue
        path = folder / name
        if ignored and _is_ignored(_below(root, path), ignored):
            continue
        try:
            status = path.lstat()
        except OSError:
            continue
        if stat.S_ISDIR(status.st_mode):
            folders.append(path)
        elif path.suffix.lower() in KINDS:
            _take(root, path, status, listing)
    for path in folders if depth < _DEEPEST else []:
        _walk(root, path, listing, ignored, depth + 1)


def _take(root: Path, path: Path, status: os.stat_result, listing: Listing) -> None:
    name = _below(root, path)
    try:
        name.encode()
    except UnicodeEncodeError:
        listing.skipped.append((name.encode("utf-8", "replace").decode(), "its name is not UTF-8"))
        return
    if stat.S_ISLNK(status.st_mode):
        try:
            if not path.resolve(strict=True).is_relative_to(root):
                listing.skipped.append((name, "it is a link out of the folder"))
                return
            status = path.stat()
        except (OSError, RuntimeError):
            listing.skipped.append((name, "it is a link to nothing"))
            return
    if not stat.S_ISREG(status.st_mode):
        return
    if status.st_size > MOST_BYTES:
        listing.skipped.append((name, f"it is larger than {MOST_BYTES // 1024 // 1024} MB"))
    elif len(listing.files) >= MOST_FILES:
        listing.skipped.append((name, f"there are more than {MOST_FILES:,} files"))
    else:
        listing.files.append(File(name, status.st_size, status.st_mtime_ns))


def _below(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()
