"""The people of a workspace: the list, inviting by link, and what each of them is and may do."""

from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.exceptions import HTTPException
from litestar.params import Body
from litestar.response import Redirect

from parlour.kit.errors import Conflict, Invalid, Stale
from parlour.links import address
from parlour.rights import Permission, Role
from parlour.staff import invitations, model, people, sessions, store
from parlour.staff.invitations import MadeInvitation
from parlour.staff.openid import binding
from parlour.staff.second_step import keeping as second_steps
from parlour.staff.second_step import store as second_step
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web.gates import Asked, person
from parlour.web.studio import door, shell
from parlour.web.studio.shell import NOTHING, Filled

_SEE = {"gate": person(Permission.PEOPLE_SEE)}
_MANAGE = {"gate": person(Permission.PEOPLE_MANAGE)}
_LIST = "/studio/people"
_FORM = Body(media_type=RequestEncodingType.URL_ENCODED)
_DONE = {
    "disable": "shut-out",
    "enable": "let-in",
    "end-sessions": "ended-all",
    "reset-second-step": "second-step-reset",
    "forget-provider": "forgotten",
}
"""What can be done to a person by a button, and the word for having done it."""


class Invite(msgspec.Struct, frozen=True):
    """The form that invites somebody."""

    email: str = ""
    role: str = Role.BUILDER.value
    view_personal: str = ""
    analytics: str = ""


class Change(msgspec.Struct, frozen=True):
    """The form that changes what a person is; `seen` says which state was on the page."""

    role: str = ""
    view_personal: str = ""
    analytics: str = ""
    seen: str = ""


@get(_LIST, opt=_SEE)
async def everybody(request: Asked, tools: Tools, seat: Seat) -> Response[Any]:
    """List the people and the open invitations."""
    return await _list(request, tools, seat)


@post(_LIST, opt=_MANAGE)
async def invite(
    request: Asked, tools: Tools, seat: Seat, data: Annotated[Invite, _FORM]
) -> Response[Any]:
    """Invite somebody; the page that follows shows the link, this once."""
    try:
        made = await invitations.invite(
            tools,
            seat.who,
            data.email,
            model.role_of(data.role),
            view_personal=bool(data.view_personal),
            analytics=bool(data.analytics),
        )
    except (Invalid, Conflict) as problem:
        typed = {
            "email": data.email[:300],
            "role": data.role,
            "view_personal": data.view_personal[:1],
            "analytics": data.analytics[:1],
        }
        return await _list(request, tools, seat, Filled.after(problem, typed))
    return await _list(request, tools, seat, made=made)


@post(_LIST + "/invitations/{invitation_id:str}/withdraw", opt=_MANAGE)
async def withdraw(tools: Tools, seat: Seat, invitation_id: str) -> Redirect:
    """End an open invitation."""
    await invitations.withdraw(tools, seat.who, invitation_id)
    return shell.go(_LIST, "withdrawn")


@get(_LIST + "/{person_id:str}", opt=_SEE)
async def somebody(request: Asked, tools: Tools, seat: Seat, person_id: str) -> Response[Any]:
    """Show a person: role, rights, where they are signed in."""
    return await _one(request, tools, seat, person_id)


@post(_LIST + "/{person_id:str}", opt=_MANAGE)
async def change(
    request: Asked, tools: Tools, seat: Seat, person_id: str, data: Annotated[Change, _FORM]
) -> Response[Any]:
    """Change a person's role and rights, unless somebody else did so meanwhile."""
    seen = shell.seen(data.seen)
    try:
        await people.change(
            tools,
            seat.who,
            person_id,
            role=model.role_of(data.role),
            view_personal=bool(data.view_personal),
            analytics=bool(data.analytics),
            seen=seen,
        )
    except (Invalid, Conflict, Stale) as problem:
        typed = {
            "role": data.role,
            "view_personal": data.view_personal[:1] or "no",
            "analytics": data.analytics[:1] or "no",
        }
        return await _one(request, tools, seat, person_id, Filled.after(problem, typed))
    return shell.go(f"{_LIST}/{person_id}", "saved")


@post(_LIST + "/{person_id:str}/{act:str}", opt=_MANAGE)
async def act(request: Asked, tools: Tools, seat: Seat, person_id: str, act: str) -> Response[Any]:
    """Shut a person out, let them in again, end their sessions, turn off their second step."""
    said = _DONE.get(act)
    try:
        if act == "disable":
            await people.disable(tools, seat.who, person_id)
        elif act == "enable":
            await people.enable(tools, seat.who, person_id)
        elif act == "end-sessions":
            await sessions.end_all(tools, seat.who, person_id)
        elif act == "reset-second-step":
            await second_steps.reset(tools, seat.who, person_id)
        elif act == "forget-provider":
            await binding.forget(tools, seat.who, person_id)
    except Conflict as problem:
        return await _one(request, tools, seat, person_id, Filled.after(problem, {}))
    if said is None:
        raise HTTPException(status_code=404)
    return shell.go(f"{_LIST}/{person_id}", said)


async def _list(
    request: Asked,
    tools: Tools,
    seat: Seat,
    form: Filled = NOTHING,
    *,
    made: MadeInvitation | None = None,
) -> Response[Any]:
    workspace, now = seat.person.workspace_id, tools.clock.now()
    url = f"{address.home(tools, workspace)}/studio/invite/{made.token}" if made else ""
    return shell.inside(
        request,
        seat,
        "studio/people.html",
        "people",
        status=form.status,
        form=form,
        everybody=await tools.db.read(store.every_person, workspace),
        seen=await tools.db.read(store.last_seen, workspace),
        invited=await tools.db.read(store.open_invitations, workspace, now),
        made=made,
        url=url,
        careful=await tools.db.read(second_step.everyone, workspace),
    )


async def _one(
    request: Asked, tools: Tools, seat: Seat, person_id: str, form: Filled = NOTHING
) -> Response[Any]:
    found = await tools.db.read(store.find_person, seat.person.workspace_id, person_id)
    return shell.inside(
        request,
        seat,
        "studio/person.html",
        "people",
        status=form.status,
        form=form,
        person=found,
        sessions=await tools.db.read(store.sessions_of, found.id, tools.clock.now()),
        second_step=await tools.db.read(second_step.told, found.id),
        bound=await tools.db.read(binding.of_person, found.id),
        **door.provider_words(tools),
    )


HANDLERS = [everybody, invite, withdraw, somebody, change, act]
