"""Adding and listing people at the command line, and letting in whoever lost a password."""

import sys

import click
import msgspec

from parlour.cli.base import Host, as_json, asynchronous, host, in_workspace, show, table, when
from parlour.kit import instance
from parlour.kit.errors import NotFound
from parlour.links import address
from parlour.rights import Role
from parlour.staff import invitations, model, people, store
from parlour.staff.invitations import MadeInvitation
from parlour.staff.model import Person
from parlour.staff.openid import binding
from parlour.staff.people import NewPerson
from parlour.staff.second_step import keeping as second_steps
from parlour.staff.second_step import store as second_step
from parlour.web.api.people import PersonShown, invitation_made, person_shown

_email = click.argument("email")
_role = click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    required=True,
    help="What they may do.",
)
_stdin = click.option("--password-stdin", is_flag=True, help="Read the password from a line.")


@click.group(short_help="Invite, add and list people.")
def staff() -> None:
    """Invite, add and list the people who sign in to the studio."""


@staff.command("add")
@_email
@_role
@click.option("--name", metavar="TEXT", help="Their name.  [default: the address]")
@click.option("--view-personal", is_flag=True, help="They see visitors' personal details.")
@click.option("--analytics", is_flag=True, help="They see the figures of the server.")
@_stdin
@in_workspace
@as_json
@asynchronous
async def add(
    email: str,
    role: str,
    name: str | None,
    workspace: str,
    *,
    view_personal: bool,
    analytics: bool,
    password_stdin: bool,
    as_json: bool,
) -> None:
    """Invite somebody by a link that is printed; with --password-stdin, add them outright."""
    async with host(workspace) as here:
        if not password_stdin:
            rights = {"view_personal": view_personal, "analytics": analytics}
            made = await invitations.invite(here.tools, here.who, email, Role(role), **rights)
            _invited(here, made, as_json=as_json)
            return
        new = NewPerson(
            workspace_id=here.who.workspace_id,
            email=email,
            name=name or model.canonical(email),
            role=Role(role),
            password=_password(from_stdin=True),
            view_personal=view_personal,
            analytics=analytics,
        )
        added = await people.add(here.tools, here.who, new)
        shown = await _told(here, added)
    _show(shown, f"Added {added.email} as {role}.", as_json=as_json)


@staff.command("list")
@in_workspace
@as_json
@asynchronous
async def listed(workspace: str, *, as_json: bool) -> None:
    """List the people."""
    async with host(workspace) as here:
        found = await here.tools.db.read(store.every_person, here.who.workspace_id)
        seen = await here.tools.db.read(store.last_seen, here.who.workspace_id)
        careful = await here.tools.db.read(second_step.everyone, here.who.workspace_id)
    shown = [
        person_shown(each, seen.get(each.id), second_step=each.id in careful) for each in found
    ]
    rows = [
        (each.email, each.name, each.role.value, "shut out" if each.disabled_at else "can come in",
         "on" if each.id in careful else "off", when(seen.get(each.id)))
        for each in found
    ]  # fmt: skip
    lines = table(
        ["EMAIL", "NAME", "ROLE", "STATE", "SECOND STEP", "LAST HERE"], rows, "There is nobody yet."
    )
    show(msgspec.to_builtins(shown), lines, as_json=as_json)


@staff.command("role")
@_email
@_role
@click.option(
    "--view-personal/--no-view-personal",
    default=None,
    help="They see visitors' personal details.  [default: as before]",
)
@click.option(
    "--analytics/--no-analytics",
    default=None,
    help="They see the figures of the server.  [default: as before]",
)
@in_workspace
@as_json
@asynchronous
async def change(
    email: str,
    role: str,
    workspace: str,
    *,
    view_personal: bool | None,
    analytics: bool | None,
    as_json: bool,
) -> None:
    """Give a person another role, or rights beside it, from their next request on."""
    rights = {"view_personal": view_personal, "analytics": analytics}
    async with host(workspace) as here:
        found = await _find(here, email)
        changed = await people.change(here.tools, here.who, found.id, role=Role(role), **rights)
        shown = await _told(here, changed)
    _show(shown, f"{changed.email} is {role} now.", as_json=as_json)


@staff.command("disable")
@_email
@in_workspace
@as_json
@asynchronous
async def disable(email: str, workspace: str, *, as_json: bool) -> None:
    """Shut a person out at once."""
    async with host(workspace) as here:
        found = await _find(here, email)
        changed = await people.disable(here.tools, here.who, found.id)
        shown = await _told(here, changed)
    _show(shown, f"{changed.email} is shut out.", as_json=as_json)


@staff.command("enable")
@_email
@in_workspace
@as_json
@asynchronous
async def enable(email: str, workspace: str, *, as_json: bool) -> None:
    """Let a person in again."""
    async with host(workspace) as here:
        found = await _find(here, email)
        changed = await people.enable(here.tools, here.who, found.id)
        shown = await _told(here, changed)
    _show(shown, f"{changed.email} can come in again.", as_json=as_json)


@staff.command("password")
@_email
@_stdin
@in_workspace
@as_json
@asynchronous
async def password(email: str, workspace: str, *, password_stdin: bool, as_json: bool) -> None:
    """Give a person a new password; they are signed out everywhere."""
    new = _password(from_stdin=password_stdin)
    async with host(workspace) as here:
        changed = await people.reset_password(here.tools, here.who, email, new)
        shown = await _told(here, changed)
    _show(shown, f"{changed.email} has a new password.", as_json=as_json)


@staff.command("second-step-off")
@_email
@in_workspace
@as_json
@asynchronous
async def second_step_off(email: str, workspace: str, *, as_json: bool) -> None:
    """Turn off the second step of a person who lost phone and recovery codes."""
    async with host(workspace) as here:
        found = await _find(here, email)
        await second_steps.reset(here.tools, here.who, found.id)
        shown = await _told(here, found)
    _show(shown, f"{found.email} signs in by password alone now.", as_json=as_json)


@staff.command("forget-provider")
@_email
@in_workspace
@as_json
@asynchronous
async def forget_provider(email: str, workspace: str, *, as_json: bool) -> None:
    """Forget by which account of the OpenID provider a person comes in."""
    async with host(workspace) as here:
        found = await _find(here, email)
        await binding.forget(here.tools, here.who, found.id)
        shown = await _told(here, found)
    _show(shown, f"The next account with the address {found.email} counts.", as_json=as_json)


def _invited(here: Host, made: MadeInvitation, *, as_json: bool) -> None:
    running = instance.told_address(here.tools.settings.data_dir)
    base = address.home(here.tools, here.who.workspace_id, running)
    shown = invitation_made(made, base)
    lines = [shown.url, f"Send this to {shown.email}: it works once, for a week."]
    show(msgspec.to_builtins(shown), lines, as_json=as_json)


async def _find(here: Host, email: str) -> Person:
    found = await here.tools.db.read(store.by_email, model.canonical(email))
    if found is None or found.workspace_id != here.who.workspace_id:
        raise NotFound("nobody here has that address")
    return found


def _password(*, from_stdin: bool) -> str:
    """Read a password: never from the command line, where others on the machine can see it."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise click.UsageError("give the password with --password-stdin")
    typed: str = click.prompt("New password", hide_input=True, confirmation_prompt=True, err=True)
    return typed


async def _told(here: Host, person: Person) -> PersonShown:
    on = await here.tools.db.read(second_step.told, person.id) is not None
    seen = await here.tools.db.read(store.last_seen, person.workspace_id)
    return person_shown(person, seen.get(person.id), second_step=on)


def _show(person: PersonShown, line: str, *, as_json: bool) -> None:
    show(msgspec.to_builtins(person), line, as_json=as_json)
