"""Making, listing and revoking identity keys of agents at the command line."""

from typing import TextIO

import click
import msgspec

from parlour.cli.base import as_json, asynchronous, host, in_workspace, show, table
from parlour.entrance import revoke_identity_key
from parlour.verification import keys
from parlour.web.api.identity import shown


@click.group(short_help="Make, list and revoke keys by which your programs say who visitors are.")
def identity() -> None:
    """Make, list and revoke keys by which your programs say who visitors are."""


@identity.command("create")
@click.argument("agent")
@click.option("--name", required=True, help="What it is for.")
@click.option(
    "--public-key",
    type=click.File(),
    help="An Ed25519 public key in PEM; without one a secret is made for HS256.",
)
@in_workspace
@as_json
@asynchronous
async def create(
    agent: str, name: str, public_key: TextIO | None, workspace: str, *, as_json: bool
) -> None:
    """Make an identity key of AGENT, and print its secret once."""
    given = None if public_key is None else public_key.read()
    async with host(workspace) as here:
        found = await here.agent(agent)
        made = await keys.create(here.tools, here.who, found.id, name, given)
    told = shown(made.key, made.secret)
    lines = [f"{told.id} ({told.algorithm})"] + ([told.secret] if told.secret else [])
    show(msgspec.to_builtins(told), lines, as_json=as_json)


@identity.command("list")
@click.argument("agent")
@in_workspace
@as_json
@asynchronous
async def listed(agent: str, workspace: str, *, as_json: bool) -> None:
    """List the identity keys of AGENT, the latest first."""
    async with host(workspace) as here:
        found = await here.agent(agent)
        told = [shown(each) for each in await here.tools.db.read(keys.of_agent, found.id)]
    rows = [(each.id, each.name, each.algorithm, each.created_by) for each in told]
    lines = table(["ID", "NAME", "ALGORITHM", "BY"], rows, "There are no identity keys.")
    show(msgspec.to_builtins(told), lines, as_json=as_json)


@identity.command("revoke")
@click.argument("agent")
@click.argument("key_id", metavar="ID")
@in_workspace
@as_json
@asynchronous
async def revoke(agent: str, key_id: str, workspace: str, *, as_json: bool) -> None:
    """Revoke an identity key of AGENT: what it signed identifies nobody, whom it let in is out."""
    async with host(workspace) as here:
        found = await here.agent(agent)
        ended = await revoke_identity_key(here.tools, here.who, found.id, key_id)
    lines = [f"Revoked {key_id}; visits that ended with it: {ended}."]
    show({"key_id": key_id, "ended": ended}, lines, as_json=as_json)
