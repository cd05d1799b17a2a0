"""The mail by which owners hear that a webhook was turned off."""

from typing import Final

import sqlalchemy as sa

from parlour import workspaces
from parlour.kit.errors import NotFound
from parlour.kit.mail import Mail, MailRefused, paragraphs, tame
from parlour.kit.queue import Job
from parlour.links import address
from parlour.staff import mails
from parlour.staff import store as staff
from parlour.tools import Tools
from parlour.webhooks import store

NOTICE: Final = "webhooks.notice"
"""The job that tells an owner; one for each is made of the first."""
_LONGEST_NAME: Final = 60


async def notice(tools: Tools, job: Job) -> None:
    """Tell the owners of a workspace that a webhook was turned off, each in a job of their own."""
    hook_id, why, to = job.payload["webhook"], job.payload["why"], job.payload.get("to")
    hook = await tools.db.read(store.by_id, hook_id)
    if hook is None or hook.is_on or tools.mail.way == "none":
        return
    if to is None:

        def unit(conn: sa.Connection) -> None:
            for person in mails.wanting(conn, hook.workspace_id, mails.Alert.WEBHOOK):
                tools.queue.enqueue(conn, NOTICE, {**job.payload, "to": person.id})

        await tools.db.write(unit)
        return
    try:
        owner = await tools.db.read(staff.find_person, hook.workspace_id, to)
    except NotFound:
        return
    await workspaces.meet(tools, hook.workspace_id)
    base = address.home(tools, hook.workspace_id)
    place = f"{base}/studio/webhooks/{hook.id}"
    way_out = base + mails.way_out(tools, owner.id, mails.Alert.WEBHOOK)
    try:
        await tools.mail.send(
            _letter(owner.email, tame(hook.name, _LONGEST_NAME), why, (place, way_out))
        )
    except MailRefused:
        return


def _letter(to: str, name: str, why: str, at: tuple[str, str]) -> Mail:
    place, way_out = at
    said = [
        f"The webhook {name} was turned off: {why}.",
        "It is told of nothing from now on. What waits for it goes out when it is turned on again.",
        f"See to it: {place}",
        f"You get this mail because you own this workspace. No more of these: {way_out}",
    ]
    subject = f"The webhook {name} was turned off"
    text = "\n\n".join(said) + "\n"
    return Mail(to=to, subject=subject, text=text, html=paragraphs(*said), way_out=way_out)
