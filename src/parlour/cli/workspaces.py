"""Making and listing workspaces at the command line."""

import click

from parlour import workspaces
from parlour.cli.base import as_json, asynchronous, host, show, table, when
from parlour.kit import instance
from parlour.kit.clock import rfc3339
from parlour.links import address
from parlour.tools import Tools
from parlour.workspaces import Workspace


@click.group(short_help="Make and list workspaces.")
def workspace() -> None:
    """Make and list workspaces: one team's world each."""


@workspace.command("create")
@click.argument("name")
@as_json
@asynchronous
async def create(name: str, *, as_json: bool) -> None:
    """Make a workspace."""
    async with host() as here:
        made = await workspaces.create(here.tools, name)
        await workspaces.meet(here.tools, made.id)
        told = _shown(here.tools, made)
    show(told, f"Made the workspace {made.slug}, at {told['url']}.", as_json=as_json)


@workspace.command("list")
@as_json
@asynchronous
async def listed(*, as_json: bool) -> None:
    """List the workspaces."""
    async with host() as here:
        await workspaces.meet_all(here.tools)
        found = await here.tools.db.read(workspaces.every)
        told = [_shown(here.tools, each) for each in found]
    rows = [
        (each.slug, when(each.created_at), shown["url"])
        for each, shown in zip(found, told, strict=True)
    ]
    lines = table(["NAME", "MADE", "ADDRESS"], rows, "There are no workspaces.")
    show(told, lines, as_json=as_json)


def _shown(tools: Tools, found: Workspace) -> dict[str, str]:
    running = instance.told_address(tools.settings.data_dir)
    return {
        "id": found.id,
        "name": found.slug,
        "url": address.home(tools, found.id, running),
        "created_at": rfc3339(found.created_at),
    }
