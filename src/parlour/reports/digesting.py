"""Digests: how it went in the last day or week, once to whoever wants to know, at their hour."""

from typing import Final

import sqlalchemy as sa
import structlog

from parlour import workspaces
from parlour.insights import analysis, metrics, terms
from parlour.insights.metrics import Amounts, Report
from parlour.insights.spans import Span
from parlour.kit.clock import Moment
from parlour.kit.mail import Line, Mail, MailRefused
from parlour.kit.queue import Job
from parlour.links import address
from parlour.reports import letters, rules
from parlour.reports.letters import To
from parlour.rights import Permission, Who
from parlour.staff import mails, standing
from parlour.staff import store as staff
from parlour.staff.mails import DIGEST, Digest
from parlour.staff.model import Person
from parlour.tools import Tools

log = structlog.get_logger("parlour.reports")

SEND: Final = "reports.digest"
"""The job that sends one of them."""


async def hand_out(tools: Tools) -> None:
    """Have a digest sent to everybody for whom one is due; for a clock.

    Of several that were missed the last one is sent. Without a mail server nothing is due.
    """
    if tools.mail.way != "server":
        return
    now = tools.clock.now()
    people, begin = await tools.db.browse(mails.digested)
    if begin:
        await tools.db.write(mails.begin, begin, now)
    zones: dict[str, str] = {}
    for person, wishes in people:
        workspace = person.workspace_id
        if workspace not in zones:
            zones[workspace] = (await tools.db.read(terms.find, workspace)).zone
        due = rules.last_due(wishes, zones[workspace], now)
        if due is not None and due > wishes.sent_for:
            await tools.db.write(_take, tools, person, due)


def _take(conn: sa.Connection, tools: Tools, person: Person, due: Moment) -> None:
    if mails.take(conn, person.id, due):
        tools.queue.enqueue(conn, SEND, {"person": person.id, "due": due})


async def send(tools: Tools, job: Job) -> None:
    """Send somebody a digest; nothing where nothing happened.

    Raises:
        MailAway: to be tried again.
    """
    mail = await tools.db.browse(_mail, tools, job.payload["person"], job.payload["due"])
    if mail is None:
        return
    try:
        await tools.mail.send(mail)
    except MailRefused as error:
        log.warning("reports.refused", alert=DIGEST, error=error.detail)


def _mail(conn: sa.Connection, tools: Tools, person_id: str, due: Moment) -> Mail | None:
    person = staff.by_id(conn, person_id)
    if person is None:
        return None
    now = tools.clock.now()
    who = standing.now_of(conn, person.workspace_id, "person", person.id, now)
    often = mails.of(conn, person).digest
    if who is None or often is Digest.OFF or not who.may(Permission.CONVERSATIONS_SEE):
        return None
    span = rules.told_of(often, due, terms.find(conn, person.workspace_id).zone)
    workspaces.met(conn, tools, person.workspace_id)
    base = address.home(tools, person.workspace_id)
    to = To(person.email, base, base + mails.way_out(tools, person.id, DIGEST))
    return _written(conn, who, to, span)


def _written(conn: sa.Connection, who: Who, to: To, span: Span) -> Mail | None:
    """Write the digest of some days; None where nothing happened then."""
    found = metrics.report(conn, who, span)
    if not (found.total.sessions or found.total.messages or found.total.opened):
        return None
    lacking = [analysis.count_lacking(conn, who, each) for each in (span, span.before)]
    lines = _lines(found, (lacking[0], lacking[1]), to.base, span)
    number = found.total.sessions
    many = "1 conversation" if number == 1 else f"{number:,} conversations"
    days = "day" if span.days == 1 else f"{span.days} days"
    return letters.digest(to, f"{many}, {_days(span)}", days, lines)


def _lines(found: Report, lacking: tuple[int, int], base: str, span: Span) -> list[Line]:
    days = f"first={span.first}&last={span.last}"
    sessions, messages = f"{base}/studio/sessions?{days}", f"{base}/studio/messages?{days}"
    total, before = found.total, found.before
    lines = [
        _line("Conversations", total.sessions, before.sessions, sessions),
        _line("Visitors", total.visitors, before.visitors, sessions),
        _line("Answered", total.answered, before.answered, f"{sessions}&how=answered"),
        _line("With a person", total.handed, before.handed, f"{sessions}&how=person"),
        _line("Questions without an answer", *lacking, f"{messages}&show=questions"),
        _line("Answers that failed", total.failures, before.failures, f"{sessions}&how=failed"),
        _line("Thumbs up", total.good, before.good, f"{messages}&rating=up"),
        _line("Thumbs down", total.poor, before.poor, f"{messages}&rating=down"),
    ]
    if found.terms.prices:
        cost = [f"{terms.money(_cents(each))} {found.terms.currency}" for each in (total, before)]
        lines.append(Line("Cost", cost[0], cost[1], f"{base}/studio/metrics?{days}"))
    return lines


def _cents(each: Amounts) -> int:
    return round(each.cost, -4)


def _line(label: str, now: int, before: int, url: str) -> Line:
    return Line(label, f"{now:,}", f"{before:,}", url)


def _days(span: Span) -> str:
    first, last = span.first, span.last
    if first == last:
        return f"{last.day} {last:%B %Y}"
    if first.month == last.month:
        return f"{first.day} to {last.day} {last:%B %Y}"
    return f"{first.day} {first:%B} to {last.day} {last:%B %Y}"
