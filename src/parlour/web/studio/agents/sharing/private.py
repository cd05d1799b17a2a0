"""Private links of an agent in the studio: made from a list, and handed out together."""

from typing import Any, Final

from litestar import Response, get, post
from litestar.datastructures import UploadFile

from parlour.kit.errors import Conflict, FieldError, Invalid
from parlour.links import private, roster
from parlour.links.keeping import Wish
from parlour.links.rules import Kind
from parlour.rights import Permission
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web import handouts
from parlour.web.gates import Asked, person
from parlour.web.studio import shell
from parlour.web.studio.agents import frame
from parlour.web.studio.agents.sharing import page
from parlour.web.studio.links.forms import number_of
from parlour.web.studio.shell import Filled
from parlour.web.studio.telling import Told

_MANAGE = {"gate": person(Permission.LINKS_MANAGE)}
_PATH: Final = page.OWN + "/private"
_LONGEST: Final = 100_000


@post(_PATH, opt=_MANAGE)
async def invite(request: Asked, tools: Tools, seat: Seat, name: str) -> Response[Any]:
    """Make a private link for each name that was typed, pasted or uploaded; all, or none."""
    agent = await frame.find(tools, seat, name)
    sent = await request.form()
    users, uses = str(sent.get("users", "")), str(sent.get("max_uses", ""))
    try:
        listed = roster.read(users, number_of(uses), await _content(sent.get("list")))
        wishes = [
            Wish(kind=Kind.PRIVATE, name=each.name, max_uses=each.max_uses) for each in listed
        ]
        made = await private.invite(tools, seat.who, agent.id, wishes)
    except (Invalid, Conflict) as problem:
        form = _after(problem, {"users": users[:_LONGEST], "max_uses": uses[:20]})
        return await page.show(request, tools, seat, agent, form, of="private")
    told = Told(f"“{made[0].name}” has a link." if len(made) == 1 else f"{len(made)} links made.")
    return shell.tell(request, seat, f"{page.path_of(agent)}#private", told)


@get(_PATH + "/urls.csv", opt=_MANAGE)
async def urls(tools: Tools, seat: Seat, name: str) -> Response[bytes]:
    """Give away the addresses of all private links as CSV."""
    return await handouts.taken_away(tools, await frame.find(tools, seat, name), "csv")


@get(_PATH + "/codes.pdf", opt=_MANAGE)
async def codes(tools: Tools, seat: Seat, name: str) -> Response[bytes]:
    """Give away the codes of all private links as a sheet to print."""
    return await handouts.taken_away(tools, await frame.find(tools, seat, name), "pdf")


async def _content(uploaded: Any) -> str:
    """Return what stands in a file; nothing without one."""
    if not isinstance(uploaded, UploadFile) or not uploaded.filename:
        return ""
    content = await uploaded.read(4 * _LONGEST)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        message = "this file is not text in UTF-8; save it as CSV UTF-8"
        raise Invalid(message, errors=[FieldError("list", message)]) from None


def _after(problem: Invalid | Conflict, typed: dict[str, str]) -> Filled:
    """Make the form that follows a problem; what is wrong with a name stands below the list."""
    errors = [
        FieldError("users", f"name {int(at) + 1}: {each.message}")
        if (at := each.field.removeprefix("users[").partition("]")[0]).isdigit()
        else each
        for each in problem.errors
    ]
    problem.errors = errors[:1]
    return Filled.after(problem, typed)


HANDLERS = [invite, urls, codes]
