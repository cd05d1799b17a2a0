"""Making, listing, changing and ending links at the command line."""

from datetime import UTC, datetime
from typing import Any

import click
import msgspec

from parlour import transcripts
from parlour.agents import store as agents
from parlour.cli import drawing
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
from parlour.kit import instance
from parlour.kit.clock import moment_of
from parlour.links import address, keeping, rules, store
from parlour.links.store import Link
from parlour.web.api import shapes
from parlour.web.api.shapes import LinkShown

KINDS = [kind.word for kind in rules.Kind]
link_id = click.argument("link_id", metavar="ID")


@click.group(short_help="Make, list and end links to agents.")
def link() -> None:
    """Make, list and end links: each opens a chat with one agent."""


@link.command("create")
@click.argument("agent")
@click.option("--kind", type=click.Choice(KINDS), help="Permanent unless it has an end.")
@click.option("--hours", type=float, help="How long a temporary link works.")
@click.option("--until", metavar="TIME", help="Or its end, such as 2026-11-20T18:00:00+01:00.")
@click.option("--name", "names", multiple=True, help="A name in lists; one link for each --name.")
@click.option("--welcome", metavar="TEXT", help="A greeting of this link's own.")
@click.option("--disabled", is_flag=True, help="Make it switched off.")
@click.option("--qr", is_flag=True, help="Print a QR code, too.")
@in_workspace
@as_json
@asynchronous
async def create(agent: str, names: tuple[str, ...], workspace: str, **options: Any) -> None:
    """Make a link to AGENT and print its address."""
    wanted = [_wish(name, options) for name in names or (None,)]
    async with host(workspace) as here:
        found = await here.tools.db.read(agents.find, here.who.workspace_id, agent)
        for wish in wanted:
            keeping.ending(wish, here.tools.clock.now())  # all of them, or none
        made = [await keeping.create(here.tools, here.who, found.id, wish) for wish in wanted]
        shown = [_shown(here, each, agent) for each in made]
    lines: list[str] = []
    for each in shown:
        lines.append(each.url or "")
        if options["qr"]:
            lines += drawing.qr(each.url or "")
    data = msgspec.to_builtins(shown)
    show(data if len(names) > 1 else data[0], lines, as_json=options["as_json"])


@link.command("list")
@click.argument("agent", required=False)
@in_workspace
@as_json
@asynchronous
async def listed(agent: str | None, workspace: str, *, as_json: bool) -> None:
    """List the links of AGENT, or of all agents, newest first."""
    async with host(workspace) as here:
        read, mine = here.tools.db.read, here.who.workspace_id
        found = (
            await read(agents.every, mine)
            if agent is None
            else [await read(agents.find, mine, agent)]
        )
        names = {each.id: each.name for each in found}
        links = await read(store.of_agents, list(names))
        usage = await here.tools.db.browse(transcripts.usage_of_links, [each.id for each in links])
        shown = [_shown(here, each, names[each.agent_id], usage.get(each.id)) for each in links]
    rows = [
        (each.id, each.agent_name, each.kind, _state(each), each.name or "",
         str(each.usage_stats.total_messages), each.url or "")
        for each in shown
    ]  # fmt: skip
    heads = ["ID", "AGENT", "KIND", "STATE", "NAME", "MESSAGES", "URL"]
    show(msgspec.to_builtins(shown), table(heads, rows, "There are no links."), as_json=as_json)


@link.command("show")
@link_id
@click.option("--qr", is_flag=True, help="Print a QR code, too.")
@in_workspace
@as_json
@asynchronous
async def shown(link_id: str, workspace: str, *, qr: bool, as_json: bool) -> None:
    """Show one link."""
    async with host(workspace) as here:
        found, name = await _find(here, link_id)
        usage = await here.tools.db.browse(transcripts.usage_of_links, [found.id])
        told = _shown(here, found, name, usage.get(found.id))
    _print(told, as_json=as_json, qr=qr, last_used=usage[found.id][2] if usage else None)


@link.command("enable")
@link_id
@in_workspace
@as_json
@asynchronous
async def enable(link_id: str, workspace: str, *, as_json: bool) -> None:
    """Switch a link on again."""
    await _switch(link_id, workspace, enabled=True, as_json=as_json)


@link.command("disable")
@link_id
@in_workspace
@as_json
@asynchronous
async def disable(link_id: str, workspace: str, *, as_json: bool) -> None:
    """Switch a link off until it is enabled again."""
    await _switch(link_id, workspace, enabled=False, as_json=as_json)


@link.command("revoke")
@link_id
@click.option("--yes", is_flag=True, help="Do not ask.")
@in_workspace
@as_json
@asynchronous
async def revoke(link_id: str, workspace: str, *, yes: bool, as_json: bool) -> None:
    """End a link for good; it then answers as if it had never been."""
    async with host(workspace) as here:
        found, name = await _find(here, link_id)
        question = f"End the link {found.name or link_id} to {name} for good?"
        if not confirmed(question, yes=yes):
            raise click.Abort
        await keeping.revoke(here.tools, here.who, found)
    data = {"message": "the link has been revoked", "link_id": link_id}
    show(data, f"Revoked {link_id}.", as_json=as_json)


async def _switch(link_id: str, workspace: str, *, enabled: bool, as_json: bool) -> None:
    async with host(workspace) as here:
        found, name = await _find(here, link_id)
        changed = await keeping.change(here.tools, here.who, found, {"enabled": enabled})
        told = _shown(here, changed, name)
    word = "on" if enabled else "off"
    show(msgspec.to_builtins(told), f"{link_id} is switched {word}.", as_json=as_json)


async def _find(here: Host, link_id: str) -> tuple[Link, str]:
    found = await here.tools.db.read(store.of_workspace, here.who.workspace_id, link_id)
    names = await here.tools.db.read(agents.names, [found.agent_id])
    return found, names[found.agent_id]


def _wish(name: str | None, options: dict[str, Any]) -> keeping.Wish:
    until = None
    if options["until"] is not None:
        try:
            until = moment_of(datetime.fromisoformat(options["until"]))
        except (ValueError, OverflowError):
            raise click.BadParameter(
                "needs a date, a time and its zone", param_hint="--until"
            ) from None
    kind = None if options["kind"] is None else rules.Kind[options["kind"].upper()]
    return keeping.Wish(
        kind=rules.kind_meant(kind, options["hours"], until),
        name=name,
        hours=options["hours"],
        expires_at=until,
        welcome_message=options["welcome"],
        enabled=not options["disabled"],
    )


def _shown(
    here: Host, found: Link, agent_name: str, usage: shapes.Usage | None = None
) -> LinkShown:
    settings, keys = here.tools.settings, here.tools.keys
    base = address.base(settings, instance.told_address(settings.data_dir))
    opens = (found.token(keys), address.url(base, keys, found))
    return shapes.link(found, agent_name, opens, usage)


def _print(told: LinkShown, *, as_json: bool, qr: bool, last_used: int | None) -> None:
    stats = told.usage_stats
    lines = facts(
        [
            ("url", told.url),
            ("id", told.id),
            ("agent", told.agent_name),
            ("kind", told.kind),
            ("state", _state(told)),
            ("name", told.name),
            ("ends", told.expires_at),
            ("welcome", told.welcome_message),
            ("made", f"{told.created_at} by {told.created_by}"),
            ("used", f"{stats.total_messages} messages of {stats.unique_users} visitors"),
            ("last used", when(last_used)),
        ]
    )
    code = drawing.qr(told.url or "") if qr else []
    show(msgspec.to_builtins(told), [*lines, *code], as_json=as_json)


def _state(told: LinkShown) -> str:
    if told.expires_at is not None and datetime.fromisoformat(told.expires_at) <= datetime.now(UTC):
        return "ended"
    return "on" if told.enabled else "off"
