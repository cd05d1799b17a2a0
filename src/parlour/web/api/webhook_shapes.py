"""Webhooks and what was delivered to them, as programs see them."""

import msgspec

from parlour.kit.clock import rfc3339
from parlour.web.api import moments
from parlour.webhooks.deliveries import Delivery
from parlour.webhooks.keeping import Made
from parlour.webhooks.store import Hook


class WebhookShown(msgspec.Struct, frozen=True):
    """A program that is told of events."""

    id: str
    name: str
    url: str
    events: list[str]
    """The kinds of events that it is told of."""
    personal: bool
    """Whether personal details are in what it is told; otherwise they are masked."""
    enabled: bool
    off_why: str | None
    """Why it was turned off, where nobody did it."""
    failing_since: str | None
    """Since when it takes nothing; null while all is well."""
    trouble: str | None
    """What was wrong the last time; null while all is well."""
    old_secret_until: str | None
    """Until when calls are signed with the secret before, too."""
    created_at: str
    updated_at: str
    updated_by: str
    secret: str | None
    """What its calls are signed with, shown once: where it was made just now."""


class DeliveryShown(msgspec.Struct, frozen=True):
    """An event, as a webhook was told of it, or is to be."""

    id: str
    """The `webhook-id` that goes out with it, the same at every try."""
    event_id: str | None
    """Null for a test."""
    kind: str
    state: str
    """`waiting`, `delivered`, `failed`, or `dropped`: what it tells of is gone."""
    attempts: int
    status: int | None
    """What the program answered the last time; null when it did not."""
    trouble: str | None
    took_ms: int | None
    """How long the last try took."""
    made_at: str
    tried_at: str | None
    due_at: str | None
    """When it is tried next; null while another one of the same conversation comes first."""
    done_at: str | None


def shown(hook: Hook, secret: str | None = None) -> WebhookShown:
    """Show a webhook, with the secret that was made for it just now, if any."""
    return WebhookShown(
        id=hook.id,
        name=hook.name,
        url=hook.url,
        events=list(hook.kinds),
        personal=hook.sees_personal,
        enabled=hook.is_on,
        off_why=hook.off_why,
        failing_since=moments.written(hook.failing_since),
        trouble=hook.trouble,
        old_secret_until=moments.written(hook.old_until),
        created_at=rfc3339(hook.created_at),
        updated_at=rfc3339(hook.updated_at),
        updated_by=hook.updated_by,
        secret=secret,
    )


def made_shown(made: Made) -> WebhookShown:
    """Show a webhook that was just made or changed."""
    return shown(made.hook, made.secret)


def delivery_shown(one: Delivery) -> DeliveryShown:
    """Show a delivery."""
    return DeliveryShown(
        id=one.id,
        event_id=None if one.event_id is None else str(one.event_id),
        kind=one.kind,
        state=one.state.value,
        attempts=one.attempts,
        status=one.status,
        trouble=one.trouble,
        took_ms=one.took_ms,
        made_at=rfc3339(one.made_at),
        tried_at=moments.written(one.tried_at),
        due_at=moments.written(one.due),
        done_at=moments.written(one.done_at),
    )
