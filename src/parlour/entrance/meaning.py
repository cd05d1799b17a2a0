"""What the rows behind a token mean: the link's standing, its terms and uses, the agent's look."""

from typing import Final

import msgspec

from parlour.agents.model import Content
from parlour.agents.sharing import Mode, Sharing, sharing_of
from parlour.conversations.seats import Seats
from parlour.kit.clock import MINUTE
from parlour.kit.db import Row
from parlour.kit.hours import schedule_of
from parlour.links.past import Past
from parlour.links.rules import Standing
from parlour.links.uses import Terms as UseTerms
from parlour.links.uses import Use
from parlour.verification import rules as proving
from parlour.verification.rules import NOTHING, Terms, When
from parlour.visitors import UNUSED


class Look(msgspec.Struct, frozen=True):
    """How a link looks besides its agent, and where."""

    origins: tuple[str, ...] = ()
    """The sites in whose pages the chat may stand."""
    theme: str = "auto"
    title: str = ""
    about: str = ""
    """What messengers show of the link, for everybody; empty tells nothing."""
    kept_days: int = 0
    """How many days after its last message a conversation is deleted; 0: it is not."""


PLAIN: Final = Look()


class Behind(msgspec.Struct, frozen=True):
    """What stands behind a token, whoever comes and whenever: as its row says, and no more."""

    row: Row
    sharing: Sharing
    terms: Terms
    """What the door asks visitors to prove."""
    use_terms: UseTerms
    seats: Seats | None
    """How many may talk at once; None where any number may."""
    look: Look
    standing: Standing
    """What decides about the link while it has a use left, at its present address."""


def behind(row: Row) -> Behind:
    """Return what a door's row means."""
    sharing = sharing_of(row.sharing)
    return Behind(
        row=row,
        sharing=sharing,
        terms=_terms(row, sharing),
        use_terms=UseTerms(sharing.use_idle_minutes * MINUTE, sharing.use_longest_minutes * MINUTE),
        seats=Seats(row.seats, sharing.seats) if row.seats or sharing.seats else None,
        look=_look(row),
        standing=_standing(row, sharing),
    )


def _terms(row: Row, sharing: Sharing) -> Terms:
    if sharing.verify == "off" and row.require_email is None:
        return NOTHING
    emails = row.emails
    return proving.terms(
        When(sharing.verify),
        sharing.verify_after,
        sharing.emails,
        link_requires=row.require_email,
        link_emails=None if emails is None else tuple(emails),
    )


def worn(content: Content, row: Row) -> Content:
    """Return what visitors get of an agent as a widget shows it."""
    if row.title is row.widget_welcome is row.logo is row.accent is None:
        return content
    return msgspec.structs.replace(
        content,
        display_name=row.title or content.display_name,
        welcome_message=row.widget_welcome or content.welcome_message,
        avatar=row.logo or content.avatar,
        accent=row.accent or content.accent,
    )


def use_of(row: Row, who: Row) -> Use | None:
    """Return the use that a visitor has, where it matters; one that was never taken is long over.

    Whoever confirmed an address and said nothing yet has used nothing.
    """
    if who.visitor_id is None or not (row.max_uses or who.use_began_at == UNUSED):
        return None
    return Use(who.use_began_at, who.use_last_at)


def standing_of(found: Behind, old: Past | None, *, is_used_up: bool) -> Standing:
    """Return what decides about the link; `old`: the address it had before that was come by."""
    if old is None and not is_used_up:
        return found.standing
    by = {} if old is None else {"token_expires": old.token_expires, "replaced_at": old.ends_at}
    return msgspec.structs.replace(found.standing, is_used_up=is_used_up, **by)


def _look(row: Row) -> Look:
    sites = row.widget_origins if row.origins is None else row.origins
    if not (sites or row.theme or row.link_title or row.kept_days):
        return PLAIN
    told = row.link_title or "", row.about or ""
    return Look(tuple(sites or ()), row.theme or "auto", *told, kept_days=row.kept_days)


def _standing(row: Row, sharing: Sharing) -> Standing:
    return Standing(
        kind=row.kind,
        token_expires=row.token_expires,
        expires_at=row.expires_at,
        enabled=row.enabled,
        revoked=row.revoked_at is not None,
        agent_published=row.published is not None,
        agent_live=row.live,
        agent_deleted=row.deleted_at is not None,
        agent_private=sharing.mode is Mode.PRIVATE,
        schedule=schedule_of(row.schedule) or sharing.schedule,
    )
