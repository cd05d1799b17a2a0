"""Making, changing and revoking links."""

from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from parlour import events
from parlour.kit import addresses, hours, origins
from parlour.kit.clock import Moment
from parlour.kit.errors import FieldError, Invalid, Stale
from parlour.kit.hours import Schedule
from parlour.kit.texts import trouble
from parlour.kit.tokens import new_link_id
from parlour.links import limits, naming, rules, store
from parlour.links.store import Link
from parlour.links.uses import MOST
from parlour.rights import Who
from parlour.tools import Tools

LONGEST_NAME = 200
LONGEST_WELCOME = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a new link shall be."""

    kind: rules.Kind = rules.Kind.PERMANENT
    name: str | None = None
    hours: float | None = None
    expires_at: Moment | None = None
    welcome_message: str | None = None
    enabled: bool = True
    require_email: bool | None = None
    """Whether visitors confirm an address first; None leaves it to the agent."""
    emails: tuple[str, ...] | None = None
    """Whose addresses are good, `@domains` too; None leaves it to the agent."""
    widget_id: str | None = None
    """Whose look it has; a widget has one permanent link, see `share`."""
    max_uses: int = 0
    """How often a private link may be used; 0 is without a maximum."""
    rate_limit_per_minute: int | None = None
    """Messages of one visitor in any minute; 0 is without a limit, None as the agent says."""
    daily_token_limit: int | None = None
    """Tokens of one visitor in a day, UTC; likewise."""
    budget_tokens: int | None = None
    """Tokens of all its visitors in a period; None is without a budget of its own."""
    budget_period: str | None = None
    """`day`, `month` (also None) or `all`."""
    schedule: Schedule | None = None
    """When it is open; None as the agent says."""
    seats: int = 0
    """How many visitors may talk at once by it; 0 is any number."""
    origins: tuple[str, ...] | None = None
    """The sites in whose pages its chat may stand; None leaves it to the widget."""
    slug: str | None = None
    """A word that leads to a permanent link; see `naming`."""
    title: str | None = None
    about: str | None = None
    """What messengers show of it, for everybody."""


def ending(wish: Wish, now: Moment) -> Moment | None:
    """Return when the link of a wish ends; Invalid when the wish does not fit."""
    _check_texts(wish.name, wish.welcome_message)
    _check_uses(wish.kind, wish.max_uses)
    limits.check(asdict(wish))
    _check_name(wish.kind, wish.name)
    naming.check(wish.kind, wish.slug)
    naming.check_card(wish.kind, wish.title, wish.about)
    return rules.ending(wish.kind, wish.hours, wish.expires_at, now)


async def create(tools: Tools, who: Who, agent_id: str, wish: Wish) -> Link:
    """Make a link to an agent of the workspace.

    Invalid when the wish does not fit its kind, Conflict when its word leads to another link.
    Private ones are made by `private.invite`, which knows how many there may be.
    """
    if wish.kind is rules.Kind.PRIVATE:
        message = "private links are made by themselves, not among the public ones"
        raise Invalid(message, errors=[FieldError("kind", message)])
    link = wished(tools, who, agent_id, wish)

    def unit(conn: sa.Connection) -> Link:
        insert(conn, who, link)
        return link

    return await _written(tools, unit)


def insert(conn: sa.Connection, who: Who, link: Link) -> None:
    """Store a new link, with its event; Conflict when its word leads to another one."""
    naming.require_free(conn, link.slug)
    store.insert(conn, link)
    record(conn, events.Kind.LINK_CREATED, who, link, {"kind": link.kind.word})


async def share(tools: Tools, who: Who, agent_id: str, wish: Wish) -> tuple[Link, bool]:
    """Return a link of the wish's widget, and whether it is new.

    A permanent one is the same each time, also for two who ask at once; one that was revoked is
    followed by another. A temporary one is always new. Errors as in `create`.
    """
    if wish.kind is not rules.Kind.PERMANENT:
        return await create(tools, who, agent_id, wish), True
    link = wished(tools, who, agent_id, wish)

    def unit(conn: sa.Connection) -> tuple[Link, bool]:
        standing, is_new = store.insert_standing(conn, link)
        if is_new:
            record(conn, events.Kind.LINK_CREATED, who, link, {"kind": link.kind.word})
        return standing, is_new

    return await tools.db.write(unit)


def wished(tools: Tools, who: Who, agent_id: str, wish: Wish) -> Link:
    """Return the link that a wish describes, not stored yet. Invalid when it does not fit."""
    now = tools.clock.now()
    ends = ending(wish, now)
    _require_mail(tools, wish.require_email)
    return Link(
        id=new_link_id(),
        workspace_id=who.workspace_id,
        agent_id=agent_id,
        kind=wish.kind,
        name=wish.name,
        token_expires=store.token_seconds(ends),
        expires_at=ends,
        enabled=wish.enabled,
        welcome_message=wish.welcome_message,
        uses=0,
        created_at=now,
        created_by=who.name,
        updated_at=now,
        widget_id=wish.widget_id,
        require_email=wish.require_email,
        emails=_listed(wish.emails),
        max_uses=wish.max_uses,
        rate_limit_per_minute=wish.rate_limit_per_minute,
        daily_token_limit=wish.daily_token_limit,
        budget_tokens=wish.budget_tokens,
        budget_period=wish.budget_period,
        schedule=None if wish.schedule is None else hours.checked(wish.schedule),
        seats=wish.seats,
        origins=_sites(wish.origins),
        slug=naming.check(wish.kind, wish.slug),
        title=wish.title or None,
        about=wish.about or None,
    )


async def change(
    tools: Tools, who: Who, link: Link, wanted: dict[str, Any], seen: Moment | None = None
) -> Link:
    """Change `name`, `welcome_message`, `enabled`, `expires_at`, `max_uses`; what is absent stays.

    And `require_email`, `emails`, `schedule`, of which None leaves it to the agent, `origins`, of
    which None leaves it to the widget, limits, and `slug`, `title`, `about`.

    A maximum may be lowered below what was used: nobody new comes in then, and whoever is in the
    middle of a use may finish it.
    `seen`: its `updated_at` when the caller last looked; Stale when it was changed since.
    NotFound when it is gone; Invalid for an end later than the token's, or of a permanent link;
    Conflict when its word leads to another one.
    """
    _check_texts(wanted.get("name"), wanted.get("welcome_message"))
    wanted = dict(wanted)
    if "emails" in wanted:
        wanted["emails"] = _listed(wanted["emails"])
    if "origins" in wanted:
        wanted["origins"] = _sites(wanted["origins"])
    if wanted.get("schedule") is not None:
        wanted["schedule"] = hours.checked(wanted["schedule"])
    if wanted.get("require_email") != link.require_email:
        _require_mail(tools, wanted.get("require_email"))
    _check_uses(link.kind, wanted.get("max_uses", link.max_uses))
    limits.check(wanted)
    _check_name(link.kind, wanted.get("name", link.name))
    if "slug" in wanted:
        wanted["slug"] = naming.check(link.kind, wanted["slug"])
    naming.check_card(link.kind, wanted.get("title"), wanted.get("about"))
    wanted |= {field: wanted[field] or None for field in ("title", "about") if field in wanted}

    def unit(conn: sa.Connection) -> Link:
        now = tools.clock.now()
        held = hold(conn, link, seen)
        values = dict(wanted)
        if values.get("slug") not in {None, held.slug}:
            naming.require_free(conn, values["slug"])
        if "expires_at" in values:
            values["expires_at"] = rules.shortened(
                held.kind, held.token_expires, values["expires_at"], now
            )
        at = store.change(conn, held, now, who.name, values)
        changed = replace(held, updated_at=at, updated_by=who.name, **values)
        told = {"fields": sorted(values)}
        record(conn, events.Kind.LINK_CHANGED, who, changed, told)
        return changed

    return await _written(tools, unit)


async def _written(tools: Tools, unit: Callable[[sa.Connection], Link]) -> Link:
    try:
        return await tools.db.write(unit)
    except IntegrityError:  # somebody took the word at the same moment
        raise naming.taken() from None


async def revoke(tools: Tools, who: Who, link: Link, seen: Moment | None = None) -> None:
    """End a link for good; it answers as if it had never been. Errors as in `change`."""

    def unit(conn: sa.Connection) -> None:
        _revoke(conn, who, hold(conn, link, seen), tools.clock.now())

    await tools.db.write(unit)


async def switch_all(
    tools: Tools, who: Who, link_ids: Collection[str], *, enabled: bool
) -> list[Link]:
    """Switch links of the workspace on or off; return those that this changed.

    One transaction for all of them. What is gone, or is as wished already, is left alone.
    """

    def unit(conn: sa.Connection) -> list[Link]:
        now = tools.clock.now()
        changed = []
        for held in store.hold_all(conn, who.workspace_id, link_ids, who.agent_id):
            if held.enabled != enabled:
                at = store.change(conn, held, now, who.name, {"enabled": enabled})
                link = replace(held, enabled=enabled, updated_at=at, updated_by=who.name)
                record(conn, events.Kind.LINK_CHANGED, who, link, {"fields": ["enabled"]})
                changed.append(link)
        return changed

    return await tools.db.write(unit)


async def revoke_all(tools: Tools, who: Who, link_ids: Collection[str]) -> list[Link]:
    """End links of the workspace for good, in one transaction; return those that this ended."""

    def unit(conn: sa.Connection) -> list[Link]:
        now = tools.clock.now()
        held = store.hold_all(conn, who.workspace_id, link_ids, who.agent_id)
        for each in held:
            _revoke(conn, who, each, now)
        return held

    return await tools.db.write(unit)


def _revoke(conn: sa.Connection, who: Who, held: Link, now: Moment) -> None:
    at = store.change(conn, held, now, who.name, {"revoked_at": now})
    record(conn, events.Kind.LINK_REVOKED, who, replace(held, updated_at=at))


def hold(conn: sa.Connection, link: Link, seen: Moment | None) -> Link:
    """Read a link that nobody else changes until the transaction ends; errors as in `change`."""
    held = store.hold(conn, link.id)
    if seen is not None and held.updated_at != seen:
        by = held.updated_by or held.created_by
        raise Stale(f"{by} changed this link meanwhile; read it again")
    return held


def record(
    conn: sa.Connection, kind: events.Kind, who: Who, link: Link, data: dict[str, Any] | None = None
) -> None:
    """Write down what somebody did to a link, as it is now."""
    at, agent = link.updated_at, link.agent_id
    events.record(conn, kind, who, at, agent_id=agent, link_id=link.id, data=data)


def _listed(emails: Collection[str] | None) -> tuple[str, ...] | None:
    return None if emails is None else addresses.listing(emails)


def _sites(given: Collection[str] | None) -> tuple[str, ...] | None:
    return None if given is None else origins.listing(given)


def _require_mail(tools: Tools, asks: bool | None) -> None:  # noqa: FBT001 - as the link says it
    if asks and not tools.settings.sends_mail:
        said = "needs a mail server, which PARLOUR_SMTP_URL names"
        raise Invalid(f"require_email {said}", errors=[FieldError("require_email", said)])


def _check_name(kind: rules.Kind, name: str | None) -> None:
    if kind is rules.Kind.PRIVATE and name is None:
        message = "a private link needs the name of who it is for"
        raise Invalid(message, errors=[FieldError("name", message)])


def _check_uses(kind: rules.Kind, max_uses: int) -> None:
    said = ""
    if max_uses and kind is not rules.Kind.PRIVATE:
        said = "only private links have a maximum of uses"
    elif not 0 <= max_uses <= MOST:
        said = f"must be 0, for no maximum, or at most {MOST}"
    if said:
        raise Invalid(said, errors=[FieldError("max_uses", said)])


def _check_texts(name: str | None, welcome: str | None) -> None:
    errors = []
    if name is not None and (said := trouble(name, LONGEST_NAME)):
        errors.append(FieldError("name", said))
    if welcome and (said := trouble(welcome, LONGEST_WELCOME, lines=True)):
        errors.append(FieldError("welcome_message", said))
    if errors:
        raise Invalid("the link's texts do not fit", errors=errors)
