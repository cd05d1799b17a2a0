"""Webhooks in the studio: programs that are told of what happens, how they fare, what they got."""

from typing import Annotated, Any, Final

from litestar import Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import QueryParameter
from litestar.response import Redirect

from parlour.kit.clock import Moment
from parlour.kit.errors import Conflict, Invalid, NotAllowed, Stale
from parlour.rights import Permission
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web.gates import Asked, person
from parlour.web.studio import shell
from parlour.web.studio.shell import NOTHING, Filled
from parlour.web.studio.telling import Told
from parlour.webhooks import catalogue, deliveries, keeping, store, trying
from parlour.webhooks.keeping import Wish
from parlour.webhooks.rules import State
from parlour.webhooks.store import Hook

_LIST: Final = shell.place("webhooks")
_ONE: Final = _LIST + "/{webhook_id:str}"
_SEE: Final = {"gate": person(Permission.WEBHOOKS_SEE)}
_MANAGE: Final = {"gate": person(Permission.WEBHOOKS_MANAGE)}
_AT_ONCE: Final = 25

Before = Annotated[int, QueryParameter(ge=0, lt=2**62, description="Only what came before it.")]
Show = Annotated[str, QueryParameter(max_length=20, description="Only those that are like this.")]

STATES: Final = {
    State.WAITING: ("Waiting", "wait"),
    State.DELIVERED: ("Delivered", "live"),
    State.FAILED: ("Failed", "stop"),
    State.DROPPED: ("Dropped", "off"),
}
"""The words for how far a delivery is, and the look of its pill."""


@get(_LIST, opt=_SEE)
async def webhooks(request: Asked, tools: Tools, seat: Seat) -> Response[Any]:
    """List the webhooks, with the form of a new one."""
    return await _list(request, tools, seat)


@post(_LIST, opt=_MANAGE)
async def make_webhook(request: Asked, tools: Tools, seat: Seat) -> Response[Any]:
    """Make a webhook; its page shows the secret, this once."""
    data = await request.form()
    try:
        made = await keeping.create(tools, seat.who, _wish(data))
    except (Invalid, Conflict, NotAllowed) as problem:
        return await _list(request, tools, seat, Filled.after(problem, _typed(data)))
    return await _one(request, tools, seat, made.hook.id, secret=made.secret)


@get(_ONE, opt=_SEE)
async def webhook(
    request: Asked,
    tools: Tools,
    seat: Seat,
    webhook_id: str,
    show: Show = "",
    before: Before = 0,
) -> Response[Any]:
    """Show a webhook: how it fares, what it is told, and what it got."""
    return await _one(request, tools, seat, webhook_id, show=show, before=before)


@post(_ONE, opt=_MANAGE)
async def change_webhook(
    request: Asked, tools: Tools, seat: Seat, webhook_id: str
) -> Response[Any]:
    """Change a webhook, unless somebody else did so meanwhile."""
    data = await request.form()
    seen = shell.seen(str(data.get("seen", "")))
    try:
        made = await keeping.change(tools, seat.who, webhook_id, _wish(data), seen=seen)
    except (Invalid, Stale, NotAllowed) as problem:
        form = Filled.after(problem, _typed(data))
        return await _one(request, tools, seat, webhook_id, form)
    if made.secret is not None:
        return await _one(request, tools, seat, webhook_id, secret=made.secret)
    return shell.go(f"{_LIST}/{webhook_id}", "saved")


@post(_ONE + "/switch", opt=_MANAGE)
async def switch_webhook(
    request: Asked, tools: Tools, seat: Seat, webhook_id: str
) -> Response[Any]:
    """Turn a webhook on or off."""
    is_on = (await request.form()).get("on") == "1"
    try:
        await keeping.change(tools, seat.who, webhook_id, Wish(is_on=is_on))
    except (Invalid, NotAllowed) as problem:
        return await _one(request, tools, seat, webhook_id, Filled.after(problem, {}))
    return shell.go(f"{_LIST}/{webhook_id}", "webhook-on" if is_on else "webhook-off")


@post(_ONE + "/secret", opt=_MANAGE)
async def rotate_secret(request: Asked, tools: Tools, seat: Seat, webhook_id: str) -> Response[Any]:
    """Give a webhook a new secret, which the page shows this once."""
    made = await keeping.rotate(tools, seat.who, webhook_id)
    return await _one(request, tools, seat, webhook_id, secret=made.secret)


@post(_ONE + "/test", opt=_MANAGE)
async def test_webhook(request: Asked, tools: Tools, seat: Seat, webhook_id: str) -> Response[Any]:
    """Call a webhook as for an event, and show what it answered."""
    tried = await trying.send_test(tools, seat.who, webhook_id)
    return await _one(request, tools, seat, webhook_id, tried=tried)


@post(_ONE + "/replay", opt=_MANAGE)
async def replay(request: Asked, tools: Tools, seat: Seat, webhook_id: str) -> Redirect:
    """Tell a webhook again of one event, or of all that it did not take."""
    one = str((await request.form()).get("delivery", "")) or None
    count = await keeping.replay(tools, seat.who, webhook_id, one)
    many = "One event goes out again." if count == 1 else f"{count:,} events go out again."
    if not count:
        many = "Nothing failed that could go out again."
    return shell.tell(request, seat, f"{_LIST}/{webhook_id}", Told(many))


@post(_ONE + "/drop", opt=_MANAGE)
async def drop(request: Asked, tools: Tools, seat: Seat, webhook_id: str) -> Redirect:
    """Do without telling a webhook of one event that waits, or of all that do."""
    one = str((await request.form()).get("delivery", "")) or None
    count = await keeping.drop(tools, seat.who, webhook_id, one)
    many = "One event was dropped." if count == 1 else f"{count:,} events were dropped."
    return shell.tell(request, seat, f"{_LIST}/{webhook_id}", Told(many))


@post(_ONE + "/delete", opt=_MANAGE)
async def delete_webhook(tools: Tools, seat: Seat, webhook_id: str) -> Redirect:
    """Delete a webhook."""
    await keeping.delete(tools, seat.who, webhook_id)
    return shell.go(_LIST, "webhook-deleted")


def _wish(data: FormMultiDict) -> Wish:
    kinds = [str(each) for each in data.getall("event", [])]
    return Wish(
        str(data.get("name", "")), str(data.get("url", "")), kinds, bool(data.get("personal"))
    )


def _typed(data: FormMultiDict) -> dict[str, str]:
    """Keep what was typed and chosen: each kind that was ticked by its name."""
    return {
        "name": str(data.get("name", ""))[:300],
        "url": str(data.get("url", ""))[:2_100],
        "personal": "1" if data.get("personal") else "0",
        **dict.fromkeys([str(each) for each in data.getall("event", [])], "1"),
    }


async def _list(request: Asked, tools: Tools, seat: Seat, form: Filled = NOTHING) -> Response[Any]:
    return shell.inside(
        request,
        seat,
        "studio/webhooks.html",
        "webhooks",
        status=form.status,
        form=form,
        hooks=await tools.db.read(store.every, seat.person.workspace_id),
        **_choices(seat),
    )


async def _one(
    request: Asked,
    tools: Tools,
    seat: Seat,
    webhook_id: str,
    form: Filled = NOTHING,
    *,
    secret: str | None = None,
    tried: tuple[bool, str] | None = None,
    show: str = "",
    before: int = 0,
) -> Response[Any]:
    """Show a webhook; `secret` was just made for it, and `tried` says how a test went."""
    hook = await tools.db.read(store.find, seat.person.workspace_id, webhook_id)
    only = State(show) if show in STATES else None
    found = await tools.db.browse(
        deliveries.page, hook.id, limit=_AT_ONCE + 1, before=before or None, state=only
    )
    more, found = len(found) > _AT_ONCE, found[:_AT_ONCE]
    return shell.inside(
        request,
        seat,
        "studio/webhook.html",
        "webhooks",
        status=form.status,
        form=form,
        hook=hook,
        secret=secret,
        tried=tried,
        deliveries=found,
        counts=await tools.db.browse(deliveries.counts, hook.id),
        next_try=await _next_try(tools, hook),
        show=show,
        first=not before,
        older=found[-1].n if more else None,
        kept=tools.settings.webhook_log_days,
        states=STATES,
        now=tools.clock.now(),
        **_choices(seat),
    )


async def _next_try(tools: Tools, hook: Hook) -> Moment | None:
    """Return when a webhook that fails is tried again; None when nothing waits for it."""
    due = await tools.db.read(deliveries.next_due, hook.id) if hook.failing_since else None
    return None if due is None else max(due, hook.rests_until or 0)


def _choices(seat: Seat) -> dict[str, Any]:
    return {
        "event_groups": catalogue.grouped(),
        "usual": [kind.value for kind in catalogue.USUAL],
        "may_give_personal": seat.who.sees_personal,
    }


HANDLERS = [
    webhooks,
    make_webhook,
    webhook,
    change_webhook,
    switch_webhook,
    rotate_secret,
    test_webhook,
    replay,
    drop,
    delete_webhook,
]
