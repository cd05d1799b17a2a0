"""People for programs: list, invite, change, shut out and let in; invitations that are open."""

from typing import Any

import msgspec
from litestar import Response, delete, get, post, put
from msgspec import UNSET, UnsetType

from parlour.kit.clock import Moment, rfc3339
from parlour.links import address
from parlour.rights import Permission, Role, Who
from parlour.staff import invitations, model, people, sessions, store
from parlour.staff.invitations import MadeInvitation
from parlour.staff.model import Invitation, Person
from parlour.staff.openid import binding
from parlour.staff.second_step import keeping as second_steps
from parlour.staff.second_step import store as second_step
from parlour.tools import Tools
from parlour.web.api import asking, moments
from parlour.web.api.asking import After, Limit, Page
from parlour.web.api.strict import Strict
from parlour.web.gates import Asked, key

_SEE = {"gate": key(Permission.PEOPLE_SEE)}
_MANAGE = {"gate": key(Permission.PEOPLE_MANAGE)}


class PersonShown(msgspec.Struct, frozen=True):
    """A person of the workspace."""

    id: str
    email: str
    name: str
    role: str
    view_personal: bool
    """Whether they see the personal details of visitors, whatever their role."""
    analytics: bool
    """Whether they see the figures of the server; a team lead who does sees personal details."""
    sees_personal: bool
    """Whether they are shown personal details, by whichever of these rights."""
    created_at: str
    updated_at: str
    updated_by: str
    """The name of whoever changed them last."""
    disabled_at: str | None
    """Since when they are shut out; null for who can sign in."""
    last_seen_at: str | None
    second_step: bool
    """Whether they need a code from their phone when they sign in."""


class InvitationShown(msgspec.Struct, frozen=True):
    """An invitation that nobody has taken yet."""

    id: str
    email: str
    role: str
    view_personal: bool
    analytics: bool
    created_at: str
    created_by: str
    expires_at: str


class InvitationMade(InvitationShown, frozen=True):
    """An invitation just made."""

    url: str
    """The address to pass on, shown this once: whoever opens it first becomes that person."""


class NewInvitation(Strict, frozen=True):
    """Whom to invite, as what."""

    email: str
    role: str
    view_personal: bool = False
    analytics: bool = False


class PersonEdit(Strict, frozen=True):
    """What to change of a person; absent stays as it is."""

    role: str | UnsetType = UNSET
    view_personal: bool | UnsetType = UNSET
    analytics: bool | UnsetType = UNSET


class Told(msgspec.Struct, frozen=True):
    """What was done."""

    message: str


def person_shown(found: Person, seen: Moment | None, *, second_step: bool) -> PersonShown:
    """Show a person, with when they were last here."""
    return PersonShown(
        id=found.id,
        email=found.email,
        name=found.name,
        role=found.role.value,
        view_personal=found.view_personal,
        analytics=found.analytics,
        sees_personal=found.sees_personal,
        created_at=rfc3339(found.created_at),
        updated_at=rfc3339(found.updated_at),
        updated_by=found.updated_by,
        disabled_at=moments.written(found.disabled_at),
        last_seen_at=moments.written(seen),
        second_step=second_step,
    )


def invitation_made(made: MadeInvitation, base: str) -> InvitationMade:
    """Show an invitation with its address, this once."""
    return InvitationMade(**_invitation(made.invitation), url=f"{base}/studio/invite/{made.token}")


def _invitation(found: Invitation) -> dict[str, Any]:
    return {
        "id": found.id,
        "email": found.email,
        "role": found.role.value,
        "view_personal": found.view_personal,
        "analytics": found.analytics,
        "created_at": rfc3339(found.created_at),
        "created_by": found.created_by,
        "expires_at": rfc3339(found.expires_at),
    }


@get("/api/people", opt=_SEE)
async def list_people(
    tools: Tools, who: Who, limit: Limit = 50, after: After = None
) -> Page[PersonShown]:
    """List the people by name, those who are shut out last."""
    found = await tools.db.read(store.every_person, who.workspace_id)
    last = asking.place(after)
    if last:
        places = [each.id for each in found]
        if last not in places:
            raise asking.bad_cursor()
        found = found[places.index(last) + 1 :]
    kept, cursor = asking.page(found, limit, lambda each: each.id)
    seen = await tools.db.read(store.last_seen, who.workspace_id)
    careful = await tools.db.read(second_step.everyone, who.workspace_id)
    shown = [person_shown(each, seen.get(each.id), second_step=each.id in careful) for each in kept]
    return Page(shown, cursor)


@post("/api/people", opt=_MANAGE, status_code=201)
async def invite_person(
    request: Asked, tools: Tools, who: Who, data: NewInvitation
) -> Response[InvitationMade]:
    """Invite somebody. The answer holds the address to pass on; it works once, for a week."""
    role = model.role_of(data.role)
    return await asking.made(
        request,
        tools,
        who,
        lambda tools: invitations.invite(
            tools,
            who,
            data.email,
            role,
            view_personal=data.view_personal,
            analytics=data.analytics,
        ),
        lambda made: invitation_made(made, address.home(tools, who.workspace_id)),
    )


@get("/api/people/{person_id:str}", opt=_SEE)
async def read_person(tools: Tools, who: Who, person_id: str) -> Response[PersonShown]:
    """Read one person."""
    found = await tools.db.read(store.find_person, who.workspace_id, person_id)
    return await _tagged(tools, found)


@put("/api/people/{person_id:str}", opt=_MANAGE)
async def edit_person(
    request: Asked, tools: Tools, who: Who, person_id: str, data: PersonEdit
) -> Response[PersonShown]:
    """Change what a person is. It holds from their next request on."""
    found = await tools.db.read(store.find_person, who.workspace_id, person_id)
    role: Role | None = None if data.role is UNSET else model.role_of(str(data.role))
    changed = await people.change(
        tools,
        who,
        person_id,
        role=role,
        view_personal=None if data.view_personal is UNSET else bool(data.view_personal),
        analytics=None if data.analytics is UNSET else bool(data.analytics),
        seen=asking.seen(request, found.updated_at),
    )
    return await _tagged(tools, changed)


@delete("/api/people/{person_id:str}", opt=_MANAGE, status_code=200)
async def shut_out_person(tools: Tools, who: Who, person_id: str) -> Response[PersonShown]:
    """Shut a person out at once: no sign-in, no session. What they did stays."""
    return await _tagged(tools, await people.disable(tools, who, person_id))


@post("/api/people/{person_id:str}/enable", opt=_MANAGE, status_code=200)
async def let_in_person(tools: Tools, who: Who, person_id: str) -> Response[PersonShown]:
    """Let a person in again who was shut out."""
    return await _tagged(tools, await people.enable(tools, who, person_id))


@delete("/api/people/{person_id:str}/sessions", opt=_MANAGE, status_code=200)
async def end_person_sessions(tools: Tools, who: Who, person_id: str) -> Told:
    """Sign a person out everywhere, at once."""
    await sessions.end_all(tools, who, person_id)
    return Told("signed out everywhere")


@delete("/api/people/{person_id:str}/second-step", opt=_MANAGE, status_code=200)
async def turn_off_second_step(tools: Tools, who: Who, person_id: str) -> Told:
    """Turn a person's second step off, who lost phone and recovery codes."""
    await second_steps.reset(tools, who, person_id)
    return Told("their second step is off")


@delete("/api/people/{person_id:str}/provider", opt=_MANAGE, status_code=200)
async def forget_provider(tools: Tools, who: Who, person_id: str) -> Told:
    """Forget by which account of the OpenID provider a person comes in; the next one counts."""
    await binding.forget(tools, who, person_id)
    return Told("their account at the provider has been forgotten")


@get("/api/invitations", opt=_SEE)
async def list_invitations(tools: Tools, who: Who) -> list[InvitationShown]:
    """List the invitations that can still be taken, newest first; never their addresses."""
    found = await tools.db.read(store.open_invitations, who.workspace_id, tools.clock.now())
    return [InvitationShown(**_invitation(each)) for each in found]


@delete("/api/invitations/{invitation_id:str}", opt=_MANAGE, status_code=200)
async def withdraw_invitation(tools: Tools, who: Who, invitation_id: str) -> Told:
    """End an open invitation."""
    await invitations.withdraw(tools, who, invitation_id)
    return Told("the invitation has been withdrawn")


async def _tagged(tools: Tools, found: Person) -> Response[PersonShown]:
    seen = await tools.db.read(store.last_seen, found.workspace_id)
    on = await tools.db.read(second_step.told, found.id) is not None
    shown = person_shown(found, seen.get(found.id), second_step=on)
    return asking.tagged(shown, found.updated_at)


HANDLERS = [
    list_people,
    invite_person,
    read_person,
    edit_person,
    shut_out_person,
    let_in_person,
    end_person_sessions,
    turn_off_second_step,
    forget_provider,
    list_invitations,
    withdraw_invitation,
]
