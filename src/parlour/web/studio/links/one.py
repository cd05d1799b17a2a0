"""The page of one link: its address to hand out, its policy, what came through it, and its end."""

from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Response, get, post

from parlour import transcripts
from parlour.kit.clock import HOUR
from parlour.kit.errors import FieldError, Invalid, Stale
from parlour.links import keeping, rules
from parlour.rights import Permission
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web import codes
from parlour.web.gates import Asked, person
from parlour.web.studio import shell
from parlour.web.studio.links.forms import FORM, hours_of
from parlour.web.studio.links.listing import LIST
from parlour.web.studio.links.rows import find, mail
from parlour.web.studio.shell import NOTHING, Filled
from parlour.web.studio.telling import Told

_ONE: Final = LIST + "/{link_id:str}"
_SEE = {"gate": person(Permission.LINKS_SEE)}
_MANAGE = {"gate": person(Permission.LINKS_MANAGE)}
_SCALE: Final = 16
"""Pixels of one square: large enough to print."""


class LinkEdit(msgspec.Struct, frozen=True):
    """The form of a link; `seen` says which state was on the page."""

    name: str = ""
    welcome_message: str = ""
    hours: str = ""
    """Hours from now at which it shall end; empty leaves its end."""
    restore: str = ""
    """Put the first end back."""
    seen: str = ""

    def wanted(self, now: int) -> dict[str, Any]:
        """Return what shall change; Invalid for hours that are none."""
        wanted: dict[str, Any] = {
            "name": self.name.strip() or None,
            "welcome_message": self.welcome_message.replace("\r\n", "\n").strip() or None,
        }
        if self.restore:
            wanted["expires_at"] = None
        elif self.hours.strip():
            hours = hours_of(self.hours.strip())
            if not 0 < hours <= 9000:
                message = "more than 0, and no later than the end it was made with"
                raise Invalid(message, errors=[FieldError("hours", message)])
            wanted["expires_at"] = now + round(hours * HOUR)
        return wanted


@get(_ONE, opt=_SEE)
async def link_page(request: Asked, tools: Tools, seat: Seat, link_id: str) -> Response[Any]:
    """Show a link: what it is, its address, and what came through it."""
    return await _page(request, tools, seat, link_id)


@post(_ONE, opt=_MANAGE)
async def edit_link(
    request: Asked, tools: Tools, seat: Seat, link_id: str, data: Annotated[LinkEdit, FORM]
) -> Response[Any]:
    """Change a link, unless somebody else did so meanwhile."""
    row = await find(tools, seat, link_id)
    seen = shell.seen(data.seen)
    try:
        wanted = data.wanted(tools.clock.now())
        await keeping.change(tools, seat.who, row.link, wanted, seen)
    except (Invalid, Stale) as problem:
        typed = {
            "name": data.name[:300],
            "welcome_message": data.welcome_message[:2000],
            "hours": data.hours[:20],
        }
        return await _page(request, tools, seat, link_id, after(problem, typed))
    return shell.go(row.path, "saved")


@post(_ONE + "/revoke", opt=_MANAGE)
async def revoke_link(request: Asked, tools: Tools, seat: Seat, link_id: str) -> Response[Any]:
    """End a link for good."""
    row = await find(tools, seat, link_id)
    await keeping.revoke(tools, seat.who, row.link)
    return shell.tell(request, seat, LIST, Told(f"“{row.name}” is revoked."))


@get(_ONE + "/qr", opt=_MANAGE)
async def qr_page(request: Asked, tools: Tools, seat: Seat, link_id: str) -> Response[Any]:
    """Show a link's address to be handed out: code, copy, mail, test."""
    row = await find(tools, seat, link_id)
    return shell.inside(request, seat, "studio/link-qr.html", "links", row=row, mail=mail(row))


@get([_ONE + "/qr.svg", _ONE + "/qr.png"], opt=_MANAGE)
async def qr_picture(request: Asked, tools: Tools, seat: Seat, link_id: str) -> Response[bytes]:
    """Give a link's code away as a picture."""
    row = await find(tools, seat, link_id)
    kind: Literal["svg", "png"] = "svg" if request.url.path.endswith(".svg") else "png"
    media = {"svg": "image/svg+xml", "png": "image/png"}[kind]
    headers = {
        **codes.HEADERS,
        "Content-Disposition": f'attachment; filename="chat-link-{row.agent.name}.{kind}"',
    }
    return Response(codes.picture(row.url, kind, _SCALE), media_type=media, headers=headers)


def after(problem: Invalid | Stale, typed: dict[str, str]) -> Filled:
    """Make the form that follows a problem: what was typed stands in it, whoever was first."""
    if isinstance(problem, Stale):
        trouble = problem.detail.partition(";")[0]
        said = (
            f"{trouble}. What you typed is kept below: look, and save again if you still want it."
        )
        return Filled(typed, {}, said, problem.status)
    return Filled.after(problem, typed)


async def _page(
    request: Asked, tools: Tools, seat: Seat, link_id: str, form: Filled = NOTHING
) -> Response[Any]:
    row = await find(tools, seat, link_id)
    usage = await tools.db.browse(transcripts.usage_of_links, [row.link.id])
    return shell.inside(
        request,
        seat,
        "studio/link.html",
        "links",
        status=form.status,
        form=form,
        row=row,
        mail=mail(row) if row.url else {},
        messages=usage[row.link.id][0] if usage else 0,
        first_end=rules.shortened(row.link.token_expires, None),
        manages=seat.who.may(Permission.LINKS_MANAGE),
    )


HANDLERS = [link_page, edit_link, revoke_link, qr_page, qr_picture]
