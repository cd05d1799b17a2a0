"""What the rows behind a token mean: the link's standing, its terms and uses, the agent's look."""

import msgspec

from parlour.agents.model import Content
from parlour.agents.sharing import Mode, Sharing
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


def terms_of(row: Row, sharing: Sharing) -> Terms:
    """Return what the door asks visitors to prove."""
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


def use_terms(sharing: Sharing) -> UseTerms:
    """Return how long a use of a link lasts."""
    return UseTerms(sharing.use_idle_minutes * MINUTE, sharing.use_longest_minutes * MINUTE)


def standing_of(row: Row, sharing: Sharing, old: Past | None, *, is_used_up: bool) -> Standing:
    """Return what decides about the link; `old`: the address it had before that was come by."""
    return Standing(
        kind=row.kind,
        token_expires=row.token_expires if old is None else old.token_expires,
        replaced_at=None if old is None else old.ends_at,
        expires_at=row.expires_at,
        enabled=row.enabled,
        revoked=row.revoked_at is not None,
        agent_published=row.published is not None,
        agent_live=row.live,
        agent_deleted=row.deleted_at is not None,
        agent_private=sharing.mode is Mode.PRIVATE,
        is_used_up=is_used_up,
        schedule=schedule_of(row.schedule) or sharing.schedule,
    )
