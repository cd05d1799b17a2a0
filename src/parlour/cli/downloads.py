"""Downloading conversations at the command line: as CSV for spreadsheets, or whole as JSON."""

import asyncio
from pathlib import Path
from typing import Final

import click

from parlour.attachments import store as attachments
from parlour.cli.base import as_json, asynchronous, host, in_workspace, show
from parlour.cli.conversations import conversation
from parlour.kit.errors import NotFound
from parlour.transcripts import finding
from parlour.web import copies

_FORMS: Final[dict[str, copies.Form]] = {
    "messages": "messages.csv",
    "variables": "variables.csv",
    "json": "json",
}

to_file = click.option(
    "--to",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    metavar="FILE",
    help="Where to write it; - is the terminal.",
)


@conversation.command("download")
@click.argument("conversation_id", metavar="ID")
@click.option(
    "--form",
    type=click.Choice(list(_FORMS)),
    default="messages",
    show_default=True,
    help="What was said as CSV, what was collected as CSV, or everything as JSON.",
)
@to_file
@in_workspace
@as_json
@asynchronous
async def download(
    conversation_id: str, form: str, to: Path, workspace: str, *, as_json: bool
) -> None:
    """Write a conversation to a file. That it was downloaded is written down."""
    async with host(workspace) as here:
        copy = await copies.take(here.tools, here.who, conversation_id, _FORMS[form])
    await written(copies.made(copy, _FORMS[form]), to, as_json=as_json)


@conversation.command("file")
@click.argument("conversation_id", metavar="ID")
@click.argument("file_id", metavar="FILE_ID")
@to_file
@in_workspace
@as_json
@asynchronous
async def sent_along(
    conversation_id: str, file_id: str, to: Path, workspace: str, *, as_json: bool
) -> None:
    """Write what a visitor sent along with a message to a file."""
    async with host(workspace) as here:
        talk = await here.tools.db.read(finding.find, here.who, conversation_id)
        found = await here.tools.db.browse(attachments.find, talk.id, file_id)
    if found is None:
        raise NotFound("there is no such file")
    await written(found.content, to, as_json=as_json)


async def written(content: bytes, to: Path, *, as_json: bool) -> None:
    """Write what was downloaded to a file, or, for `-`, to the terminal."""
    if str(to) == "-":
        click.echo(content, nl=False)
        return
    await asyncio.to_thread(to.write_bytes, content)
    told = {"file": str(to), "bytes": len(content)}
    show(told, f"Written to {to}.", as_json=as_json)
