"""Receipts at the command line: that something was erased, listed, and shown by its reference."""

from typing import Final

import click
import msgspec

from parlour.cli.base import as_json, asynchronous, facts, host, in_workspace, show, table, when
from parlour.cli.visitors import visitor
from parlour.forgetting import Receipt, receipts
from parlour.web.api.receipts import shown

_LISTED: Final = 200


@visitor.command("receipts")
@in_workspace
@as_json
@asynchronous
async def every(workspace: str, *, as_json: bool) -> None:
    """List what was erased, the latest first: at most 200 receipts. They name nobody."""
    async with host(workspace) as here:
        found = await here.tools.db.read(receipts.listed, here.who.workspace_id, limit=_LISTED)
    rows = [[each.id, each.what, when(each.at), _told(each)] for each in found]
    lines = table(["reference", "what", "erased", "deleted"], rows, "Nothing was erased.")
    show([msgspec.to_builtins(shown(each)) for each in found], lines, as_json=as_json)


@visitor.command("receipt")
@click.argument("reference")
@in_workspace
@as_json
@asynchronous
async def one(reference: str, workspace: str, *, as_json: bool) -> None:
    """Show the receipt of an erasure again, by its REFERENCE."""
    async with host(workspace) as here:
        found = await here.tools.db.read(receipts.find, here.who.workspace_id, reference)
    lines = facts(
        [
            ("reference", found.id),
            ("what", found.what),
            ("erased", when(found.at)),
            *((kind.replace("_", " "), f"{count:,}") for kind, count in found.deleted.items()),
        ]
    )
    show(msgspec.to_builtins(shown(found)), lines, as_json=as_json)


def _told(receipt: Receipt) -> str:
    kinds = ("conversations", "messages")
    return ", ".join(f"{receipt.deleted.get(kind, 0):,} {kind}" for kind in kinds)
