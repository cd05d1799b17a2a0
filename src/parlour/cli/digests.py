"""Mails that come to people by themselves, at the command line: who gets which, and changing it."""

from typing import Final

import click
import msgspec

from parlour.cli.base import as_json, asynchronous, facts, host, in_workspace, show
from parlour.cli.staff import staff
from parlour.kit.errors import NotFound
from parlour.staff import mails, model, store
from parlour.staff.mails import WEEKDAYS, Alert, Digest
from parlour.web.api.mails import mails_shown

_NONE: Final = "none"
_ALERTS: Final = [*(each.value for each in Alert), _NONE]


@staff.command("mails")
@click.argument("email")
@click.option(
    "--digest",
    type=click.Choice([each.value for each in Digest]),
    help="How often they hear how it went.",
)
@click.option("--weekday", type=click.Choice(WEEKDAYS), help="The day of a weekly one.")
@click.option("--hour", type=click.IntRange(0, 23), metavar="H", help="At what hour.")
@click.option("--alert", "alerts", multiple=True, type=click.Choice(_ALERTS),
              help="Of what they hear at once, all of them together.")  # fmt: skip
@in_workspace
@as_json
@asynchronous
async def wished(
    email: str,
    workspace: str,
    *,
    digest: str | None,
    weekday: str | None,
    hour: int | None,
    alerts: tuple[str, ...],
    as_json: bool,
) -> None:
    """Show which mails come to a person by themselves, or change them."""
    async with host(workspace) as here:
        person = await here.tools.db.read(store.by_email, model.canonical(email))
        if person is None or person.workspace_id != here.who.workspace_id:
            raise NotFound(f"there is nobody with the address {email}")
        found = await here.tools.db.read(mails.of, person)
        if digest or weekday or hour is not None or alerts:
            found = await mails.change(
                here.tools,
                here.who,
                person.id,
                digest=Digest(digest) if digest else None,
                weekday=WEEKDAYS.index(weekday) if weekday else None,
                hour=hour,
                alerts=[Alert(each) for each in alerts if each != _NONE] if alerts else None,
            )
    told = mails_shown(found)
    lines = facts([
        ("How it went", told.digest),
        ("On", told.weekday if found.digest is Digest.WEEKLY else None),
        ("At", f"{told.hour:02}:00" if found.digest is not Digest.OFF else None),
        ("At once, about", ", ".join(told.alerts) or "nothing"),
    ])  # fmt: skip
    show(msgspec.to_builtins(told), lines, as_json=as_json)
