"""Who waits for a person, at the command line: listing, seeing to one, and how a team is told."""

import click
import msgspec

from parlour import calling
from parlour.calling import looking
from parlour.cli.base import as_json, asynchronous, facts, host, in_workspace, show, table, when
from parlour.cli.teams import team
from parlour.staff.teams import hooks
from parlour.staff.teams.hooks import Told, Ways
from parlour.web.api.handoff_shapes import HandoffShown, shown, ways_shown


@click.group(short_help="See who waits for a person of the team.")
def handoff() -> None:
    """See who waits for a person of the team, who was told, and what came of it."""


@handoff.command("list")
@click.option("--all", "every", is_flag=True, help="Those that are over, too.")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="At most so many."
)
@in_workspace
@as_json
@asynchronous
async def listed(limit: int, workspace: str, *, every: bool, as_json: bool) -> None:
    """List the requests for a person, the latest first."""
    async with host(workspace) as here:
        is_open = None if every else True
        found = await here.tools.db.browse(looking.page, here.who, limit=limit, is_open=is_open)
        told = await shown(here.tools, found)
    rows = [
        (each.conversation_id, each.agent_name or "", each.asked_by, when(one.handoff.asked_at),
         _state(each), str(sum(1 for say in each.told if say.done_at)))
        for each, one in zip(told, found, strict=True)
    ]  # fmt: skip
    heads = ["CONVERSATION", "AGENT", "ASKED BY", "ASKED", "STATE", "TOLD"]
    show(msgspec.to_builtins(told), table(heads, rows, "Nobody waits."), as_json=as_json)


@handoff.command("acknowledge")
@click.argument("conversation_id", metavar="ID")
@in_workspace
@as_json
@asynchronous
async def acknowledge(conversation_id: str, workspace: str, *, as_json: bool) -> None:
    """Say that you see to a visitor who waits: they read so, and nobody else is called."""
    async with host(workspace) as here:
        await calling.acknowledge(here.tools, here.who, conversation_id)
        found = await here.tools.db.read(looking.latest, here.who, conversation_id)
        told = (await shown(here.tools, [] if found is None else [found]))[0]
    show(msgspec.to_builtins(told), f"Seen to by {told.seen_by}.", as_json=as_json)


@team.command("ways")
@click.argument("name")
@click.option("--mails/--no-mails", default=None, help="Its people are told by mail.")
@click.option("--hook", metavar="URL", help='A program that is told, too; "" for none.')
@click.option("--new-secret", is_flag=True, help="Have it signed with a new secret from now on.")
@in_workspace
@as_json
@asynchronous
async def ways(
    name: str,
    *,
    mails: bool | None,
    hook: str | None,
    new_secret: bool,
    workspace: str,
    as_json: bool,
) -> None:
    """Show how a team is told that a visitor waits, or change it."""
    async with host(workspace) as here:
        found = await here.team(name)
        told = Told(found, None)
        if mails is not None or hook is not None or new_secret:
            wanted = Ways(
                found.mails if mails is None else mails,
                (found.hook_url or "") if hook is None else hook,
                new_secret,
            )
            told = await hooks.change(here.tools, here.who, found.id, wanted)
    data = msgspec.to_builtins(ways_shown(told))
    show(
        data,
        facts([(key.replace("_", " "), value) for key, value in data.items()]),
        as_json=as_json,
    )


def _state(found: HandoffShown) -> str:
    if found.outcome is not None:
        return found.outcome
    return f"seen by {found.seen_by}" if found.seen_by else "waits"
