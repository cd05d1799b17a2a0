"""Mails that come by themselves: which of them somebody gets, and the way out of each."""

import hmac
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from parlour import events
from parlour.events import Kind
from parlour.kit.clock import Moment
from parlour.kit.db import Json, insert_or_ignore, metadata
from parlour.kit.errors import FieldError, Invalid, NotAllowed, NotFound
from parlour.rights import Permission, Role, Who
from parlour.staff import store
from parlour.staff.model import Person
from parlour.staff.people import person_who
from parlour.tools import Tools


class Digest(StrEnum):
    """How often somebody hears how it went."""

    OFF = "off"
    DAILY = "daily"
    WEEKLY = "weekly"


class Alert(StrEnum):
    """What somebody hears of as soon as it happens."""

    BUDGET = "budget"
    """A budget of tokens is nearly spent, or spent."""
    FAILING = "failing"
    """An agent fails again and again, and later: it answers again."""
    ENDING = "ending"
    """A link ends within a day."""
    WEBHOOK = "webhook"
    """A webhook was turned off."""
    JOBS = "jobs"
    """Work in the background was given up."""


NEEDS: Final = {
    Alert.BUDGET: Permission.AGENTS_SEE,
    Alert.FAILING: Permission.AGENTS_SEE,
    Alert.ENDING: Permission.LINKS_SEE,
    Alert.WEBHOOK: Permission.WEBHOOKS_SEE,
    Alert.JOBS: Permission.EVENTS_SEE,
}
"""What somebody must be allowed to see who is told of it."""
DIGEST: Final = "digest"
"""What the way out of a digest is called, beside the names of alerts."""
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MAC: Final = 32

mail_wishes = sa.Table(
    "mail_wishes",
    metadata,
    sa.Column("person_id", sa.ForeignKey("people.id"), primary_key=True),
    sa.Column("workspace_id", sa.String(40), nullable=False),
    sa.Column("digest", sa.String(8), nullable=False),
    sa.Column("weekday", sa.SmallInteger, nullable=False),
    sa.Column("hour", sa.SmallInteger, nullable=False),
    sa.Column("alerts", Json, nullable=False),
    sa.Column("sent_for", sa.BigInteger, nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
    sa.Index("mail_wishes_workspace", "workspace_id"),
)
"""Which mails somebody gets. `sent_for` is when the last digest was due: no other is for then."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """Which mails somebody gets, and when."""

    digest: Digest
    weekday: int
    """The day of a weekly digest; Monday is 0."""
    hour: int
    """From 0 to 23, as clocks show it where the workspace counts its days."""
    alerts: frozenset[Alert]
    sent_for: Moment = 0
    updated_at: Moment = 0


def usual(person: Person) -> Wishes:
    """Return what somebody gets who has said nothing: an owner a digest each week, and all alerts.

    Nobody else gets a mail that they did not ask for.
    """
    if person.role is Role.OWNER:
        return Wishes(Digest.WEEKLY, 0, 8, frozenset(Alert))
    return Wishes(Digest.OFF, 0, 8, frozenset())


def digest_of(word: str) -> Digest:
    """Read how often; Invalid for what is no way to get digests."""
    if word not in set(Digest):
        raise _wrong("digest", f"is one of {', '.join(Digest)}")
    return Digest(word)


def alert_of(word: str) -> Alert:
    """Read of what; Invalid for what is no alert."""
    if word not in set(Alert):
        raise _wrong("alerts", f"are of {', '.join(Alert)}")
    return Alert(word)


def weekday_of(word: str) -> int:
    """Read the name of a day; Invalid for what is none."""
    if word not in WEEKDAYS:
        raise _wrong("weekday", f"is one of {', '.join(WEEKDAYS)}")
    return WEEKDAYS.index(word)


def number_of(name: str, text: str) -> int:
    """Read a small number as a form sends it; Invalid for what is none."""
    if not (text.isascii() and text.isdigit() and len(text) < 3):
        raise _wrong(name, "is a number")
    return int(text)


def of(conn: sa.Connection, person: Person) -> Wishes:
    """Return which mails somebody gets."""
    row = conn.execute(sa.select(mail_wishes).where(mail_wishes.c.person_id == person.id)).first()
    return usual(person) if row is None else _wishes(row)


def offered(person: Person) -> list[Alert]:
    """Return the alerts that somebody may have, as their role is."""
    return [alert for alert in Alert if person_who(person).may(NEEDS[alert])]


def wanting(conn: sa.Connection, workspace_id: str, alert: Alert) -> list[Person]:
    """Return who of a workspace hears of an alert."""
    return [
        person
        for person in store.every_person(conn, workspace_id)
        if person.disabled_at is None
        and person_who(person).may(NEEDS[alert])
        and alert in of(conn, person).alerts
    ]


def digested(conn: sa.Connection) -> tuple[list[tuple[Person, Wishes]], list[Person]]:
    """Return everybody who gets digests, and the owners of whom nothing is written down yet."""
    rows = {row.person_id: _wishes(row) for row in conn.execute(sa.select(mail_wishes))}
    found = store.owners_and(conn, rows)
    return (
        [(each, rows[each.id]) for each in found
         if each.id in rows and rows[each.id].digest is not Digest.OFF],
        [each for each in found if each.id not in rows],
    )  # fmt: skip


def begin(conn: sa.Connection, owners: Iterable[Person], now: Moment) -> None:
    """Write down what owners get who have said nothing: their first digest is the next one."""
    for owner in owners:
        conn.execute(insert_or_ignore(conn, mail_wishes), _row(owner, usual(owner), now, now))


def take(conn: sa.Connection, person_id: str, due: Moment) -> bool:
    """Take a digest that is due; True for exactly one of those who try."""
    c = mail_wishes.c
    mine = sa.update(mail_wishes).where(
        c.person_id == person_id, c.sent_for < due, c.digest != Digest.OFF.value
    )
    return conn.execute(mine.values(sent_for=due)).rowcount == 1


async def change(
    tools: Tools,
    who: Who,
    person_id: str,
    *,
    digest: Digest | None = None,
    weekday: int | None = None,
    hour: int | None = None,
    alerts: Collection[Alert] | None = None,
) -> Wishes:
    """Change which mails somebody gets: oneself, or as who manages people; what is None stays.

    Raises:
        NotAllowed: they are somebody else's. Invalid: this is no day or hour, or an alert that
        they may not have. NotFound: there is nobody of that id.
    """
    is_own = who.kind == "person" and who.id == person_id
    if not is_own and not who.may(Permission.PEOPLE_MANAGE):
        raise NotAllowed("these are somebody else's mails")
    if weekday is not None and not 0 <= weekday < len(WEEKDAYS):
        raise _wrong("weekday", "is a day of the week")
    if hour is not None and not 0 <= hour < 24:
        raise _wrong("hour", "is from 0 to 23")

    def unit(conn: sa.Connection) -> Wishes:
        person = store.hold_person(conn, who.workspace_id, person_id)
        if not set(alerts or ()) <= set(offered(person)):
            raise _wrong("alerts", "are of what this person may see")
        held = of(conn, person)
        new = replace(
            held,
            digest=held.digest if digest is None else digest,
            weekday=held.weekday if weekday is None else weekday,
            hour=held.hour if hour is None else hour,
            alerts=held.alerts if alerts is None else frozenset(alerts),
        )
        return held if new == held else _keep(conn, tools, who, person, new)

    return await tools.db.write(unit)


def _keep(conn: sa.Connection, tools: Tools, who: Who, person: Person, new: Wishes) -> Wishes:
    now = tools.clock.now()
    # What was due before somebody asked for it is not sent.
    new = replace(new, sent_for=max(now, new.sent_for), updated_at=max(now, new.updated_at + 1))
    mine = mail_wishes.c.person_id == person.id
    conn.execute(sa.delete(mail_wishes).where(mine))
    row = _row(person, new, new.sent_for, new.updated_at)
    conn.execute(sa.insert(mail_wishes), row)
    data = {"person": person.id, "digest": new.digest.value, "alerts": row["alerts"]}
    events.record(conn, Kind.PERSON_MAILS_CHANGED, who, now, data=data)
    return new


def way_out(tools: Tools, person_id: str, what: str) -> str:
    """Return the path at which one kind of mail is turned off, for whoever has the mail."""
    mac = tools.keys.hashed(_signed(person_id, what))[:_MAC]
    return f"/studio/mails/{person_id}-{what}-{mac}"


def led_out(tools: Tools, token: str) -> tuple[str, str] | None:
    """Return whose mails, and which, an address turns off; None for one that is not ours."""
    person_id, _, rest = token.partition("-")
    what, _, mac = rest.partition("-")
    if what != DIGEST and what not in set(Alert):
        return None
    made = tools.keys.hashes(_signed(person_id, what))
    is_ours = any(hmac.compare_digest(each[:_MAC].encode(), mac.encode()) for each in made)
    return (person_id, what) if is_ours else None


async def named(tools: Tools, token: str) -> tuple[Person, str]:
    """Return whose mails, and which, an address turns off that is good at this host.

    Raises:
        NotFound: it is not ours, its person is gone, or it is of another workspace's host.
    """
    found = led_out(tools, token)
    person = None if found is None else await tools.db.read(store.by_id, found[0])
    if found is None or person is None or not tools.has(person.workspace_id):
        raise NotFound("there is nothing here")
    return person, found[1]


async def turn_off(tools: Tools, token: str) -> str:
    """Turn one kind of mail off, for whoever has its mail; again changes nothing. Says which.

    NotFound as in `named`.
    """
    person, what = await named(tools, token)
    if what == DIGEST:
        await change(tools, person_who(person), person.id, digest=Digest.OFF)
    else:
        held = await tools.db.read(of, person)
        left = held.alerts - {Alert(what)}
        await change(tools, person_who(person), person.id, alerts=left & {*offered(person)})
    return what


def _signed(person_id: str, what: str) -> str:
    return f"mails of {person_id}: {what}"


def _wishes(row: Any) -> Wishes:
    alerts = frozenset(Alert(each) for each in row.alerts if each in set(Alert))
    return Wishes(Digest(row.digest), row.weekday, row.hour, alerts, row.sent_for, row.updated_at)


def _row(person: Person, wishes: Wishes, sent_for: Moment, at: Moment) -> dict[str, Any]:
    return {
        "person_id": person.id,
        "workspace_id": person.workspace_id,
        "digest": wishes.digest.value,
        "weekday": wishes.weekday,
        "hour": wishes.hour,
        "alerts": sorted(each.value for each in wishes.alerts),
        "sent_for": sent_for,
        "updated_at": at,
    }


def _wrong(name: str, message: str) -> Invalid:
    return Invalid(f"{name} {message}", errors=[FieldError(name, message)])
