"""Where the documents of a library come from: a folder of this machine, or the uploaded ones."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from parlour.agents import files
from parlour.agents.library.folder import File, Listing, listed
from parlour.agents.library.helper import Read, ReadBytes
from parlour.kit.db import Database


class Source(Protocol):
    """Where documents come from."""

    @property
    def name(self) -> str:
        """The source as its owner knows it."""
        ...

    @property
    def certain(self) -> bool:
        """Whether what it does not list is gone for good, and must not be found any more."""
        ...

    async def listing(self) -> Listing:
        """List what there is to read; Invalid when there is nothing."""
        ...

    async def request(self, db: Database, file: File, digest: str) -> Read | ReadBytes | None:
        """Make the helper's request for a file that was read with this digest; None: it is gone."""
        ...


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of this machine."""

    path: Path
    certain = False

    @property
    def name(self) -> str:
        """Its path."""
        return str(self.path)

    async def listing(self) -> Listing:
        """Look through the folder."""
        return await asyncio.to_thread(listed, self.path)

    async def request(self, db: Database, file: File, digest: str) -> Read | None:
        """Have the helper read the file itself."""
        del db
        return Read(str(self.path), file.path, digest)


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A document that was uploaded."""

    name: str
    file_id: str
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Uploads:
    """The uploaded documents of an agent."""

    documents: Sequence[Uploaded]
    name = "the uploaded documents"
    certain = True

    async def listing(self) -> Listing:
        """List them by name."""
        ordered = sorted(self.documents, key=lambda each: each.name)
        return Listing([File(each.name, each.size, 0, each.digest) for each in ordered])

    async def request(self, db: Database, file: File, digest: str) -> ReadBytes | None:
        """Hand the bytes to the helper."""
        file_id = next(each.file_id for each in self.documents if each.name == file.path)
        content = await db.browse(files.content, file_id)
        return None if content is None else ReadBytes(file.path, content, digest)
