"""Making and listing workspaces at the command line."""

import click

from parlour import workspaces
from parlour.cli.base import as_json, asynchronous, host, show, table, when
from parlour.kit.clock import rfc3339
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
    show(_shown(made), f"Made the workspace {made.slug}.", as_json=as_json)


@workspace.command("list")
@as_json
@asynchronous
async def listed(*, as_json: bool) -> None:
    """List the workspaces."""
    async with host() as here:
        found = await here.tools.db.read(workspaces.every)
    rows = [(each.slug, when(each.created_at)) for each in found]
    lines = table(["NAME", "MADE"], rows, "There are no workspaces.")
    show([_shown(each) for each in found], lines, as_json=as_json)


def _shown(found: Workspace) -> dict[str, str]:
    return {"id": found.id, "name": found.slug, "created_at": rfc3339(found.created_at)}
