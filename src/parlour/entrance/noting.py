"""Leaving a note at a shut door: who may, how often, and how the team hears of it by mail."""

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from parlour import workspaces
from parlour.agents import store as agents
from parlour.entrance.doors import Door, look
from parlour.kit.clock import HOUR, MINUTE
from parlour.kit.errors import Conflict, NotFound, TooMany
from parlour.kit.limits import Limit
from parlour.kit.mail import Mail, MailRefused, paragraphs, tame
from parlour.kit.queue.jobs import GivenUp, Job
from parlour.kit.tokens import new_id
from parlour.links import address
from parlour.links.rules import Why
from parlour.notes import keeping, store
from parlour.notes.store import Note, Wish
from parlour.rights import MAY, Permission
from parlour.staff import store as staff
from parlour.tools import Tools

GATHER: Final = "notes.gather"
"""The job that tells the team of the notes of the last minutes."""
TELL: Final = "notes.tell"
"""The job that sends one of them the mail."""

OFFERED: Final = {
    **dict.fromkeys((Why.EXPIRED, Why.REPLACED, Why.USED_UP, Why.PRIVATE), Wish.LINK),
    **dict.fromkeys(
        (Why.OFFLINE, Why.NOT_OPEN, Why.CLOSED, Why.FULL, Why.BUDGET_SPENT), Wish.MESSAGE
    ),
}
"""What somebody may leave at a door that is shut for this reason; nothing at the others: they can
try again at once, or the owner does not want them."""

_QUIET: Final = 15 * MINUTE
"""After a mail the next one waits so long, and tells of all that came meanwhile."""
_MOST_OPEN: Final = 500
"""Notes to an agent that nobody has seen to; whoever comes then is asked to try later."""
_MOST_PER_LINK: Final = 60
"""Notes at a link in an hour."""
_LONGEST_NAME: Final = 60


@dataclass(frozen=True, slots=True)
class Written:
    """What somebody wrote, and where and how they come."""

    text: str
    contact: str
    place: str
    """Where they come from, as a keyed hash; it is counted by, and not kept."""
    form: str = ""
    """What names the form they filled in: sent twice, it is one note."""


class NothingToLeave(Conflict):
    """The door is open: what there is to say can be said inside."""

    default_code = "link_open"


def reason(door: Door) -> Why | None:
    """Return why a door is shut; None while it is open to whoever says something.

    What is judged with a message only may shut it, too: a budget that has nothing left.
    """
    if (refused := door.refused()) is not None:
        return refused.refusal.why
    terms = door.sharing
    limits = (door.budget_tokens, terms.budget_tokens, door.daily_tokens, terms.daily_token_limit)
    return Why.BUDGET_SPENT if any(limits) else None


def offered(door: Door) -> Wish | None:
    """Return what may be left at a door; None where nothing may."""
    why = None if door.preview else reason(door)
    return None if why is None else OFFERED.get(why)


async def leave(tools: Tools, token: str, session: str | None, written: Written) -> None:
    """Leave a note at a shut door, for the team behind it.

    Raises:
        Refused: there is nothing here, or nothing may be left here. NothingToLeave: it is open.
        Invalid: what was written does not fit. TooMany: this place, or all, left too many.
    """
    door = await look(tools, token, session)
    why, wish = reason(door), offered(door)
    if wish is None or why is None:
        raise door.refused() or NothingToLeave("this link is open: say it in the chat")
    text, contact = keeping.checked(written.text, written.contact)
    note_id = _id(tools, door, written.form)
    if await tools.db.read(store.is_left, note_id):
        return
    limits = _limits(tools, door.link_id, written.place)
    pace = await tools.limits.hit(limits)
    if not pace.passed:
        raise TooMany("that was left too often; wait a little", retry_after=pace.seconds)
    note = Note(
        id=note_id,
        agent_id=door.agent_id,
        link_id=door.link_id,
        wish=wish,
        why=why.value,
        text=text,
        contact=contact,
        left_at=tools.clock.now(),
        done_at=None,
        done_by=None,
    )

    def unit(conn: sa.Connection) -> bool:
        if store.count_at(conn, door.workspace_id, door.agent_id) >= _MOST_OPEN:
            raise TooMany("no more notes are taken just now", retry_after=HOUR // 1000)
        is_new = keeping.leave(conn, note, door.workspace_id)
        if is_new and tools.mail.way != "none":
            tools.queue.enqueue(conn, GATHER, {"workspace": door.workspace_id})
        return is_new

    if not await tools.db.write(unit):
        await tools.limits.take_back(limits, pace)  # the same one came at the same moment


async def gather(tools: Tools, job: Job) -> None:
    """Have everybody who makes links told of what was left, unless they were told already."""
    workspace: str = job.payload["workspace"]

    def unit(conn: sa.Connection) -> None:
        now = tools.clock.now()
        quiet_until = store.last_told(conn, workspace) + _QUIET
        if now < quiet_until:
            tools.queue.enqueue(conn, GATHER, job.payload, run_at=quiet_until)
            return
        untold = store.take_untold(conn, workspace, now)
        if not untold:
            return
        about = {"workspace": workspace, "number": len(untold), "agent": untold[0]}
        if len(set(untold)) > 1:
            about["agent"] = ""
        for person in staff.every_person(conn, workspace):
            if person.disabled_at is None and Permission.LINKS_MANAGE in MAY[person.role]:
                tools.queue.enqueue(conn, TELL, {**about, "person": person.id})

    await tools.db.write(unit)


async def tell(tools: Tools, job: Job) -> None:
    """Send one of the team the mail; what was left stands in the studio, not in the mail.

    Raises:
        MailAway: to be tried again. GivenUp: the mail server will never take it.
    """
    told: Any = job.payload
    try:
        person = await tools.db.read(staff.find_person, told["workspace"], told["person"])
    except NotFound:
        return
    if person.disabled_at is not None:
        return
    names = await tools.db.read(agents.names, [told["agent"]])
    await workspaces.meet(tools, told["workspace"])
    place = f"{address.home(tools, told['workspace'])}/studio/notes"
    mail = letter(person.email, names.get(told["agent"], ""), told["number"], place)
    try:
        await tools.mail.send(mail)
    except MailRefused as error:
        raise GivenUp(error.detail) from None


def letter(to: str, agent: str, number: int, place: str) -> Mail:
    """Write the mail that says what waits, and where."""
    about = f" for {tame(agent, _LONGEST_NAME)}" if agent else ""
    subject = f"Somebody left a note{about}" if number == 1 else f"{number} notes were left{about}"
    said = (
        f"{subject}, at a link that was shut for them.",
        f"Read and answer: {place}",
        "You get this mail because you may make links there.",
    )
    return Mail(to=to, subject=subject, text="\n\n".join(said) + "\n", html=paragraphs(*said))


def _limits(tools: Tools, link_id: str, place: str) -> list[Limit]:
    of_link = Limit(f"notes at {link_id}", _MOST_PER_LINK, window=HOUR)
    most = tools.settings.notes_per_hour
    return [Limit(place, most, window=HOUR), of_link] if most else [of_link]


def _id(tools: Tools, door: Door, form: str) -> str:
    """Name a note: by its form at this link, so that sending it twice leaves one."""
    if not form:
        return new_id("nte")
    return f"nte_{tools.keys.hashed(f'note {door.link_id} {form[:100]}')[:22]}"
