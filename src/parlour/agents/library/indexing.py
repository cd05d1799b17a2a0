"""Keeping a library up to date with its folder: only what changed is read again."""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from parlour.agents.library import indexes, store, vectors
from parlour.agents.library.apart import Helper
from parlour.agents.library.embedding import embed
from parlour.agents.library.folder import File
from parlour.agents.library.helper import Answer, Built, Done, Not, Rows, Same, Take
from parlour.agents.library.running import Progress, Run
from parlour.agents.library.sources import Folder, Source
from parlour.kit.clock import SECOND
from parlour.kit.errors import Conflict, Invalid, Problem
from parlour.kit.tokens import new_id
from parlour.tools import Tools

FORMAT: Final = 3
"""How extracts are made; another number has every file read again."""

_GROUP_BYTES: Final = 400_000
"""Text written in one transaction at most, so that others get their turn."""
_TAKEN: Final = 200
_MOST_SKIPPED: Final = 200


@dataclass(frozen=True, slots=True)
class Report:
    """What an indexing run did."""

    documents: int
    passages: int
    read: int
    """Files that were new or had changed."""
    removed: int
    skipped: tuple[tuple[str, str], ...]
    """Path and reason, for files that cannot be read."""
    warning: str = ""
    """Why searching does without an embeddings server, when it should have one."""


async def index(
    tools: Tools,
    agent_id: str,
    source: Source | Path,
    progress: Progress = lambda *_: None,
    *,
    server: vectors.Server | None = None,
    sibling: str = "",
) -> Report:
    """Bring an agent's library up to date with its documents; a path means a folder.

    Searches go on with what was there before until everything is ready. With an embeddings
    `server`, what is new is sent to it afterwards. What the library of `sibling`, another agent's
    id, has read already of the same name and content is taken from there.

    Invalid: there is nothing to read. Conflict: another run for the same agent has
    begun meanwhile.
    """
    source = Folder(source) if isinstance(source, Path) else source
    run_id = new_id("run")
    now = tools.clock.now()
    first = {"folder": source.name, "total": 0, "started_at": now, "at": now}
    state = await tools.db.write(store.claim, agent_id, run_id, first)
    try:
        run = Run(tools, agent_id, source, progress, run_id, state.generation + 1, sibling)
        report = await _index(run, reread=state.format != FORMAT)
        if server is None:
            return report
        return replace(report, warning=await embed(run, server))
    except BaseException as error:
        told = str(error) if isinstance(error, Problem) else "reading the documents broke off"
        await _failed(tools, agent_id, run_id, told)
        raise


async def _failed(tools: Tools, agent_id: str, run_id: str, told: str) -> None:
    values = {"state": "failed", "error": told, "current": "", "at": tools.clock.now()}
    try:
        await asyncio.shield(tools.db.write(store.advance, agent_id, run_id, values))
    except Problem:
        return  # another run has taken over, or the database is away: the first error says more


async def _index(run: Run, *, reread: bool) -> Report:
    db = run.tools.db
    listing = await run.source.listing()
    run.skipped = list(listing.skipped)
    known = {row.path: row for row in await db.browse(store.living, run.agent_id)}
    gone = sorted(set(known) - {file.path for file in listing.files})
    async with Helper() as helper:
        for done, file in enumerate(listing.files):
            await _tell(run, done, len(listing.files), file.path)
            old = known.get(file.path)
            if old is None or reread or not file.is_as(old.size, old.mtime_ns, old.digest):
                gone += await _renew(run, helper, file, old, reread=reread)
        await _write_waiting(run)
        if gone:
            await db.write(store.end, run.agent_id, gone, run.generation)
        living = await db.browse(store.living, run.agent_id)
        if not living:
            raise await _nothing(run)
        built = await db.browse(indexes.pending, run.agent_id, run.generation - 1)
        if built:
            run.progress(len(listing.files), len(listing.files), "")
            await _build(run, helper, living)
    await _finish(run, living, built=built)
    passages = sum(row.passages for row in living)
    return Report(len(living), passages, run.changed, len(gone), tuple(run.skipped))


def _reasons(run: Run) -> str:
    return "; ".join(f"{path}: {reason}" for path, reason in run.skipped[:3])


async def _nothing(run: Run) -> Invalid:
    """Make the failure of a run that could read nothing; what is gone for good is not found."""
    told: dict[str, Any] = {"skipped": run.skipped[:_MOST_SKIPPED]}
    if run.source.certain:
        told |= {"generation": 0, "documents": 0, "passages": 0}
    await run.tools.db.write(store.advance, run.agent_id, run.id, told)
    if run.source.certain:
        await _clear(run, None)
    return Invalid(f"nothing in {run.source.name} can be read: {_reasons(run)}")


async def _renew(
    run: Run, helper: Helper, file: File, old: sa.Row[Any] | None, *, reread: bool
) -> list[str]:
    """Read a file that is new or changed; returns its path when what stood there has to go."""
    db = run.tools.db
    if file.digest and run.sibling and not reread:
        await _write_waiting(run)
        if await db.write(_copy, run, file):
            run.changed += 1
            return []
    request = await run.source.request(db, file, "" if old is None or reread else old.digest)
    if request is None:
        return await _keep(run, file, old, Not("it has been removed"))
    return await _keep(run, file, old, await helper.read(request))


def _copy(conn: sa.Connection, run: Run, file: File) -> bool:
    store.still(conn, run.agent_id, run.id)
    place = (run.agent_id, file.path, file.digest)
    return store.copy(conn, run.sibling, place, new_id("doc"), run.generation)


async def _tell(run: Run, done: int, total: int, current: str) -> None:
    run.progress(done, total, current)
    now = run.tools.clock.now()
    if done == 0 or now - run.told >= SECOND // 2:
        run.told = now
        values = {"done": done, "total": total, "current": current, "at": now}
        await run.tools.db.write(store.advance, run.agent_id, run.id, values)


async def _keep(run: Run, file: File, old: sa.Row[Any] | None, answer: Answer) -> list[str]:
    """Keep what was read; returns the path when what stood there before has to go."""
    match answer:
        case Same() if old is not None:
            await run.tools.db.write(store.touch, old.id, file.size, file.mtime_ns)
        case Not(reason):
            run.skipped.append((file.path, reason))
            return [] if old is None else [file.path]
        case Done():
            document = new_id("doc")
            run.waiting.append(_rows(run, file, document, answer))
            run.changed += 1
            run.weight += sum(len(passage.text) for passage in answer.passages)
            if run.weight > _GROUP_BYTES:
                await _write_waiting(run)
        case _:
            raise AssertionError("the helper answered something else")
    return []


def _rows(
    run: Run, file: File, document: str, answer: Done
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    row = {
        "id": document,
        "agent_id": run.agent_id,
        "path": file.path,
        "title": answer.title,
        "size": file.size,
        "mtime_ns": file.mtime_ns,
        "digest": answer.digest,
        "born": run.generation,
        "passages": len(answer.passages),
        "extract": answer.extract,
    }
    passages = [
        {
            "document_id": document,
            "number": number,
            "section": passage.section,
            "headings": passage.headings,
            "text": passage.text,
        }
        for number, passage in enumerate(answer.passages)
    ]
    return row, passages


async def _write_waiting(run: Run) -> None:
    waiting, run.waiting, run.weight = run.waiting, [], 0
    if waiting:
        await run.tools.db.write(_add_all, run.agent_id, run.id, waiting)


def _add_all(
    conn: sa.Connection,
    agent_id: str,
    run_id: str,
    waiting: list[tuple[dict[str, Any], list[dict[str, Any]]]],
) -> None:
    store.still(conn, agent_id, run_id)
    for document, passages in waiting:
        store.add(conn, document, passages)


async def _build(run: Run, helper: Helper, living: Any) -> None:
    db = run.tools.db
    await _clear(run, run.generation - 1)  # of a run that broke off
    for start in range(0, len(living), _TAKEN):
        some = living[start : start + _TAKEN]
        blobs = await db.browse(store.extracts, [row.id for row in some])
        if len(blobs) < len(some):
            raise Conflict("these documents were forgotten meanwhile", code="library_busy")
        for row in some:
            await helper.take(Take(row.id, row.path, blobs[row.id]))
    async with aclosing(helper.build()) as answers:
        async for answer in answers:
            if isinstance(answer, Rows) and answer.rows:
                await db.write(indexes.add_terms, run.agent_id, run.id, run.generation, answer.rows)
            elif isinstance(answer, Built):
                values = {"generation": run.generation, "format": FORMAT}
                parts = (answer.map, answer.vocabulary)
                await db.write(indexes.switch, run.agent_id, run.id, parts, values)
                break
    await _clear(run, run.generation)


async def _clear(run: Run, keep: int | None) -> None:
    while await run.tools.db.write(_clear_some, run.agent_id, run.id, keep):
        pass


def _clear_some(conn: sa.Connection, agent_id: str, run_id: str, keep: int | None) -> bool:
    # Another run counts its generation from the same one: what it wrote must not be cleared.
    store.still(conn, agent_id, run_id)
    return indexes.clear(conn, agent_id, keep)


async def _finish(run: Run, living: Any, *, built: bool) -> None:
    total = len(living) + len(run.skipped)
    values: dict[str, Any] = {
        "state": "ready",
        "done": total,
        "total": total,
        "current": "",
        "documents": len(living),
        "passages": sum(row.passages for row in living),
        "skipped": run.skipped[:_MOST_SKIPPED],
        "at": run.tools.clock.now(),
    }
    if built:
        values["format"] = FORMAT
    await run.tools.db.write(store.advance, run.agent_id, run.id, values)


async def forget(tools: Tools, agent_id: str) -> None:
    """Delete everything that was read for an agent."""
    await tools.db.write(store.forget_state, agent_id)
    while await tools.db.write(_forget_some, agent_id):
        pass


def _forget_some(conn: sa.Connection, agent_id: str) -> bool:
    # Whoever reads the documents anew meanwhile keeps what it has read.
    return store.state_of(conn, agent_id) is None and indexes.clear(conn, agent_id, None)
