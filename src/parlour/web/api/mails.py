"""Mails that come to people by themselves, for programs: who gets which, and changing that."""

from typing import Final

import msgspec
from litestar import Response, get, put
from msgspec import UNSET, UnsetType

from parlour.rights import Permission, Who
from parlour.staff import mails, store
from parlour.staff.mails import Wishes
from parlour.tools import Tools
from parlour.web.api import asking
from parlour.web.api.strict import Strict
from parlour.web.gates import key

_SEE: Final = {"gate": key(Permission.PEOPLE_SEE)}
_MANAGE: Final = {"gate": key(Permission.PEOPLE_MANAGE)}
_MAILS: Final = "/api/people/{person_id:str}/mails"


class MailsShown(msgspec.Struct, frozen=True):
    """Which mails come to a person by themselves."""

    digest: str
    """How often they hear how it went: `off`, `daily` or `weekly`."""
    weekday: str
    """The day of a weekly one."""
    hour: int
    """From 0 to 23, in the zone in which the workspace counts its days."""
    alerts: list[str]
    """What they hear of at once: `budget`, `failing`, `ending`, `webhook`, `jobs`."""


class MailsEdit(Strict, frozen=True):
    """What to change of it; absent stays as it is."""

    digest: str | UnsetType = UNSET
    weekday: str | UnsetType = UNSET
    hour: int | UnsetType = UNSET
    alerts: list[str] | UnsetType = UNSET


def mails_shown(found: Wishes) -> MailsShown:
    """Show which mails come to somebody."""
    return MailsShown(
        found.digest.value,
        mails.WEEKDAYS[found.weekday],
        found.hour,
        [each.value for each in mails.Alert if each in found.alerts],
    )


@get(_MAILS, opt=_SEE)
async def read_mails(tools: Tools, who: Who, person_id: str) -> Response[MailsShown]:
    """Read which mails come to a person by themselves."""
    person = await tools.db.read(store.find_person, who.workspace_id, person_id)
    found = await tools.db.read(mails.of, person)
    return asking.tagged(mails_shown(found), found.updated_at)


@put(_MAILS, opt=_MANAGE)
async def change_mails(
    tools: Tools, who: Who, person_id: str, data: MailsEdit
) -> Response[MailsShown]:
    """Change which mails come to a person by themselves."""
    found = await mails.change(
        tools,
        who,
        person_id,
        digest=None if data.digest is UNSET else mails.digest_of(str(data.digest)),
        weekday=None if data.weekday is UNSET else mails.weekday_of(str(data.weekday)),
        hour=data.hour if isinstance(data.hour, int) else None,
        alerts=[mails.alert_of(each) for each in data.alerts]
        if isinstance(data.alerts, list)
        else None,
    )
    return asking.tagged(mails_shown(found), found.updated_at)


HANDLERS = [read_mails, change_mails]
