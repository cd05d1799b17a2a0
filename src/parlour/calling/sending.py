"""Telling one of the team of a handoff: a mail, or a signed call of a program of theirs."""

from dataclasses import dataclass
from typing import Any, Final

import orjson
import sqlalchemy as sa

from parlour import sharing, workspaces
from parlour.agents import store as agents
from parlour.calling.letters import letter
from parlour.conversations import handoffs
from parlour.conversations.handoffs import Handoff, Telling, Why
from parlour.kit.clock import HOUR, Moment, rfc3339
from parlour.kit.errors import Conflict, NotFound, Unavailable
from parlour.kit.http import Blocked, signed
from parlour.kit.limits import Limit
from parlour.kit.mail import MailRefused
from parlour.kit.queue import Job
from parlour.kit.queue.jobs import GivenUp
from parlour.links import address
from parlour.rights import Who
from parlour.staff import standing
from parlour.staff import store as staff
from parlour.staff.teams import hooks
from parlour.staff.teams import store as teams
from parlour.staff.teams.store import Team
from parlour.tools import Tools

SEND: Final = "handoffs.send"
"""The job that tells one of them."""

ANSWERABLE: Final = 12.0
"""Hours for which the link in a mail or a call lets somebody answer."""
_MOST_MAILS: Final = 30
"""Mails of this kind to one person in an hour; what waits beyond that stands in the studio."""


@dataclass(frozen=True, slots=True)
class Matter:
    """What is told: a handoff, its agent's name, and where it is answered in the studio."""

    handoff: Handoff
    telling: Telling
    agent: str
    place: str


async def send(tools: Tools, job: Job) -> None:
    """Tell one of the team, and note how it went.

    Raises:
        Unavailable: to be tried again. GivenUp: it will never be taken.
    """
    matter = await tools.db.read(_matter, tools, job.payload["telling"])
    if matter is None:
        return
    over = matter.handoff.ended_at is not None and matter.telling.why != Why.LEFT
    trouble = "it was over before this could be told" if over else None
    if trouble is None:
        try:
            tell = _by_mail if matter.telling.way == "mail" else _by_hook
            trouble = await tell(tools, matter)
        except (Conflict, NotFound):  # shared too often, or out of their sight since
            trouble = "the conversation could not be shared with them"
        except (MailRefused, Blocked) as error:
            trouble = f"refused: {error}"[:200]
    at = None if trouble else tools.clock.now()
    await tools.db.write(handoffs.told, matter.telling.id, at, trouble)


def buried(conn: sa.Connection, job: Job) -> None:
    """Note that telling somebody was given up."""
    handoffs.told(conn, job.payload["telling"], None, "tried again and again, and given up")


def _matter(conn: sa.Connection, tools: Tools, telling_id: str) -> Matter | None:
    telling = handoffs.telling(conn, telling_id)
    if telling is None or telling.done_at is not None or telling.trouble is not None:
        return None
    handoff = handoffs.find(conn, telling.handoff_id)
    if handoff is None:
        return None
    agent = agents.by_id(conn, handoff.agent_id)
    name = "" if agent is None else agent.draft.display_name or agent.name
    workspaces.met(conn, tools, handoff.workspace_id)
    home = address.home(tools, handoff.workspace_id)
    place = f"{home}/studio/conversations/{handoff.conversation_id}"
    return Matter(handoff, telling, name, place)


async def _by_mail(tools: Tools, matter: Matter) -> str | None:
    workspace, person_id = matter.handoff.workspace_id, matter.telling.to_id
    now = tools.clock.now()
    who = await tools.db.read(standing.now_of, workspace, "person", person_id, now)
    if who is None:
        return "they are not here any more"
    pace = await tools.limits.hit([Limit(f"handoff mails {person_id}", _MOST_MAILS, window=HOUR)])
    if not pace.passed:
        return "they had too many of these mails within an hour"
    person = await tools.db.read(staff.find_person, workspace, person_id)
    url = ""
    if matter.telling.why != Why.LEFT:
        url = await _share(tools, who, matter.handoff)
    await tools.mail.send(letter(person.email, matter.agent, matter.telling.why, matter.place, url))
    return None


async def _by_hook(tools: Tools, matter: Matter) -> str | None:
    try:
        team = await tools.db.read(teams.find, matter.handoff.workspace_id, matter.telling.to_id)
    except NotFound:
        return "the team is not there any more"
    if team.hook_url is None or team.hook_secret is None:
        return "there is no program to tell any more"
    house = Who("system", matter.handoff.agent_id, matter.agent, matter.handoff.workspace_id)
    url = "" if matter.telling.why == Why.LEFT else await _share(tools, house, matter.handoff)
    document = _document(matter, team, url, tools.clock.now())
    answer = await called(tools, team, matter.telling.id, document)
    if answer.status == signed.GONE:
        said = "the program said that it is gone (410), and is told no more"
        await tools.db.write(lambda conn: hooks.give_up(conn, team.id, said, off=True))
        return said
    if not answer.is_taken:
        raise Unavailable(f"the program answered {answer.status}")
    await tools.db.write(hooks.well, team.id)
    return None


async def called(tools: Tools, team: Team, id_: str, document: dict[str, Any]) -> signed.Answer:
    """Call a team's program with a signed document; return what it answered.

    Raises:
        Unavailable: it did not answer. GivenUp: its secret is lost. Blocked: its address may not
        be called.
    """
    try:
        secret = tools.keys.unseal(team.hook_secret or "")
    except ValueError:
        raise GivenUp("the secret of the program was sealed with a key that is gone") from None
    body = orjson.dumps(document)
    return await signed.call(tools.http, team.hook_url or "", [secret], id_, body)


async def _share(tools: Tools, who: Who, handoff: Handoff) -> str:
    return await sharing.make_for_handoff(tools, who, handoff.conversation_id, ANSWERABLE)


def _document(matter: Matter, team: Team, url: str, now: Moment) -> dict[str, Any]:
    """Write down what a program is told; of what was said nothing: that stands behind the links."""
    handoff = matter.handoff
    kind = {Why.LEFT: "handoff.address_left", Why.ESCALATED: "handoff.escalated"}.get(
        Why(matter.telling.why), "handoff.requested"
    )
    data = {
        "handoff_id": handoff.id,
        "conversation_id": handoff.conversation_id,
        "agent": matter.agent,
        "team": team.name,
        "asked_by": handoff.asked_by,
        "asked_at": rfc3339(handoff.asked_at),
        "waits_until": rfc3339(handoff.until) if handoff.ends else None,
        "studio_url": matter.place,
        "answer_url": url or None,
    }
    return {"type": kind, "timestamp": rfc3339(now), "data": data}
