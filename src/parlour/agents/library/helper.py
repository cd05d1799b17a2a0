"""The helper process: reads files and builds indexes, apart from the server and its secrets.

A PDF can hang or eat memory, and counting words takes the processor; here neither reaches a chat.
Run as `python -m parlour.agents.library.helper`: requests come in and answers go out as messages
of MessagePack, each after its length in four bytes.
"""

import contextlib
import hashlib
import os
import resource
import struct
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

import msgspec

from parlour.agents.library.building import Row, build
from parlour.agents.library.extracts import Extract, extract
from parlour.agents.library.pages import Passage, Unreadable
from parlour.agents.library.reading import read
from parlour.agents.library.splitting import split

LENGTH: Final = struct.Struct("<I")
_MEMORY: Final = 3 * 1024 * 1024 * 1024
_ROWS: Final = 1_000


class Read(msgspec.Struct, tag="read"):
    """Read the file at `path` in `folder`, unless its content has this digest."""

    folder: str
    path: str
    digest: str


class ReadBytes(msgspec.Struct, tag="read bytes"):
    """Read this content of a file called `path`, unless it has this digest."""

    path: str
    content: bytes
    digest: str


class Take(msgspec.Struct, tag="take"):
    """Take a document in for the index that is built next; there is no answer."""

    id: str
    path: str
    extract: bytes


class Build(msgspec.Struct, tag="build"):
    """Build the index of what was taken in; answered by several `Rows`, then `Built`."""


class Done(msgspec.Struct, tag="done"):
    """The file was read."""

    title: str
    digest: str
    passages: list[Passage]
    extract: bytes


class Same(msgspec.Struct, tag="same"):
    """The file's content is as it was."""


class Not(msgspec.Struct, tag="not"):
    """The file cannot be read, and why."""

    reason: str


class Rows(msgspec.Struct, tag="rows"):
    """Some terms of the index."""

    rows: list[Row]


class Built(msgspec.Struct, tag="built"):
    """The rest of the index."""

    map: bytes
    vocabulary: bytes


Request = Read | ReadBytes | Take | Build
Answer = Done | Same | Not | Rows | Built


def main() -> None:
    """Answer requests until there are no more."""
    with contextlib.suppress(OSError, ValueError):
        os.nice(5)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not land among the answers
    taken: list[tuple[str, str, Extract]] = []
    while (request := _next(requests)) is not None:
        match request:
            case Read():
                _send(answers, _read(request))
            case ReadBytes(path, content, digest):
                _send(answers, _told(path, content, digest))
            case Take(document, path, blob):
                words = msgspec.msgpack.decode(zlib.decompress(blob), type=Extract)
                taken.append((document, path, words))
            case Build():
                for answer in _build(taken):
                    _send(answers, answer)
                taken = []


def _next(requests: IO[bytes]) -> Request | None:
    head = requests.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    raw = requests.read(LENGTH.unpack(head)[0])
    request: Request = msgspec.msgpack.decode(raw, type=Request)
    return request


def _send(answers: IO[bytes], answer: Answer) -> None:
    raw = msgspec.msgpack.encode(answer)
    answers.write(LENGTH.pack(len(raw)) + raw)
    answers.flush()


def _read(request: Read) -> Answer:
    root = Path(request.folder)
    try:
        path = (root / request.path).resolve(strict=True)
        if not path.is_relative_to(root.resolve()):
            return Not("it is a link out of the folder")
        raw = path.read_bytes()
    except PermissionError:
        return Not("it may not be read")
    except OSError:
        return Not("it cannot be read")
    return _told(request.path, raw, request.digest)


def _told(path: str, raw: bytes, known: str) -> Answer:
    digest = hashlib.sha256(raw).hexdigest()
    if digest == known:
        return Same()
    try:
        page = read(path, raw)
        passages = split(page.blocks)
        words = extract(path, page, passages)
    except Unreadable as reason:
        return Not(str(reason))
    except MemoryError:
        return Not("it takes too much memory")
    except Exception as error:  # noqa: BLE001 - one odd file must not keep the others from being read
        return Not(f"it is broken ({type(error).__name__})")
    blob = zlib.compress(msgspec.msgpack.encode(words), 3)
    return Done(page.title, digest, passages, blob)


def _build(taken: list[tuple[str, str, Extract]]) -> Iterator[Answer]:
    index = build(taken)
    rows: list[Row] = []
    for row in index.rows:
        rows.append(row)
        if len(rows) == _ROWS:
            yield Rows(rows)
            rows = []
    yield Rows(rows)
    yield Built(index.map, index.vocabulary)


if __name__ == "__main__":
    main()
