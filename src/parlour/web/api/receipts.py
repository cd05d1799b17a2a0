"""Receipts for programs: that something was erased, shown again by its reference."""

from typing import Final, Literal

import msgspec
from litestar import get

from parlour.forgetting import Receipt, receipts
from parlour.kit.clock import rfc3339
from parlour.rights import Permission, Who
from parlour.tools import Tools
from parlour.web.api import asking
from parlour.web.api.asking import After, Limit, Page
from parlour.web.gates import key

_PATH: Final = "/api/receipts"
_FORGET: Final = {"gate": key(Permission.CONVERSATIONS_FORGET)}


class ReceiptShown(msgspec.Struct, frozen=True):
    """That something was erased. It names nobody, and leads to nobody."""

    id: str
    """The reference, by which it is shown again."""
    what: Literal["conversation", "visitor"]
    erased_at: str
    deleted: dict[str, int]
    """How much of each kind, such as `messages`; what there was none of is left out."""


def shown(receipt: Receipt) -> ReceiptShown:
    """Show a receipt."""
    return ReceiptShown(receipt.id, receipt.what, rfc3339(receipt.at), dict(receipt.deleted))


@get(_PATH, opt=_FORGET)
async def list_receipts(
    tools: Tools, who: Who, limit: Limit = 50, after: After = None
) -> Page[ReceiptShown]:
    """List what was erased in this workspace, the latest first."""
    at, _, last = asking.place(after).partition(" ")
    if after is not None and not (at.isdigit() and len(at) < 19):
        raise asking.bad_cursor()
    found = await tools.db.read(
        receipts.listed,
        who.workspace_id,
        limit=limit + 1,
        before=(int(at), last) if after is not None else None,
    )
    kept, cursor = asking.page(found, limit, lambda each: f"{each.at} {each.id}")
    return Page([shown(each) for each in kept], cursor)


@get(_PATH + "/{receipt_id:str}", opt=_FORGET)
async def one_receipt(tools: Tools, who: Who, receipt_id: str) -> ReceiptShown:
    """Show the receipt of an erasure again."""
    return shown(await tools.db.read(receipts.find, who.workspace_id, receipt_id))


HANDLERS = [list_receipts, one_receipt]
