"""Documents, drafts and versions of agents at the command line, and asking a backend."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import click
import msgspec

from parlour.agents import keeping, picturing, store, trial, uploading, versions
from parlour.agents.changes import changes
from parlour.agents.model import Agent
from parlour.cli.agents import agent, name_of
from parlour.cli.base import (
    as_json,
    asynchronous,
    host,
    in_workspace,
    picture_file,
    picture_of,
    show,
    table,
)
from parlour.cli.collecting import accent_option, chat_options
from parlour.cli.preparing import backend_options, config_of
from parlour.kit.clock import rfc3339
from parlour.web.api import shapes
from parlour.web.api.draft_shapes import document_shown, trial_shown

_PIECE = 262_144


@agent.command("edit")
@name_of
@backend_options
@click.option("--display-name", metavar="TEXT", help="The name visitors see.")
@click.option("--description", metavar="TEXT", help="One line under the name.")
@click.option("--welcome", "welcome_message", metavar="TEXT", help="The first words.")
@click.option("--starter", "starters", multiple=True, metavar="TEXT", help="A question to offer.")
@click.option("--placeholder", metavar="TEXT", help="What stands in the empty message box.")
@accent_option
@chat_options
@click.option("--rotate-secret", is_flag=True, help="webhook: make a new signing secret.")
@in_workspace
@as_json
@asynchronous
async def edit(name: str, workspace: str, **options: Any) -> None:
    """Change an agent's draft; what is not named stays. Visitors get it after `agent publish`."""
    texts = {key: options[key] for key in keeping.TEXTS if options[key] not in (None, ())}
    async with host(workspace) as here:
        found = await here.agent(name)
        given = config_of(found.draft.backend, options, whole=False)
        if options["rotate_secret"]:
            given["rotate_secret"] = True
        config = {**keeping.shown_config(found.draft), **given} if given else None
        made = await keeping.edit(here.tools, here.who, found, config, texts, trusted=True)
        left = await here.tools.db.read(versions.unpublished, made.agent)
    lines = [f"{name}: not published yet: {'; '.join(left)}" if left else f"{name}: as published."]
    for secret, value in made.secrets.items():
        lines += [f"{secret}: {value}", "Keep it safe: it is not shown again."]
    show(msgspec.to_builtins(shapes.agent_made(made)), lines, as_json=options["as_json"])


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
        found = await here.agent(name)
        for path in files:
            added = await uploading.add(here.tools, here.who, found, path.name, _read(path))
            names.add(added.document.name)
            lines.append(f"{added.document.name} {'replaced' if added.replaced else 'uploaded'}.")
        listed = await here.tools.db.browse(uploading.listed, await here.agent(name))
    shown = [document_shown(each) for each in listed if each.document.name in names]
    lines.append(f"Visitors get answers from it after: parlour agent publish {name}")
    show(msgspec.to_builtins(shown), lines, as_json=as_json)


@agent.command("avatar")
@name_of
@picture_file
@in_workspace
@as_json
@asynchronous
async def avatar(
    name: str, file: Path | None, workspace: str, *, remove: bool, as_json: bool
) -> None:
    """Have a picture stand for an agent: PNG, JPEG or WebP. Visitors see it after `agent publish`.

    It is cut to a square and made anew, so that nothing else in the file is kept.
    """
    content = picture_of(file, remove=remove)
    async with host(workspace) as here:
        found = await picturing.put(here.tools, here.who, await here.agent(name), content)
        left = await here.tools.db.read(versions.unpublished, found)
    line = f"{name}: not published yet: {'; '.join(left)}" if left else f"{name}: as published."
    _print(found, line, as_json=as_json)


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
        listed = await here.tools.db.browse(uploading.listed, await here.agent(name))
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
    show(msgspec.to_builtins([document_shown(each) for each in listed]), lines, as_json=as_json)


@agent.command("remove")
@name_of
@click.argument("document")
@in_workspace
@as_json
@asynchronous
async def remove(name: str, document: str, workspace: str, *, as_json: bool) -> None:
    """Remove a document from an agent's draft."""
    async with host(workspace) as here:
        await uploading.remove(here.tools, here.who, await here.agent(name), document)
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
        found = await here.agent(name)
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
        found = await here.agent(name)
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
        found = await versions.discard(here.tools, here.who, await here.agent(name))
    _print(found, f"{name}: the draft is as version {found.published}.", as_json=as_json)


@agent.command("test")
@name_of
@in_workspace
@as_json
@asynchronous
async def test(name: str, workspace: str, *, as_json: bool) -> None:
    """Ask an agent's backend one question, as its draft sets it up."""
    async with host(workspace) as here:
        told = await trial.ask_draft(here.tools, await here.agent(name), trusted=True)
    line = f"It answers: {told.text}" if told.answered else f"It does not answer: {told.problem}"
    show(msgspec.to_builtins(trial_shown(told)), line, as_json=as_json)
    if not told.answered:
        raise click.exceptions.Exit(1)


def _print(found: Agent, line: str, *, as_json: bool) -> None:
    show(msgspec.to_builtins(shapes.agent(found, manages=True)), line, as_json=as_json)
