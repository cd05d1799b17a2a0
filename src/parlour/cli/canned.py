"""Canned replies at the command line: listing, making, changing and deleting them."""

import click
import msgspec

from parlour.canned import keeping, store
from parlour.cli.base import as_json, asynchronous, host, in_workspace, show, table
from parlour.web.api.canned import shown

_LINE = 70


@click.group(short_help="Keep answers that the team has ready.")
def canned() -> None:
    """Keep answers that the team has ready, each under a short word."""


@canned.command("list")
@in_workspace
@as_json
@asynchronous
async def listed(workspace: str, *, as_json: bool) -> None:
    """List canned replies by their shortcuts."""
    async with host(workspace) as here:
        found = await here.tools.db.read(store.every, here.who.workspace_id)
    rows = [(each.shortcut, " ".join(each.text.split())[:_LINE]) for each in found]
    lines = table(["SHORTCUT", "TEXT"], rows, "There are no canned replies.")
    show(msgspec.to_builtins([shown(each) for each in found]), lines, as_json=as_json)


@canned.command("add")
@click.argument("shortcut")
@click.argument("text")
@in_workspace
@as_json
@asynchronous
async def add(shortcut: str, text: str, workspace: str, *, as_json: bool) -> None:
    """Make a canned reply."""
    async with host(workspace) as here:
        made = await keeping.create(here.tools, here.who, shortcut, text)
    show(msgspec.to_builtins(shown(made)), f";{made.shortcut} is there.", as_json=as_json)


@canned.command("change")
@click.argument("shortcut")
@click.option("--shortcut", "new", metavar="WORD", help="Another shortcut.")
@click.option("--text", help="Another text.")
@in_workspace
@as_json
@asynchronous
async def change(
    shortcut: str, new: str | None, text: str | None, workspace: str, *, as_json: bool
) -> None:
    """Change a canned reply."""
    async with host(workspace) as here:
        found = await here.tools.db.read(store.find, here.who.workspace_id, shortcut)
        made = await keeping.change(
            here.tools, here.who, found.id, new or found.shortcut, text or found.text
        )
    show(msgspec.to_builtins(shown(made)), f";{made.shortcut} has been changed.", as_json=as_json)


@canned.command("delete")
@click.argument("shortcut")
@in_workspace
@as_json
@asynchronous
async def delete(shortcut: str, workspace: str, *, as_json: bool) -> None:
    """Delete a canned reply."""
    async with host(workspace) as here:
        found = await here.tools.db.read(store.find, here.who.workspace_id, shortcut)
        await keeping.delete(here.tools, here.who, found.id)
    show({"canned_reply_id": found.id}, f"Deleted ;{found.shortcut}.", as_json=as_json)
