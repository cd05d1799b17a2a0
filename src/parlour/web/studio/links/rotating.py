"""Giving a link a new address in the studio: for how long the old one works, and ending it."""

from typing import Annotated, Any, Final

import msgspec
from litestar import Response, post

from parlour.kit.errors import FieldError, Invalid, Stale
from parlour.links import rotating
from parlour.links.rotating import Turn
from parlour.rights import Permission
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web.gates import Asked, person
from parlour.web.studio import shell
from parlour.web.studio.links.forms import FORM, hours_of
from parlour.web.studio.links.one import ONE, after, page
from parlour.web.studio.links.rows import find

_MANAGE: Final = {"gate": person(Permission.LINKS_MANAGE)}
_FIELDS: Final = {"overlap_hours": "overlap", "hours": "lasts", "expires_at": "lasts"}
"""What the form calls what the rules speak of."""


class TurnForm(msgspec.Struct, frozen=True):
    """The form of a new address; `seen` says which state was on the page."""

    overlap: str = "24"
    lasts: str = ""
    """Hours from now after which the link ends; empty leaves its end."""
    seen: str = ""

    def turn(self) -> Turn:
        """Read it; Invalid for hours that are none."""
        lasts = hours_of(self.lasts.strip()) if self.lasts.strip() else None
        return Turn(overlap_hours=hours_of(self.overlap.strip()), hours=lasts)


@post(ONE + "/rotate", opt=_MANAGE)
async def rotate(
    request: Asked, tools: Tools, seat: Seat, link_id: str, data: Annotated[TurnForm, FORM]
) -> Response[Any]:
    """Give a link a new address, unless somebody else changed it meanwhile."""
    row = await find(tools, seat, link_id)
    try:
        await rotating.rotate(tools, seat.who, row.link, data.turn(), shell.seen(data.seen))
    except (Invalid, Stale) as problem:
        typed = {"overlap": data.overlap[:20], "lasts": data.lasts[:20]}
        said = after(_renamed(problem), typed)
        return await page(request, tools, seat, link_id, turn=said)
    return shell.go(row.path, "rotated")


@post(ONE + "/old-addresses", opt=_MANAGE)
async def retire(tools: Tools, seat: Seat, link_id: str) -> Response[Any]:
    """End the addresses that a link had before."""
    row = await find(tools, seat, link_id)
    await rotating.retire(tools, seat.who, row.link)
    return shell.go(row.path, "retired")


def _renamed(problem: Invalid | Stale) -> Invalid | Stale:
    if isinstance(problem, Stale):
        return problem
    errors = [
        FieldError(_FIELDS.get(each.field, each.field), each.message) for each in problem.errors
    ]
    return Invalid(problem.detail, errors=errors)


HANDLERS = [rotate, retire]
