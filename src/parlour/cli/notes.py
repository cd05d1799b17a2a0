"""Reading notes at the command line, seeing to them and deleting them."""

import click
import msgspec

from parlour.cli.base import as_json, asynchronous, host, in_workspace, show, table, when
from parlour.notes import keeping, store
from parlour.web.api.notes import shown

_LINE = 60


@click.group(short_help="See to what visitors left at links that were shut.")
def note() -> None:
    """See to what visitors left at links that were shut: wishes for a new link, messages."""


@note.command("list")
@click.argument("agent", required=False)
@click.option("--all", "every", is_flag=True, help="Those that were seen to, too.")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="At most so many."
)
@in_workspace
@as_json
@asynchronous
async def listed(
    agent: str | None, limit: int, workspace: str, *, every: bool, as_json: bool
) -> None:
    """List notes for AGENT, or for all agents, the latest first."""
    async with host(workspace) as here:
        only = await here.agent_id(agent)
        done = None if every else False
        found = await here.tools.db.browse(
            store.shown_to, here.who, limit=limit, done=done, agent_id=only
        )
        told = await shown(here.tools, here.who, found)
    rows = [
        (each.id, each.agent_name or "", each.wish, each.contact, when(note.left_at),
         each.done_by or "open", " ".join(each.text.split())[:_LINE])
        for each, note in zip(told, found, strict=True)
    ]  # fmt: skip
    heads = ["ID", "AGENT", "WISH", "CONTACT", "LEFT", "SEEN TO BY", ""]
    lines = table(heads, rows, "There are no notes.")
    show(msgspec.to_builtins(told), lines, as_json=as_json)


@note.command("done")
@click.argument("note_id", metavar="ID")
@click.option("--reopen", is_flag=True, help="It was not, after all.")
@in_workspace
@as_json
@asynchronous
async def done(note_id: str, workspace: str, *, reopen: bool, as_json: bool) -> None:
    """Say that a note was seen to."""
    async with host(workspace) as here:
        seen = await keeping.see_to(here.tools, here.who, note_id, done=not reopen)
        told = (await shown(here.tools, here.who, [seen]))[0]
    said = f"{note_id} is open again." if reopen else f"{note_id} is done."
    show(msgspec.to_builtins(told), said, as_json=as_json)


@note.command("delete")
@click.argument("note_id", metavar="ID")
@in_workspace
@as_json
@asynchronous
async def delete(note_id: str, workspace: str, *, as_json: bool) -> None:
    """Delete a note for good."""
    async with host(workspace) as here:
        await keeping.delete(here.tools, here.who, note_id)
    show({"note_id": note_id}, f"Deleted {note_id}.", as_json=as_json)
