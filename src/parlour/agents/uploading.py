"""Uploading documents to an agent's draft, and removing them: whole or not at all."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
import sqlalchemy as sa

from parlour import events
from parlour.agents import files, keeping, naming, store, versions
from parlour.agents.backends.documents import Config
from parlour.agents.backends.documents.config import Document
from parlour.agents.library import store as library
from parlour.agents.model import Agent, Content
from parlour.kit.errors import Conflict, NotFound, Problem, TooLarge
from parlour.kit.tokens import new_id
from parlour.rights import Who
from parlour.tools import Tools

_AT_ONCE = 4
"""Pieces in one transaction, so that others get their turn."""


@dataclass(frozen=True, slots=True)
class Added:
    """A document that was uploaded."""

    agent: Agent
    document: Document
    replaced: bool


@dataclass(frozen=True, slots=True)
class Listed:
    """A document of a draft, and what became of it."""

    document: Document
    published: bool
    """Whether visitors get answers from it."""
    reading: bool
    """Whether it is still to be read."""
    problem: str
    """Why it cannot be read; empty when it can, or nobody has tried yet."""


def listed(conn: sa.Connection, agent: Agent) -> list[Listed]:
    """List a draft's uploaded documents by name; Conflict when it answers from elsewhere."""
    preview = store.preview_of(conn, agent.id)
    ids = [agent.id] if preview is None else [agent.id, preview.id]
    skipped: dict[str, str] = {}
    read: set[tuple[str, str]] = set()
    for each in ids:
        state = library.state_of(conn, each)
        skipped |= dict(state.skipped) if state is not None else {}
        read |= {(row.path, row.digest) for row in library.living(conn, each)}
    present = versions.published(conn, agent)
    public = set() if present is None else _named(present.content)
    return [
        Listed(
            document,
            (document.name, document.digest) in public,
            not known and document.name not in skipped,
            "" if known else skipped.get(document.name, ""),
        )
        for document in _config(agent).uploads
        for known in [(document.name, document.digest) in read]
    ]


def _named(content: Content) -> set[tuple[str, str]]:
    return {(each["name"], each["digest"]) for each in content.config.get("uploads", ())}


def progress(conn: sa.Connection, agent: Agent) -> sa.Row[Any] | None:
    """Return how far the documents of a draft have been read; None before anybody tried it."""
    preview = store.preview_of(conn, agent.id)
    own = preview is not None and not preview.draft.config.get("read_from")
    return library.state_of(conn, preview.id if preview is not None and own else agent.id)


async def add(
    tools: Tools, who: Who, agent: Agent, given: str, content: AsyncIterator[bytes]
) -> Added:
    """Take a document in; one of the same name is replaced. Visitors get it once published.

    `given` is what the sender calls it. What it is, its content says. Nothing is left of a document
    that is refused, or whose sender goes away.

    Raises:
        TooLarge: it, or all of them together, are over a cap. Conflict: it has too many, or answers
        from elsewhere. Invalid: it is empty, or no Markdown, text, HTML or PDF.
    """
    _require_room(tools, _config(agent), 0)
    incoming = _Incoming(tools, agent.id, given)
    try:
        await incoming.take(content)
        return await tools.db.write(_attach, tools, who, agent.id, incoming)
    except BaseException:
        # Also when the sender has gone and this task is being cancelled.
        await asyncio.shield(incoming.forget())
        raise


async def remove(tools: Tools, who: Who, agent: Agent, name: str) -> Agent:
    """Take a document out of the draft; NotFound when it has none of that name.

    Its bytes are deleted unless a published version, which can be brought back, names them.
    """

    def unit(conn: sa.Connection) -> Agent:
        held = store.hold(conn, agent.id)
        config = _config(held)
        left = tuple(each for each in config.uploads if each.name != name)
        if len(left) == len(config.uploads):
            raise NotFound(f"there is no document {name!r}")
        changed = _with(conn, tools, who, held, left)
        keeping.drop_unnamed(conn, changed)
        _record(conn, who, events.Kind.DOCUMENT_REMOVED, changed, name)
        return changed

    return await tools.db.write(unit)


@dataclass(slots=True)
class _Incoming:
    """A document on its way in."""

    tools: Tools
    agent_id: str
    given: str
    id: str = field(default_factory=lambda: new_id("fil"))
    name: str = ""
    digest: Any = field(default_factory=hashlib.sha256)
    size: int = 0
    waiting: bytearray = field(default_factory=bytearray)
    number: int = 0
    begun: bool = False

    async def take(self, content: AsyncIterator[bytes]) -> None:
        """Store all that comes; what it is must be clear before anything is stored."""
        most = self.tools.settings.upload_file_bytes
        async for chunk in content:
            self.size += len(chunk)
            if self.size > most:
                raise TooLarge(f"the document is larger than {_told(most)}")
            self.digest.update(chunk)
            self.waiting += chunk
            if len(self.waiting) >= _AT_ONCE * files.PIECE:
                await self._store()
        await self._store()

    async def _store(self) -> None:
        if not self.begun:
            self.name = naming.named(self.given, bytes(self.waiting[: naming.LOOKED_AT]))
            self.begun = True
            now = self.tools.clock.now()
            await self.tools.db.write(files.begin, self.id, self.agent_id, now)
        pieces = []
        for start in range(0, len(self.waiting), files.PIECE):
            part = bytes(self.waiting[start : start + files.PIECE])
            pieces.append(files.Piece(self.id, self.number, part))
            self.number += 1
        self.waiting.clear()
        now = self.tools.clock.now()
        if pieces and not await self.tools.db.write(files.add, self.id, pieces, now):
            raise _swept()

    async def forget(self) -> None:
        """Delete what was stored of it."""
        if self.begun:
            with contextlib.suppress(Problem):  # what stays is swept away later
                await self.tools.db.write(_drop_unless_named, self.agent_id, self.id)


def _drop_unless_named(conn: sa.Connection, agent_id: str, file_id: str) -> None:
    # Who breaks off exactly while it is committed does not know whether the draft names it.
    with contextlib.suppress(NotFound):
        if any(each.file == file_id for each in _config(store.hold(conn, agent_id)).uploads):
            return
    files.drop_one(conn, file_id)


def _attach(conn: sa.Connection, tools: Tools, who: Who, agent_id: str, new: _Incoming) -> Added:
    """Name a document that has arrived in the draft."""
    held = store.hold(conn, agent_id)
    digest = new.digest.hexdigest()
    if not files.finish(conn, new.id, digest, new.size):
        raise _swept()
    config = _config(held)
    others = tuple(each for each in config.uploads if each.name != new.name)
    _require_room(tools, msgspec.structs.replace(config, uploads=others), new.size)
    file_id = files.same(conn, agent_id, digest, but=new.id)
    if file_id is None:
        file_id = new.id
    else:
        files.drop_one(conn, new.id)
    now = tools.clock.now()
    document = Document(new.name, file_id, new.size, digest, now, who.name)
    uploads = tuple(sorted((*others, document), key=lambda each: each.name))
    changed = _with(conn, tools, who, held, uploads)
    keeping.drop_unnamed(conn, changed)
    _record(conn, who, events.Kind.DOCUMENT_UPLOADED, changed, new.name)
    return Added(changed, document, replaced=len(others) < len(config.uploads))


def _config(agent: Agent) -> Config:
    if agent.draft.backend != "documents":
        raise Conflict(f"{agent.name} does not answer from documents", code="no_documents")
    config: Config = keeping.kind_of("documents").load(agent.draft.config)
    if config.path:
        raise Conflict(f"{agent.name} answers from a folder", code="answers_from_folder")
    return config


def _require_room(tools: Tools, config: Config, size: int) -> None:
    settings = tools.settings
    if len(config.uploads) >= settings.upload_files + (0 if size else 1):
        raise Conflict(
            f"at most {settings.upload_files:,} documents; remove one first", code="too_many"
        )
    if sum(each.size for each in config.uploads) + size > settings.upload_agent_bytes:
        most = _told(settings.upload_agent_bytes)
        raise TooLarge(f"all documents together are larger than {most}; remove one first")


def _with(
    conn: sa.Connection, tools: Tools, who: Who, held: Agent, uploads: tuple[Document, ...]
) -> Agent:
    config = msgspec.structs.replace(_config(held), uploads=uploads)
    stored = keeping.kind_of(held.draft.backend).stored(config)
    draft = msgspec.structs.replace(held.draft, config=stored)
    now = tools.clock.now()
    at = store.change(conn, held, now, draft=msgspec.to_builtins(draft), updated_by=who.name)
    return msgspec.structs.replace(held, draft=draft, updated_at=at, updated_by=who.name)


def _record(conn: sa.Connection, who: Who, kind: events.Kind, changed: Agent, name: str) -> None:
    events.record(conn, kind, who, changed.updated_at, agent_id=changed.id, data={"name": name})


def _swept() -> Conflict:
    return Conflict("this took too long to come; upload it again", code="too_slow")


def _told(size: int) -> str:
    if size >= 1_048_576:
        return f"{size / 1_048_576:.3g} MB"
    return f"{size / 1024:.3g} kB" if size >= 1024 else f"{size:,} bytes"
