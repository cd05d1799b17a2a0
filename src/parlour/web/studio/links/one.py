"""The page of one link: its address to hand out, its policy, what came through it, and its end."""

from typing import Annotated, Any, Final, Literal

from litestar import Response, get, post

from parlour import transcripts
from parlour.agents.sharing import sharing_of
from parlour.budgets import spending
from parlour.budgets.model import Period
from parlour.kit.clock import HOUR
from parlour.kit.errors import Conflict, FieldError, Invalid, Stale
from parlour.links import address, keeping, rules
from parlour.rights import Permission
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.transcripts.lingering import earlier
from parlour.web import codes
from parlour.web.counting import spared
from parlour.web.gates import Asked, person
from parlour.web.studio import opening, shell
from parlour.web.studio.links.forms import (
    FORM,
    OVERLAPS,
    Bounds,
    asked_of,
    hours_of,
    number_of,
)
from parlour.web.studio.links.listing import LIST
from parlour.web.studio.links.rows import find, mail
from parlour.web.studio.shell import NOTHING, Filled
from parlour.web.studio.telling import Told

ONE: Final = LIST + "/{link_id:str}"
_SEE = {"gate": person(Permission.LINKS_SEE)}
_MANAGE = {"gate": person(Permission.LINKS_MANAGE)}
_SCALE: Final = 16
"""Pixels of one square: large enough to print."""


class LinkEdit(Bounds, frozen=True):
    """The form of a link; `seen` says which state was on the page."""

    name: str = ""
    welcome_message: str = ""
    hours: str = ""
    """Hours from now at which it shall end; empty leaves its end."""
    restore: str = ""
    """Put the first end back."""
    max_uses: str = ""
    """Of a private link: how often it may be used."""
    require_email: str | None = None
    """`1`, `0`, or nothing for what the agent says."""
    emails: str | None = None
    """Whose addresses are good, one a line; empty for what the agent says."""
    slug: str | None = None
    title: str | None = None
    about: str | None = None
    """A word that leads to it, and what messengers show of it; empty for nothing."""
    origins: str | None = None
    """Sites on which its chat may stand, one a line; empty for what its widget says."""
    seen: str = ""

    def wanted(self, now: int) -> dict[str, Any]:
        """Return what shall change; Invalid for hours that are none."""
        wanted: dict[str, Any] = {
            "name": self.name.strip() or None,
            "welcome_message": self.welcome_message.replace("\r\n", "\n").strip() or None,
            **self.bounds(),
        }
        if self.max_uses.strip():
            wanted["max_uses"] = number_of(self.max_uses)
        if self.require_email is not None:
            wanted["require_email"] = asked_of(self.require_email)
        if self.emails is not None:
            wanted["emails"] = tuple(self.emails.replace(",", "\n").splitlines()) or None
        for field in ("slug", "title", "about"):
            if (typed := getattr(self, field)) is not None:
                wanted[field] = typed.strip() or None
        if self.origins is not None:
            listed = self.origins.replace(",", "\n").split()
            wanted["origins"] = tuple(listed) or None
        if self.restore:
            wanted["expires_at"] = None
        elif self.hours.strip():
            hours = hours_of(self.hours.strip())
            if not 0 < hours <= 9000:
                message = "more than 0, and no later than the end it was made with"
                raise Invalid(message, errors=[FieldError("hours", message)])
            wanted["expires_at"] = now + round(hours * HOUR)
        return wanted


@get(ONE, opt=_SEE)
async def link_page(request: Asked, tools: Tools, seat: Seat, link_id: str) -> Response[Any]:
    """Show a link: what it is, its address, and what came through it."""
    return await page(request, tools, seat, link_id)


@post(ONE, opt=_MANAGE)
async def edit_link(
    request: Asked, tools: Tools, seat: Seat, link_id: str, data: Annotated[LinkEdit, FORM]
) -> Response[Any]:
    """Change a link, unless somebody else did so meanwhile."""
    row = await find(tools, seat, link_id)
    seen = shell.seen(data.seen)
    try:
        wanted = data.wanted(tools.clock.now())
        await keeping.change(tools, seat.who, row.link, wanted, seen)
    except (Conflict, Invalid, Stale) as problem:
        typed = {
            "name": data.name[:300],
            "welcome_message": data.welcome_message[:2000],
            "hours": data.hours[:20],
            "max_uses": data.max_uses[:20],
            "require_email": (data.require_email or "")[:1],
            "emails": (data.emails or "")[:20_000],
            "origins": (data.origins or "")[:5_000],
            "slug": (data.slug or "")[:100],
            "title": (data.title or "")[:300],
            "about": (data.about or "")[:500],
            **data.bounds_typed(),
        }
        return await page(request, tools, seat, link_id, form=after(problem, typed))
    return shell.go(row.path, "saved")


@post(ONE + "/revoke", opt=_MANAGE)
async def revoke_link(request: Asked, tools: Tools, seat: Seat, link_id: str) -> Response[Any]:
    """End a link for good."""
    row = await find(tools, seat, link_id)
    await keeping.revoke(tools, seat.who, row.link)
    return shell.tell(request, seat, LIST, Told(f"“{row.name}” is revoked."))


@get(ONE + "/qr", opt=_MANAGE)
async def qr_page(request: Asked, tools: Tools, seat: Seat, link_id: str) -> Response[Any]:
    """Show a link's address to be handed out: code, copy, mail, test."""
    row = await find(tools, seat, link_id)
    return shell.inside(request, seat, "studio/link-qr.html", "links", row=row, mail=mail(row))


@get([ONE + "/qr.svg", ONE + "/qr.png"], opt=_MANAGE)
async def qr_picture(request: Asked, tools: Tools, seat: Seat, link_id: str) -> Response[bytes]:
    """Give a link's code away as a picture."""
    await spared(request, tools, "codes")
    row = await find(tools, seat, link_id)
    kind: Literal["svg", "png"] = "svg" if request.url.path.endswith(".svg") else "png"
    media = {"svg": "image/svg+xml", "png": "image/png"}[kind]
    headers = {
        **codes.HEADERS,
        "Content-Disposition": f'attachment; filename="chat-link-{row.agent.name}.{kind}"',
    }
    return Response(codes.picture(row.url, kind, _SCALE), media_type=media, headers=headers)


def after(problem: Conflict | Invalid | Stale, typed: dict[str, str]) -> Filled:
    """Make the form that follows a problem: what was typed stands in it, whoever was first."""
    if isinstance(problem, Stale):
        trouble = problem.detail.partition(";")[0]
        said = (
            f"{trouble}. What you typed is kept below: look, and save again if you still want it."
        )
        return Filled(typed, {}, said, problem.status)
    return Filled.after(problem, typed)


async def page(
    request: Asked,
    tools: Tools,
    seat: Seat,
    link_id: str,
    *,
    form: Filled = NOTHING,
    turn: Filled = NOTHING,
    hours: Filled = NOTHING,
) -> Response[Any]:
    """Return the page of a link; `form`, `turn`, `hours`: its forms, as they were filled in."""
    row = await find(tools, seat, link_id)
    now = tools.clock.now()
    usage = await tools.db.browse(transcripts.usage_of_links, [row.link.id])
    account = (f"link:{row.link.id}", Period(row.link.budget_period or Period.MONTH))
    spent = await tools.db.browse(spending.spent_of, [account], now)
    return shell.inside(
        request,
        seat,
        "studio/link.html",
        "links",
        status=max(form.status, turn.status, hours.status),
        form=form,
        turn=turn,
        hours=hours,
        opening=opening.kept(row.link.schedule or sharing_of(row.agent.sharing).schedule),
        earlier=await tools.db.browse(earlier, row.link, now),
        sees=seat.who.sees(row.agent.id),
        now=now,
        overlaps=OVERLAPS,
        home=address.home(tools, row.link.workspace_id),
        row=row,
        mail=mail(row) if row.url else {},
        spent=spent[account[0]],
        messages=usage[row.link.id][0] if usage else 0,
        first_end=rules.shortened(row.link.kind, row.link.token_expires, None, now),
        manages=seat.who.may(Permission.LINKS_MANAGE),
    )


HANDLERS = [link_page, edit_link, revoke_link, qr_page, qr_picture]
