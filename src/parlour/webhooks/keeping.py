"""Making webhooks, changing and deleting them; telling again what they missed, or dropping it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import sqlalchemy as sa

from parlour import events
from parlour.events import Kind
from parlour.kit.clock import Moment
from parlour.kit.errors import Conflict, FieldError, Invalid, NotAllowed, NotFound, Stale
from parlour.kit.http import Blocked, parse, signed
from parlour.kit.texts import trouble
from parlour.kit.tokens import new_id
from parlour.rights import Who
from parlour.tools import Tools
from parlour.webhooks import deliveries, store
from parlour.webhooks.delivering import begin
from parlour.webhooks.rules import OVERLAP, State
from parlour.webhooks.store import Hook

MOST: Final = 20
"""Webhooks of a workspace."""
LONGEST_NAME: Final = 100
LONGEST_URL: Final = 2_000
_BY_HAND: Final = "dropped by hand"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a webhook shall be. None stays as it is, or is what most want."""

    name: str | None = None
    url: str | None = None
    kinds: Sequence[str] | None = None
    sees_personal: bool | None = None
    is_on: bool | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A webhook, and the secret that was just made for it, to be shown this once."""

    hook: Hook
    secret: str | None = None


async def create(tools: Tools, who: Who, wish: Wish) -> Made:
    """Make a webhook with a secret of its own.

    Raises:
        Invalid: something does not fit, or its address may not be called. Conflict: there are too
        many. NotAllowed: it would be told more than who makes it may see.
    """
    now, secret = tools.clock.now(), signed.new_secret()
    hook = Hook(
        id=new_id("whk"),
        workspace_id=who.workspace_id,
        name=(wish.name or "").strip(),
        url=(wish.url or "").strip(),
        kinds=_kinds(wish.kinds or ()),
        sees_personal=bool(wish.sees_personal),
        secret=tools.keys.seal(secret),
        old_secret=None,
        old_until=None,
        is_on=wish.is_on is not False,
        off_why=None,
        failing_since=None,
        failures=0,
        rests_until=None,
        trouble=None,
        created_at=now,
        updated_at=now,
        updated_by=who.name[:200],
    )
    await _check(tools, who, hook)

    def unit(conn: sa.Connection) -> Made:
        if len(store.every(conn, who.workspace_id)) >= MOST:
            raise Conflict(f"there are {MOST} webhooks already", code="too_many")
        store.insert(conn, hook)
        _listen(conn, hook)
        _record(conn, Kind.WEBHOOK_CREATED, who, hook, now, kinds=list(hook.kinds))
        return Made(hook, secret)

    return await tools.db.write(unit)


async def change(
    tools: Tools, who: Who, hook_id: str, wish: Wish, *, seen: Moment | None = None
) -> Made:
    """Change a webhook; at another host it gets another secret, which is returned.

    Turned on again, it goes on with what waits for it.

    Raises:
        NotFound. Stale: somebody else has changed it since `seen`. Otherwise as `create`.
    """
    await _check(
        tools, who, _wished(await tools.db.read(store.find, who.workspace_id, hook_id), wish)
    )

    def unit(conn: sa.Connection) -> Made:
        held = _held(conn, who, hook_id)
        if seen is not None and seen != held.updated_at:
            raise Stale(f"{held.updated_by} changed this meanwhile; look again before you save")
        hook = _wished(held, wish)
        if hook == held:
            return Made(held)
        now, secret = max(tools.clock.now(), held.updated_at + 1), None
        if parse(hook.url).origin != parse(held.url).origin:
            # What the former host knows proves nothing to this one.
            secret = signed.new_secret()
            hook = replace(hook, secret=tools.keys.seal(secret), old_secret=None, old_until=None)
        if hook.is_on and (hook.url != held.url or not held.is_on):
            hook = replace(hook, off_why=None, failing_since=None, failures=0, rests_until=None)
            hook = replace(hook, trouble=None)
        hook = replace(hook, updated_at=now, updated_by=who.name[:200])
        _save(conn, hook)
        changed = [name for name in Wish.__slots__ if getattr(hook, name) != getattr(held, name)]
        _record(conn, Kind.WEBHOOK_CHANGED, who, hook, now, fields=changed)
        begin(conn, tools, hook.id)
        return Made(hook, secret)

    return await tools.db.write(unit)


async def rotate(tools: Tools, who: Who, hook_id: str) -> Made:
    """Give a webhook a new secret; for a day the one before signs, too. NotFound."""
    secret = signed.new_secret()

    def unit(conn: sa.Connection) -> Made:
        held = _held(conn, who, hook_id)
        now = max(tools.clock.now(), held.updated_at + 1)
        hook = replace(
            held,
            secret=tools.keys.seal(secret),
            old_secret=held.secret,
            old_until=now + OVERLAP,
            updated_at=now,
            updated_by=who.name[:200],
        )
        _save(conn, hook)
        _record(conn, Kind.WEBHOOK_SECRET_ROTATED, who, hook, now)
        return Made(hook, secret)

    return await tools.db.write(unit)


async def delete(tools: Tools, who: Who, hook_id: str) -> Hook:
    """Delete a webhook, with what waits for it. NotFound."""

    def unit(conn: sa.Connection) -> Hook:
        held = _held(conn, who, hook_id)
        events.wish(conn, held.id, held.workspace_id, ())
        store.delete(conn, held.id)
        _record(conn, Kind.WEBHOOK_DELETED, who, held, tools.clock.now())
        return held

    return await tools.db.write(unit)


async def replay(tools: Tools, who: Who, hook_id: str, delivery_id: str | None = None) -> int:
    """Tell a webhook again of one event, or of all that it did not take; return how many.

    Raises:
        NotFound: there is no such webhook or delivery. Conflict: it waits already, or it was a
        test, or the webhook is off.
    """

    def unit(conn: sa.Connection) -> int:
        held = _held(conn, who, hook_id)
        if not held.is_on:
            raise Conflict("the webhook is off: turn it on first", code="webhook_off")
        if delivery_id is not None:
            deliveries.find(conn, held.id, delivery_id)
        now = tools.clock.now()
        count = deliveries.again(conn, held.id, now, delivery_id)
        if delivery_id is not None and not count:
            raise Conflict("it waits already, or is no event", code="not_replayable")
        if count:
            _record(conn, Kind.WEBHOOK_REPLAYED, who, held, now, deliveries=count)
        begin(conn, tools, held.id)
        return count

    return await tools.db.write(unit)


async def drop(tools: Tools, who: Who, hook_id: str, delivery_id: str | None = None) -> int:
    """Do without telling a webhook of one event that waits, or of all that do; return how many.

    They stay in the log, from where each can be told again.

    Raises:
        NotFound: there is no such webhook or delivery. Conflict: that one waits no more.
    """

    def unit(conn: sa.Connection) -> int:
        held, now = _held(conn, who, hook_id), tools.clock.now()
        if delivery_id is None:
            count = deliveries.drop(conn, held.id, now, _BY_HAND)
        else:
            one = deliveries.find(conn, held.id, delivery_id)
            if not deliveries.end(conn, one, State.DROPPED, now, trouble=_BY_HAND):
                raise Conflict("it does not wait any more", code="not_waiting")
            begin(conn, tools, held.id)
            count = 1
        if count:
            _record(conn, Kind.WEBHOOK_DROPPED, who, held, now, deliveries=count)
        return count

    return await tools.db.write(unit)


def _held(conn: sa.Connection, who: Who, hook_id: str) -> Hook:
    found = store.find(conn, who.workspace_id, hook_id)
    held = store.hold(conn, found.id)
    if held is None:
        raise NotFound("there is no such webhook")
    return held


def _wished(held: Hook, wish: Wish) -> Hook:
    return replace(
        held,
        name=held.name if wish.name is None else wish.name.strip(),
        url=held.url if wish.url is None else wish.url.strip(),
        kinds=held.kinds if wish.kinds is None else _kinds(wish.kinds),
        sees_personal=held.sees_personal if wish.sees_personal is None else wish.sees_personal,
        is_on=held.is_on if wish.is_on is None else wish.is_on,
    )


def _kinds(wished: Sequence[str]) -> tuple[str, ...]:
    """Keep the order in which kinds are listed everywhere; what is no kind comes last."""
    known = [kind.value for kind in Kind if kind.value in set(wished)]
    return (*known, *sorted(set(wished) - set(known)))


async def _check(tools: Tools, who: Who, hook: Hook) -> None:
    if hook.sees_personal and not who.sees_personal:
        raise NotAllowed("a webhook is told no more than who makes or changes it may see")
    found: dict[str, str | None] = {"name": trouble(hook.name, LONGEST_NAME)}
    known = {kind.value for kind in Kind}
    if not hook.kinds:
        found["events"] = "choose one at least"
    elif unknown := [kind for kind in hook.kinds if kind not in known]:
        found["events"] = f"{unknown[0][:60]} is no kind of event"
    if len(hook.url) > LONGEST_URL:
        found["url"] = f"has at most {LONGEST_URL} characters"
    else:
        try:
            await tools.http.check(hook.url)
        except Blocked as blocked:
            found["url"] = str(blocked).rstrip(".")
    errors = [FieldError(name, said) for name, said in found.items() if said is not None]
    if errors:
        told = "; ".join(f"{each.field} {each.message}" for each in errors)
        raise Invalid(f"the webhook does not fit: {told}", errors=errors)


def _save(conn: sa.Connection, hook: Hook) -> None:
    kept = {"id", "workspace_id", "created_at"}
    values = {name: getattr(hook, name) for name in Hook.__slots__ if name not in kept}
    store.change(conn, hook.id, **values | {"kinds": list(hook.kinds)})
    _listen(conn, hook)


def _listen(conn: sa.Connection, hook: Hook) -> None:
    events.wish(conn, hook.id, hook.workspace_id, hook.kinds if hook.is_on else ())


def _record(conn: sa.Connection, kind: Kind, who: Who, hook: Hook, at: Moment, **more: Any) -> None:
    data = {"webhook": hook.id, "name": hook.name, **more}
    events.record(conn, kind, who, at, data=data)
