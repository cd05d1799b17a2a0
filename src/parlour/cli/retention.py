"""Retention at the command line: for how long what is said is kept, what would go, changing it."""

import click
import msgspec

from parlour.cli.base import (
    as_json,
    asynchronous,
    confirmed,
    counted,
    host,
    in_workspace,
    show,
    table,
    when,
)
from parlour.forgetting import terms
from parlour.forgetting.terms import Terms
from parlour.privacy.days import MOST_DAYS
from parlour.web.api.retention import shown, would_go

of_agent = click.option("--agent", metavar="NAME", help="Only for this agent.")
many_days = click.IntRange(0, MOST_DAYS)


@click.group(short_help="Say for how long what is said is kept.")
def retention() -> None:
    """For how long what is said is kept; then it is deleted, a little every hour."""


@retention.command("show")
@in_workspace
@as_json
@asynchronous
async def shown_here(workspace: str, *, as_json: bool) -> None:
    """Show for how long what is said is kept, with each agent."""
    async with host(workspace) as here:
        found = await here.tools.db.read(terms.find, here.who.workspace_id)
    show(msgspec.to_builtins(shown(found)), _lines(found), as_json=as_json)


@retention.command("preview")
@click.argument("days", type=many_days)
@of_agent
@in_workspace
@as_json
@asynchronous
async def preview(days: int, agent: str | None, workspace: str, *, as_json: bool) -> None:
    """Say what would be deleted now if things were kept for DAYS days. Nothing is."""
    async with host(workspace) as here:
        only, now = await here.agent_id(agent), here.tools.clock.now()
        goes = await here.tools.db.browse(terms.preview, here.who.workspace_id, days, only, now)
    show(msgspec.to_builtins(would_go(goes)), f"Would go: {goes.told}.", as_json=as_json)


@retention.command("set")
@click.argument("days", type=many_days, required=False)
@of_agent
@click.option("--as-all", is_flag=True, help="Have the agent do as the workspace does.")
@click.option("--yes", is_flag=True, help="Do not ask, whatever goes.")
@in_workspace
@as_json
@asynchronous
async def changed(
    days: int | None, agent: str | None, workspace: str, *, as_all: bool, yes: bool, as_json: bool
) -> None:
    """Keep what is said for DAYS days after a conversation's last message; 0 keeps it for ever.

    What is older goes within the hour, once a server runs.
    """
    if (days is None) != as_all or (as_all and agent is None):
        raise click.UsageError("say DAYS, or --agent NAME --as-all")
    async with host(workspace) as here:
        only, now = await here.agent_id(agent), here.tools.clock.now()
        own = here.who.workspace_id
        goes = await here.tools.db.browse(terms.preview, own, days or 0, only, now)
        if not goes.is_nothing and not confirmed(f"Delete {goes.told}?", yes=yes):
            raise click.Abort
        found = await terms.change(here.tools, here.who, days, only, sure=True)
    show(msgspec.to_builtins(shown(found)), _lines(found), as_json=as_json)


def _lines(found: Terms) -> list[str]:
    rows = [["every agent", _days(found.kept.days), "without days of its own"]]
    rows += [
        [each.name, _days(each.days), "as every agent" if each.own is None else "its own"]
        for each in found.agents
    ]
    lines = table(["agent", "kept", ""], rows, "")
    if found.swept:
        parts = ", ".join(f"{count:,} {kind}" for kind, count in found.swept.data.items())
        lines.append(f"Last deleted, {when(found.swept.at)}: {parts}")
    return lines


def _days(days: int) -> str:
    return counted(days, "day") if days else "for ever"
