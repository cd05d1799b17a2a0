"""Making, listing and revoking API keys at the command line."""

import click
import msgspec

from parlour import staff
from parlour.agents import store as agents
from parlour.cli.base import as_json, asynchronous, host, in_workspace, show, table, when
from parlour.kit.clock import DAY
from parlour.rights import Role
from parlour.web.api import shapes


@click.group(short_help="Make, list and revoke API keys.")
def key() -> None:
    """Make, list and revoke API keys, by which programs act in a workspace."""


@key.command("create")
@click.option("--name", required=True, help="What the key is for; it is shown in lists.")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=Role.BUILDER.value,
    show_default=True,
    help="What the key may do.",
)
@click.option("--agent", metavar="NAME", help="Limit the key to this one agent.")
@click.option("--view-personal", is_flag=True, help="It gets visitors' personal details.")
@click.option(
    "--days",
    type=click.IntRange(1, 3650),
    metavar="N",
    help="Days after which it is refused.  [default: never]",
)
@in_workspace
@as_json
@asynchronous
async def create(
    name: str,
    role: str,
    agent: str | None,
    days: int | None,
    workspace: str,
    *,
    view_personal: bool,
    as_json: bool,
) -> None:
    """Make an API key and print it, this once."""
    async with host(workspace) as here:
        only = await here.agent_id(agent)
        end = None if days is None else here.tools.clock.now() + days * DAY
        made = await staff.create_key(
            here.tools,
            here.who,
            name,
            Role(role),
            only,
            view_personal=view_personal,
            expires_at=end,
        )
    shown = shapes.key_made(made.key, agent, made.secret)
    lines = [made.secret, f"Keep this key ({made.key.id}) safe: it is not shown again."]
    show(msgspec.to_builtins(shown), lines, as_json=as_json)


@key.command("list")
@in_workspace
@as_json
@asynchronous
async def listed(workspace: str, *, as_json: bool) -> None:
    """List the keys that were not revoked, newest first."""
    async with host(workspace) as here:
        found = await here.tools.db.read(staff.every_key, here.who.workspace_id)
        scoped = [each.agent_id for each in found if each.agent_id is not None]
        names = await here.tools.db.read(agents.names, scoped)
    shown = [shapes.key(each, names.get(each.agent_id or "")) for each in found]
    rows = [
        (each.id, each.name, each.role.value, names.get(each.agent_id or "", "all"),
         when(each.last_used_at), when(each.expires_at))
        for each in found
    ]  # fmt: skip
    lines = table(["ID", "NAME", "ROLE", "AGENT", "LAST USED", "ENDS"], rows, "There are no keys.")
    show(msgspec.to_builtins(shown), lines, as_json=as_json)


@key.command("revoke")
@click.argument("key_id", metavar="ID")
@in_workspace
@as_json
@asynchronous
async def revoke(key_id: str, workspace: str, *, as_json: bool) -> None:
    """End a key at once."""
    async with host(workspace) as here:
        await staff.revoke_key(here.tools, here.who, key_id)
    data = {"message": "the key has been revoked", "key_id": key_id}
    show(data, f"Revoked {key_id}.", as_json=as_json)
