"""Giving links new addresses at the command line, and seeing who still comes by an old one."""

from typing import Any

import click
import msgspec

from parlour.cli import drawing
from parlour.cli.base import as_json, asynchronous, host, in_workspace, show, table, when
from parlour.cli.links import SUCH_AS, find, link, link_id, shown, until
from parlour.links import rotating
from parlour.transcripts.lingering import earlier
from parlour.web.api.address_shapes import told


@link.command("rotate")
@link_id
@click.option(
    "--overlap",
    type=float,
    default=rotating.OVERLAP,
    show_default=True,
    help="For how many hours the old address still works; 0 ends it at once.",
)
@click.option("--hours", type=float, help="Let a link with an end last so long from now on.")
@click.option("--until", "ends", metavar="TIME", help=f"Or to a time, such as {SUCH_AS}.")
@click.option("--qr", is_flag=True, help="Print a QR code, too.")
@in_workspace
@as_json
@asynchronous
async def rotate(link_id: str, workspace: str, **options: Any) -> None:
    """Give a link a new address; its policy, uses, visitors and conversations stay."""
    turn = rotating.Turn(
        overlap_hours=options["overlap"],
        hours=options["hours"],
        expires_at=None if options["ends"] is None else until(options["ends"]),
    )
    async with host(workspace) as here:
        found, agent = await find(here, link_id)
        turned = await rotating.rotate(here.tools, here.who, found, turn)
        kept = await here.tools.db.read(earlier, turned, here.tools.clock.now())
        made = shown(here, turned, agent)
    lines = [made.url or ""]
    if options["qr"]:
        lines += drawing.qr(made.url or "")
    if not options["as_json"]:
        click.echo(f"The old address works until {when(kept.addresses[0].ends_at)}.", err=True)
    show(msgspec.to_builtins(made), lines, as_json=options["as_json"])


@link.command("old-addresses")
@link_id
@click.option("--end", is_flag=True, help="End them now; only the present one works then.")
@in_workspace
@as_json
@asynchronous
async def old_addresses(link_id: str, workspace: str, *, end: bool, as_json: bool) -> None:
    """Show until when a link's old addresses work, and who last said something by one."""
    async with host(workspace) as here:
        found, _ = await find(here, link_id)
        if end:
            await rotating.retire(here.tools, here.who, found)
        now = here.tools.clock.now()
        kept = await here.tools.db.read(earlier, found, now)
    rows = [
        (
            when(each.replaced_at) or "",
            when(each.ends_at) or "",
            "yes" if each.ends_at > now else "no",
        )
        for each in kept.addresses
    ]
    lines = table(["REPLACED", "WORKS UNTIL", "WORKS"], rows, "It has had one address only.")
    people = [
        (each.visitor, when(each.seen_at) or "", each.conversation_id or "")
        for each in kept.lingerers
    ]
    if kept.addresses:
        none = "Nobody said anything by one of them and is still known."
        lines += ["", *table(["VISITOR", "LAST SEEN", "CONVERSATION"], people, none)]
    show(msgspec.to_builtins(told(kept, now)), lines, as_json=as_json)
