"""Receipts in the studio: what was erased, when and how much of it; found by their reference."""

from typing import Annotated, Any, Final

from litestar import Response, get
from litestar.params import QueryParameter
from litestar.response import Redirect

from parlour.forgetting import receipts
from parlour.rights import Permission
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web.gates import Asked, person
from parlour.web.studio import shell

PATH: Final = "/studio/receipts"
_FORGET: Final = {"gate": person(Permission.CONVERSATIONS_FORGET)}
_AT_ONCE: Final = 50

KINDS: Final = {
    "conversations": "Conversations",
    "messages": "Messages",
    "files": "Files that were sent along",
    "answers": "Answers, with how they were made",
    "internal_notes": "Internal notes",
    "handoffs": "Calls for a person",
    "search_entries": "Entries in the search index",
    "shares": "Shares",
    "guests": "Guests who opened a share",
    "notes": "Notes left at shut doors",
    "memories": "Memories",
    "sessions": "Sessions",
    "proofs_of_identity": "Proofs of who they are",
    "codes": "Codes that were sent",
}
"""What each kind is called, in the order in which they are told."""

Reference = Annotated[str, QueryParameter(max_length=60, description="One receipt, by reference.")]
Before = Annotated[str, QueryParameter(max_length=80, description="Only what came before it.")]


def told(deleted: dict[str, int]) -> list[tuple[str, int]]:
    """Say how much there was of each kind."""
    return [(name, deleted[kind]) for kind, name in KINDS.items() if kind in deleted]


@get(PATH, opt=_FORGET)
async def every(
    request: Asked, tools: Tools, seat: Seat, reference: Reference = "", before: Before = ""
) -> Response[Any]:
    """List what was erased, the latest first, or go to the one of a reference."""
    reference = reference.strip()
    if reference.isalnum() or "_" in reference:
        return Redirect(f"{PATH}/{reference}", status_code=303)
    at, _, last = before.partition("~")
    place = (int(at), last) if at.isdigit() and at.isascii() and len(at) < 19 else None
    found = await tools.db.read(
        receipts.listed, seat.who.workspace_id, limit=_AT_ONCE + 1, before=place
    )
    more, found = len(found) > _AT_ONCE, found[:_AT_ONCE]
    return shell.inside(
        request,
        seat,
        "studio/receipts.html",
        "conversations",
        found=found,
        first=place is None,
        older=f"{PATH}?before={found[-1].at}~{found[-1].id}" if more else "",
    )


@get(PATH + "/{receipt_id:str}", opt=_FORGET)
async def one(request: Asked, tools: Tools, seat: Seat, receipt_id: str) -> Response[Any]:
    """Show one receipt, to be kept or printed."""
    receipt = await tools.db.read(receipts.find, seat.who.workspace_id, receipt_id)
    return shell.inside(
        request,
        seat,
        "studio/receipt.html",
        "conversations",
        receipt=receipt,
        lines=told(dict(receipt.deleted)),
    )


HANDLERS = [every, one]
