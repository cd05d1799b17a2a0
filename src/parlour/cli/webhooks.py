"""Webhooks at the command line: made, changed, tried; deliveries listed, replayed and dropped."""

from typing import Any

import click
import msgspec

from parlour.cli.base import (
    Host,
    as_json,
    asynchronous,
    confirmed,
    facts,
    host,
    in_workspace,
    show,
    table,
    when,
)
from parlour.kit.errors import Conflict, NotFound
from parlour.web.api.webhook_shapes import delivery_shown, made_shown, shown
from parlour.webhooks import deliveries, keeping, store, trying
from parlour.webhooks.keeping import Made, Wish
from parlour.webhooks.rules import State
from parlour.webhooks.store import Hook

_which = click.argument("which", metavar="NAME")
_kinds = click.option(
    "--event", "kinds", multiple=True, metavar="KIND", help="It is told of; once for each."
)
_personal = click.option(
    "--personal/--masked", default=None, help="Whether it is told personal details."
)


@click.group(short_help="Have your programs told of what happens.")
def webhook() -> None:
    """Have your programs told, signed, of what happens. NAME is a webhook's name or id."""


@webhook.command("list")
@in_workspace
@as_json
@asynchronous
async def listed(workspace: str, *, as_json: bool) -> None:
    """List the webhooks."""
    async with host(workspace) as here:
        found = await here.tools.db.read(store.every, here.who.workspace_id)
    rows = [(each.id, each.name, each.url, _state(each), str(len(each.kinds))) for each in found]
    lines = table(["ID", "NAME", "ADDRESS", "STATE", "EVENTS"], rows, "There are no webhooks.")
    show(msgspec.to_builtins([shown(each) for each in found]), lines, as_json=as_json)


@webhook.command("create")
@click.argument("name")
@click.argument("url")
@_kinds
@_personal
@in_workspace
@as_json
@asynchronous
async def create(
    name: str,
    url: str,
    *,
    kinds: tuple[str, ...],
    personal: bool | None,
    workspace: str,
    as_json: bool,
) -> None:
    """Make a webhook; its secret is printed this once."""
    async with host(workspace) as here:
        made = await keeping.create(here.tools, here.who, Wish(name, url, kinds, personal))
    _show(made, as_json=as_json)


@webhook.command("show")
@_which
@in_workspace
@as_json
@asynchronous
async def show_one(which: str, workspace: str, *, as_json: bool) -> None:
    """Show one webhook."""
    async with host(workspace) as here:
        found = await _find(here, which)
    _show(Made(found), as_json=as_json)


@webhook.command("change")
@_which
@click.option("--name", metavar="TEXT", help="Another name.")
@click.option("--url", help="Another address; at another host it gets another secret.")
@_kinds
@_personal
@click.option("--on/--off", "is_on", default=None, help="Turn it on, or off.")
@in_workspace
@as_json
@asynchronous
async def change(which: str, workspace: str, *, as_json: bool, **given: Any) -> None:
    """Change a webhook. Turned on again, it is told what waits for it."""
    wish = Wish(
        given["name"], given["url"], given["kinds"] or None, given["personal"], given["is_on"]
    )
    async with host(workspace) as here:
        found = await _find(here, which)
        made = await keeping.change(here.tools, here.who, found.id, wish)
    _show(made, as_json=as_json)


@webhook.command("rotate")
@_which
@in_workspace
@as_json
@asynchronous
async def rotate(which: str, workspace: str, *, as_json: bool) -> None:
    """Give a webhook a new secret. For a day the one before signs, too."""
    async with host(workspace) as here:
        found = await _find(here, which)
        made = await keeping.rotate(here.tools, here.who, found.id)
    _show(made, as_json=as_json)


@webhook.command("test")
@_which
@in_workspace
@as_json
@asynchronous
async def test(which: str, workspace: str, *, as_json: bool) -> None:
    """Call a webhook as for an event; the exit status is 1 when it does not take that."""
    async with host(workspace) as here:
        found = await _find(here, which)
        works, told = await trying.send_test(here.tools, here.who, found.id)
    show({"works": works, "told": told}, told, as_json=as_json)
    if not works:
        raise click.exceptions.Exit(1)


@webhook.command("deliveries")
@_which
@click.option("--state", type=click.Choice([each.value for each in State]), help="Only these.")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="At most so many."
)
@in_workspace
@as_json
@asynchronous
async def told(which: str, limit: int, workspace: str, *, state: str | None, as_json: bool) -> None:
    """List what a webhook was told, or is to be told, newest first."""
    async with host(workspace) as here:
        hook = await _find(here, which)
        only = None if state is None else State(state)
        found = await here.tools.db.browse(deliveries.page, hook.id, limit=limit, state=only)
    rows = [
        (each.id, when(each.made_at), each.kind, each.state.value, str(each.attempts),
         each.trouble or str(each.status or ""))
        for each in found
    ]  # fmt: skip
    heads = ["ID", "WHEN", "EVENT", "STATE", "TRIES", "ANSWER"]
    lines = table(heads, rows, "Nothing was delivered yet.")
    show(msgspec.to_builtins([delivery_shown(each) for each in found]), lines, as_json=as_json)


@webhook.command("replay")
@_which
@click.argument("delivery", required=False)
@in_workspace
@as_json
@asynchronous
async def replay(which: str, delivery: str | None, workspace: str, *, as_json: bool) -> None:
    """Tell a webhook again of one event, or of all that it did not take."""
    async with host(workspace) as here:
        hook = await _find(here, which)
        count = await keeping.replay(here.tools, here.who, hook.id, delivery)
    show({"deliveries": count}, f"{count} will be delivered again.", as_json=as_json)


@webhook.command("drop")
@_which
@click.argument("delivery", required=False)
@click.option("--yes", is_flag=True, help="Do not ask.")
@in_workspace
@as_json
@asynchronous
async def drop(
    which: str, delivery: str | None, workspace: str, *, yes: bool, as_json: bool
) -> None:
    """Drop an event that waits for a webhook, or all that do."""
    async with host(workspace) as here:
        hook = await _find(here, which)
        counts = await here.tools.db.browse(deliveries.counts, hook.id)
        waiting = 1 if delivery else counts.get(State.WAITING, 0)
        if not confirmed(f"Drop {waiting} that {hook.name} was to be told?", yes=yes):
            raise click.Abort
        count = await keeping.drop(here.tools, here.who, hook.id, delivery)
    show({"deliveries": count}, f"{count} will not be delivered.", as_json=as_json)


@webhook.command("delete")
@_which
@click.option("--yes", is_flag=True, help="Do not ask.")
@in_workspace
@as_json
@asynchronous
async def delete(which: str, workspace: str, *, yes: bool, as_json: bool) -> None:
    """Delete a webhook, with what waits for it."""
    if not confirmed(f"Delete the webhook {which}?", yes=yes):
        raise click.Abort
    async with host(workspace) as here:
        found = await _find(here, which)
        await keeping.delete(here.tools, here.who, found.id)
    show({"webhook_id": found.id}, f"Deleted {found.name}.", as_json=as_json)


async def _find(here: Host, which: str) -> Hook:
    every = await here.tools.db.read(store.every, here.who.workspace_id)
    found = [each for each in every if which in (each.id, each.name)]
    if not found:
        raise NotFound("there is no such webhook")
    if len(found) > 1:
        raise Conflict("several webhooks have that name; give the id of one")
    return found[0]


def _state(hook: Hook) -> str:
    if not hook.is_on:
        return "off: it failed" if hook.off_why else "off"
    return "failing" if hook.failing_since else "on"


def _show(made: Made, *, as_json: bool) -> None:
    data = msgspec.to_builtins(made_shown(made))
    rows = [(name.replace("_", " "), value) for name, value in data.items() if value is not None]
    show(data, facts(rows), as_json=as_json)
