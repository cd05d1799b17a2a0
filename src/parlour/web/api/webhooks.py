"""Webhooks for programs: list, make, change, test, delete; deliveries, replayed and dropped."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec
from litestar import Response, delete, get, post, put
from litestar.params import QueryParameter
from msgspec import UNSET, UnsetType

from parlour.rights import Permission, Who
from parlour.tools import Tools
from parlour.web.api import asking
from parlour.web.api.asking import After, Limit, Page
from parlour.web.api.strict import Strict
from parlour.web.api.webhook_shapes import (
    DeliveryShown,
    WebhookShown,
    delivery_shown,
    made_shown,
    shown,
)
from parlour.web.gates import Asked, key
from parlour.webhooks import deliveries, keeping, store, trying
from parlour.webhooks.keeping import Made, Wish
from parlour.webhooks.rules import State

_PATH: Final = "/api/webhooks"
_ONE: Final = _PATH + "/{webhook_id:str}"
_SEE: Final = {"gate": key(Permission.WEBHOOKS_SEE)}
_MANAGE: Final = {"gate": key(Permission.WEBHOOKS_MANAGE)}

InState = Annotated[
    State | None,
    QueryParameter(name="state", description="Only those that are as far as this."),
]


class NewWebhook(Strict, frozen=True):
    """A webhook to make."""

    name: str
    """What it is for."""
    url: str
    events: Sequence[str]
    """The kinds of events that it is told of, such as `message.created`."""
    personal: bool = False
    """Whether personal details are in what it is told."""
    enabled: bool = True


class WebhookEdit(Strict, frozen=True):
    """What to change of a webhook; absent stays as it is."""

    name: str | UnsetType = UNSET
    url: str | UnsetType = UNSET
    """At another host it gets another secret, which is in the answer."""
    events: Sequence[str] | UnsetType = UNSET
    personal: bool | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class WebhookTested(msgspec.Struct, frozen=True):
    """What came of trying a webhook."""

    works: bool
    told: str


class Replayed(msgspec.Struct, frozen=True):
    """How much a webhook is told again."""

    deliveries: int


class Dropped(msgspec.Struct, frozen=True):
    """How much a webhook is not told after all."""

    deliveries: int


class WebhookDeleted(msgspec.Struct, frozen=True):
    """A webhook that is gone."""

    message: str
    webhook_id: str


@get(_PATH, opt=_SEE)
async def list_webhooks(tools: Tools, who: Who) -> list[WebhookShown]:
    """List the webhooks, the oldest first."""
    return [shown(each) for each in await tools.db.read(store.every, who.workspace_id)]


@post(_PATH, opt=_MANAGE, status_code=201)
async def make_webhook(request: Asked, tools: Tools, who: Who, data: NewWebhook) -> Response[Any]:
    """Make a webhook. The answer has its secret, which is shown this once."""
    wish = Wish(data.name, data.url, data.events, data.personal, data.enabled)
    return await asking.made(
        request, tools, who, lambda tools: keeping.create(tools, who, wish), made_shown
    )


@get(_ONE, opt=_SEE)
async def read_webhook(tools: Tools, who: Who, webhook_id: str) -> Response[WebhookShown]:
    """Read one webhook."""
    found = await tools.db.read(store.find, who.workspace_id, webhook_id)
    return asking.tagged(shown(found), found.updated_at)


@put(_ONE, opt=_MANAGE)
async def change_webhook(
    request: Asked, tools: Tools, who: Who, webhook_id: str, data: WebhookEdit
) -> Response[WebhookShown]:
    """Change a webhook. Turned on again, it is told what waits for it."""
    found = await tools.db.read(store.find, who.workspace_id, webhook_id)
    seen = asking.seen(request, found.updated_at)
    given: dict[str, Any] = {
        "name": data.name,
        "url": data.url,
        "kinds": data.events,
        "sees_personal": data.personal,
        "is_on": data.enabled,
    }
    wish = Wish(**{name: each for name, each in given.items() if each is not UNSET})
    return _tagged(await keeping.change(tools, who, webhook_id, wish, seen=seen))


@post(_ONE + "/secret", opt=_MANAGE, status_code=200)
async def rotate_webhook_secret(tools: Tools, who: Who, webhook_id: str) -> Response[WebhookShown]:
    """Give a webhook a new secret, shown this once. For a day the one before signs, too."""
    return _tagged(await keeping.rotate(tools, who, webhook_id))


@post(_ONE + "/test", opt=_MANAGE, status_code=200)
async def test_webhook(tools: Tools, who: Who, webhook_id: str) -> WebhookTested:
    """Call a webhook as for an event, at once, and tell what it answered."""
    return WebhookTested(*await trying.send_test(tools, who, webhook_id))


@delete(_ONE, opt=_MANAGE, status_code=200)
async def delete_webhook(tools: Tools, who: Who, webhook_id: str) -> WebhookDeleted:
    """Delete a webhook, with what waits for it."""
    gone = await keeping.delete(tools, who, webhook_id)
    return WebhookDeleted(f"{gone.name} has been deleted", gone.id)


@get(_ONE + "/deliveries", opt=_SEE)
async def list_deliveries(
    tools: Tools,
    who: Who,
    webhook_id: str,
    limit: Limit = 50,
    after: After = None,
    in_state: InState = None,
) -> Page[DeliveryShown]:
    """List what a webhook was told, or is to be told, newest first."""
    last = asking.place(after)
    if last and not (last.isdigit() and len(last) < 19):
        raise asking.bad_cursor()
    hook = await tools.db.read(store.find, who.workspace_id, webhook_id)
    before = int(last) if last else None
    found = await tools.db.browse(
        deliveries.page, hook.id, limit=limit + 1, before=before, state=in_state
    )
    kept, cursor = asking.page(found, limit, lambda each: str(each.n))
    return Page([delivery_shown(each) for each in kept], cursor)


@post(_ONE + "/deliveries/{delivery_id:str}/replay", opt=_MANAGE, status_code=200)
async def replay_delivery(tools: Tools, who: Who, webhook_id: str, delivery_id: str) -> Replayed:
    """Tell a webhook of an event again, under the same `webhook-id`."""
    return Replayed(await keeping.replay(tools, who, webhook_id, delivery_id))


@post(_ONE + "/replay", opt=_MANAGE, status_code=200)
async def replay_failed(tools: Tools, who: Who, webhook_id: str) -> Replayed:
    """Tell a webhook again of every event that it did not take."""
    return Replayed(await keeping.replay(tools, who, webhook_id))


@post(_ONE + "/deliveries/{delivery_id:str}/drop", opt=_MANAGE, status_code=200)
async def drop_delivery(tools: Tools, who: Who, webhook_id: str, delivery_id: str) -> Dropped:
    """Do without telling a webhook of an event that waits; what comes after it has its turn."""
    return Dropped(await keeping.drop(tools, who, webhook_id, delivery_id))


@post(_ONE + "/drop", opt=_MANAGE, status_code=200)
async def drop_waiting(tools: Tools, who: Who, webhook_id: str) -> Dropped:
    """Drop everything that waits for a webhook, such as before it is turned on again."""
    return Dropped(await keeping.drop(tools, who, webhook_id))


def _tagged(made: Made) -> Response[WebhookShown]:
    return asking.tagged(made_shown(made), made.hook.updated_at)


HANDLERS = [
    list_webhooks,
    make_webhook,
    read_webhook,
    change_webhook,
    rotate_webhook_secret,
    test_webhook,
    delete_webhook,
    list_deliveries,
    replay_delivery,
    replay_failed,
    drop_delivery,
    drop_waiting,
]
