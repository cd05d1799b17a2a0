"""Where a confirmed visitor is known, at the command line, and ending one of these devices."""

import click
import msgspec

from parlour.cli.base import as_json, asynchronous, host, in_workspace, show, table, when
from parlour.cli.conversations import conversation
from parlour.entrance import devices
from parlour.transcripts import finding
from parlour.web.api.devices import shown


@conversation.command("devices")
@click.argument("conversation_id", metavar="ID")
@click.option("--end", metavar="DEVICE", help="End this one: it takes another code to come in.")
@in_workspace
@as_json
@asynchronous
async def listed(conversation_id: str, end: str | None, workspace: str, *, as_json: bool) -> None:
    """Show in which browsers the visitor of a conversation is known by a confirmed address."""
    async with host(workspace) as here:
        talk = await here.tools.db.read(finding.find, here.who, conversation_id)
        visitor, agent, link = talk.visitor_id, talk.agent_id, talk.link_id
        if end is not None:
            await devices.end(here.tools, here.who, visitor, end, agent_id=agent, link_id=link)
        now = here.tools.clock.now()
        found = await here.tools.db.read(devices.of_visitor, here.who, visitor, now)
    rows = [
        (each.id, each.client, when(each.created_at) or "", when(each.seen_at) or "",
         when(each.expires_at) or "")
        for each in found
    ]  # fmt: skip
    heads = ["ID", "BROWSER", "CONFIRMED", "LAST SEEN", "ENDS"]
    lines = table(heads, rows, "The visitor has confirmed no address, or all of it has ended.")
    show(msgspec.to_builtins([shown(each) for each in found]), lines, as_json=as_json)
