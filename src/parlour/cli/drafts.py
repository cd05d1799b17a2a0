"""Documents, drafts and versions of agents at the command line, and asking a backend."""

from collections.abc import AsyncIterator
from pathlib import Path

import click
import msgspec

from parlour.agents import store, trial, uploading, versions
from parlour.agents.changes import changes
from parlour.agents.model import Agent
from parlour.cli.agents import agent, find, name_of
from parlour.cli.base import as_json, asynchronous, host, in_workspace, show, table
from parlour.kit.clock import rfc3339
from parlour.web.api import documents as documents_api
from parlour.web.api import drafts as drafts_api
from parlour.web.api import shapes

_PIECE = 262_144


@agent.command("upload")
@name_of
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@in_workspace
@as_json
@asynchronous
async def upload(name: str, files: tuple[Path, ...], workspace: str, *, as_json: bool) -> None:
    """Upload documents to an agent's draft: Markdown, text, HTML or PDF.

    One of the same name is replaced. Visitors get answers from them after `agent publish`.
    """
    lines: list[str] = []
    names: set[str] = set()
    async with host(workspace) as here:
        found = await find(here, name)
        for path in files:
            added = await uploading.add(here.tools, here.who, found, path.name, _read(path))
            names.add(added.document.name)
            lines.append(f"{added.document.name} {'replaced' if added.replaced else 'uploaded'}.")
        listed = await here.tools.db.browse(uploading.listed, await find(here, name))
    shown = [documents_api.shown(each) for each in listed if each.document.name in names]
    lines.append(f"Visitors get answers from it after: parlour agent publish {name}")
    show(msgspec.to_builtins(shown), lines, as_json=as_json)


async def _read(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


@agent.command("documents")
@name_of
@in_workspace
@as_json
@asynchronous
async def documents(name: str, workspace: str, *, as_json: bool) -> None:
    """List the documents uploaded to an agent's draft."""
    async with host(workspace) as here:
        listed = await here.tools.db.browse(uploading.listed, await find(here, name))
    rows = [
        (
            each.document.name,
            f"{each.document.size:,}",
            each.document.by,
            each.problem or ("published" if each.published else "not published yet"),
        )
        for each in listed
    ]
    lines = table(["NAME", "BYTES", "BY", "STATE"], rows, "There are no documents.")
    show(
        msgspec.to_builtins([documents_api.shown(each) for each in listed]), lines, as_json=as_json
    )


@agent.command("remove")
@name_of
@click.argument("document")
@in_workspace
@as_json
@asynchronous
async def remove(name: str, document: str, workspace: str, *, as_json: bool) -> None:
    """Remove a document from an agent's draft."""
    async with host(workspace) as here:
        await uploading.remove(here.tools, here.who, await find(here, name), document)
    data = {"message": "the document has been removed from the draft", "name": document}
    show(data, f"Removed {document} from the draft of {name}.", as_json=as_json)


@agent.command("versions")
@name_of
@in_workspace
@as_json
@asynchronous
async def history(name: str, workspace: str, *, as_json: bool) -> None:
    """List an agent's versions, newest first: who published them, and what changed."""
    async with host(workspace) as here:
        found = await find(here, name)
        kept = await here.tools.db.browse(store.every_version, found.id)
        draft = await here.tools.db.read(versions.unpublished, found)
    before = [*kept[1:], None]
    rows = [
        (
            f"{each.number}{' *' if each.number == found.published else ''}",
            rfc3339(each.published_at),
            each.published_by,
            f"as version {each.restored_from}"
            if each.restored_from
            else "; ".join(changes(old.content if old else None, each.content)),
        )
        for each, old in zip(kept, before, strict=True)
    ]
    lines = table(["VERSION", "PUBLISHED", "BY", "CHANGED"], rows, "Nothing is published yet.")
    if draft and found.published is not None:
        lines = [*lines, f"Not published yet: {'; '.join(draft)}"]
    shown = [shapes.version(each, manages=True) for each in kept]
    show(msgspec.to_builtins(shown), lines, as_json=as_json)


@agent.command("rollback")
@name_of
@click.argument("version", type=int)
@in_workspace
@as_json
@asynchronous
async def rollback(name: str, version: int, workspace: str, *, as_json: bool) -> None:
    """Make an earlier version what visitors get, as the next version."""
    async with host(workspace) as here:
        found = await find(here, name)
        found = await versions.roll_back(here.tools, here.who, found, version)
    line = f"{name}: version {version} is back, as version {found.published}."
    _print(found, line, as_json=as_json)


@agent.command("discard")
@name_of
@in_workspace
@as_json
@asynchronous
async def discard(name: str, workspace: str, *, as_json: bool) -> None:
    """Give up a draft's changes: it is again as what visitors get."""
    async with host(workspace) as here:
        found = await versions.discard(here.tools, here.who, await find(here, name))
    _print(found, f"{name}: the draft is as version {found.published}.", as_json=as_json)


@agent.command("test")
@name_of
@in_workspace
@as_json
@asynchronous
async def test(name: str, workspace: str, *, as_json: bool) -> None:
    """Ask an agent's backend one question, as its draft sets it up."""
    async with host(workspace) as here:
        told = await trial.ask_draft(here.tools, await find(here, name), trusted=True)
    line = f"It answers: {told.text}" if told.answered else f"It does not answer: {told.problem}"
    show(msgspec.to_builtins(drafts_api.shown(told)), line, as_json=as_json)
    if not told.answered:
        raise click.exceptions.Exit(1)


def _print(found: Agent, line: str, *, as_json: bool) -> None:
    show(msgspec.to_builtins(shapes.agent(found, manages=True)), line, as_json=as_json)
