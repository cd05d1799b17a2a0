"""Watching: what somebody should hear of is found once a minute, and told once, by a mail."""

from collections.abc import Iterable
from typing import Any, Final

import sqlalchemy as sa
import structlog

from parlour import workspaces
from parlour.agents import store as agents
from parlour.agents.model import Agent
from parlour.kit.clock import DAY, Moment
from parlour.kit.mail import Mail, MailRefused, tame
from parlour.kit.queue import Job
from parlour.links import address, listing
from parlour.links.rules import Kind
from parlour.links.store import Link
from parlour.reports import finding, letters, rules, store
from parlour.reports.finding import Matter
from parlour.reports.letters import LONGEST_NAME, To
from parlour.staff import mails, standing
from parlour.staff import store as staff
from parlour.staff.mails import Alert
from parlour.tools import Tools

log = structlog.get_logger("parlour.reports")

TELL: Final = "reports.tell"
"""The job that sends one of them the mail."""
_KEPT: Final = 60 * DAY


async def look(tools: Tools) -> None:
    """Find what there is to tell, and have everybody told who wants to hear of it; for a clock.

    Without a mail server nobody can be told, and nothing is taken for told.
    """
    if tools.mail.way != "server":
        return
    now = tools.clock.now()
    found = await tools.db.browse(finding.found, now)
    over = await tools.db.browse(finding.recovered, now)
    if found or over:
        await tools.db.write(_raise, tools, found, over, now)


def _raise(
    conn: sa.Connection, tools: Tools, found: list[Matter], over: list[Matter], now: Moment
) -> None:
    raised = [each for each in found if store.raise_one(conn, each.alert, rules.QUIET)]
    raised += [each for each in over if store.end(conn, each.alert.key, now)]
    store.forget(conn, now - _KEPT)
    of_kind: dict[tuple[str, Alert], list[Matter]] = {}
    for each in raised:
        alert = Alert(each.alert.kind)
        of_kind.setdefault((each.alert.workspace_id, alert), []).append(each)
    for (workspace_id, alert), matters in of_kind.items():
        for person in mails.wanting(conn, workspace_id, alert):
            who = standing.now_of(conn, workspace_id, "person", person.id, now)
            seen = [
                each
                for each in matters
                if who is not None and (each.agent_id is None or who.sees(each.agent_id))
            ]
            for about, facts in _letters(alert, seen):
                payload = {"person": person.id, "workspace": workspace_id, "alert": alert.value,
                           "about": about, "facts": facts}  # fmt: skip
                tools.queue.enqueue(conn, TELL, payload)


def _letters(alert: Alert, seen: list[Matter]) -> Iterable[tuple[list[str], dict[str, Any]]]:
    """Say what goes into which mail: links that end at once are told of together."""
    if alert is Alert.ENDING and seen:
        return [([each.alert.about for each in seen], {})]
    return [([each.alert.about], each.facts) for each in seen]


async def tell(tools: Tools, job: Job) -> None:
    """Send somebody the mail of an alert, unless they do not want it any more.

    Raises:
        MailAway: to be tried again.
    """
    mail = await tools.db.read(_mail, tools, job.payload)
    if mail is None:
        return
    try:
        await tools.mail.send(mail)
    except MailRefused as error:
        log.warning("reports.refused", alert=job.payload["alert"], error=error.detail)


def _mail(conn: sa.Connection, tools: Tools, told: dict[str, Any]) -> Mail | None:
    alert, facts = Alert(told["alert"]), told["facts"]
    person = staff.by_id(conn, told["person"])
    if (
        person is None
        or person.disabled_at is not None
        or alert not in mails.of(conn, person).alerts
    ):
        return None
    workspaces.met(conn, tools, person.workspace_id)
    base = address.home(tools, person.workspace_id)
    to = To(person.email, base, base + mails.way_out(tools, person.id, alert))
    match alert:
        case Alert.JOBS:
            return letters.jobs(to, facts["died"])
        case Alert.ENDING:
            return _ending(conn, to, told["about"])
        case Alert.BUDGET if facts["of"] == "link":
            link = listing.by_id(conn, told["about"][0])
            if link is None:
                return None
            return letters.budget(to, called(link), facts, f"/studio/links/{link.id}")
        case _:
            agent = agents.by_id(conn, told["about"][0])
    if agent is None:
        return None
    name, path = named(agent), f"/studio/agents/{agent.name}"
    if alert is Alert.FAILING:
        return letters.failing(to, name, facts, path)
    return letters.budget(to, name, facts, f"{path}/sharing")


def _ending(conn: sa.Connection, to: To, ids: list[str]) -> Mail | None:
    found = [listing.by_id(conn, each) for each in ids]
    links = [(called(each), each.expires_at or 0) for each in found if each is not None]
    if not links:
        return None
    path = f"/studio/links/{ids[0]}" if len(ids) == 1 else "/studio/links?view=soon"
    return letters.ending(to, links, path)


def called(link: Link) -> str:
    """Return what a mail calls a link; a private one has the name of whom it was made for."""
    if link.kind is Kind.PRIVATE:
        return "a private link"
    return tame(link.name or "", LONGEST_NAME) or "a link without a name"


def named(agent: Agent) -> str:
    """Return what a mail calls an agent."""
    return tame(agent.draft.display_name or agent.name, LONGEST_NAME)
