"""Making, listing, changing and ending links at the command line."""

from datetime import datetime
from typing import Any

import click
import msgspec

from parlour import transcripts
from parlour.agents import store as agents
from parlour.agents.model import Agent
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
from parlour.kit.clock import Moment, moment_of
from parlour.kit.errors import NotFound
from parlour.links import address, keeping, listing, rules, store
from parlour.links.listing import Condition, View
from parlour.links.store import Link
from parlour.web import finding
from parlour.web.api import shapes
from parlour.web.api.shapes import LinkShown

KINDS = [kind.word for kind in rules.Kind]
VIEWS = [view.value for view in View]
STATES = [condition.value for condition in Condition]
link_id = click.argument("link_id", metavar="ID")
link_ids = click.argument("link_ids", metavar="ID...", nargs=-1, required=True)


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
        now = here.tools.clock.now()
        for wish in wanted:
            keeping.ending(wish, now)  # all of them, or none
        made = [await keeping.create(here.tools, here.who, found.id, wish) for wish in wanted]
        told = [shown(here, each, found) for each in made]
    lines: list[str] = []
    for each in told:
        lines.append(each.url or "")
        if options["qr"]:
            lines += drawing.qr(each.url or "")
    data = msgspec.to_builtins(told)
    show(data if len(names) > 1 else data[0], lines, as_json=options["as_json"])


@link.command("list")
@click.argument("agent", required=False)
@click.option("--view", type=click.Choice(VIEWS), default="all", help="Only links of this sort.")
@click.option("--state", type=click.Choice(STATES), help="Only links that are so just now.")
@click.option("--search", metavar="TEXT", default="", help="A part of a name, or an address.")
@in_workspace
@as_json
@asynchronous
async def listed(agent: str | None, workspace: str, **options: Any) -> None:
    """List the links of AGENT, or of all agents, newest first."""
    async with host(workspace) as here:
        read, mine, now = here.tools.db.read, here.who.workspace_id, here.tools.clock.now()
        found = (
            await read(agents.every, mine)
            if agent is None
            else [await read(agents.find, mine, agent)]
        )
        state = options["state"]
        search = finding.search(
            here.tools,
            found,
            options["search"],
            view=View(options["view"]),
            condition=None if state is None else Condition(state),
        )
        links = await here.tools.db.browse(listing.page, mine, search, now)
        usage = await here.tools.db.browse(transcripts.usage_of_links, [each.id for each in links])
        by_id = {each.id: each for each in found}
        told = [shown(here, each, by_id[each.agent_id], usage.get(each.id)) for each in links]
    rows = [
        (each.id, each.agent_name, each.kind, each.state_words, each.name or "",
         str(each.uses), str(each.usage_stats.total_messages), each.url or "")
        for each in told
    ]  # fmt: skip
    heads = ["ID", "AGENT", "KIND", "STATE", "NAME", "USES", "MESSAGES", "URL"]
    lines = table(heads, rows, "There are no links.")
    show(msgspec.to_builtins(told), lines, as_json=options["as_json"])


@link.command("show")
@link_id
@click.option("--qr", is_flag=True, help="Print a QR code, too.")
@in_workspace
@as_json
@asynchronous
async def _one(link_id: str, workspace: str, *, qr: bool, as_json: bool) -> None:
    """Show one link."""
    async with host(workspace) as here:
        found, agent = await _find(here, link_id)
        usage = await here.tools.db.browse(transcripts.usage_of_links, [found.id])
        told = shown(here, found, agent, usage.get(found.id))
    _print(told, as_json=as_json, qr=qr, last_used=usage[found.id][2] if usage else None)


@link.command("change")
@link_id
@click.option("--name", metavar="NAME", help='A name in lists; "" for none.')
@click.option("--welcome", metavar="TEXT", help='A greeting of this link\'s own; "" for none.')
@click.option("--until", metavar="TIME", help='An earlier end; "" for the first one again.')
@in_workspace
@as_json
@asynchronous
async def change(link_id: str, workspace: str, **options: Any) -> None:
    """Change a link's name, greeting or end; its end can come earlier, never later."""
    wanted: dict[str, Any] = {}
    if options["name"] is not None:
        wanted["name"] = options["name"] or None
    if options["welcome"] is not None:
        wanted["welcome_message"] = options["welcome"] or None
    if options["until"] is not None:
        wanted["expires_at"] = _moment(options["until"]) if options["until"] else None
    if not wanted:
        raise click.UsageError("name something to change")
    async with host(workspace) as here:
        found, agent = await _find(here, link_id)
        changed = await keeping.change(here.tools, here.who, found, wanted)
        told = shown(here, changed, agent)
    show(msgspec.to_builtins(told), told.summary, as_json=options["as_json"])


@link.command("enable")
@link_ids
@in_workspace
@as_json
@asynchronous
async def enable(link_ids: tuple[str, ...], workspace: str, *, as_json: bool) -> None:
    """Switch links on again."""
    await _switch(link_ids, workspace, enabled=True, as_json=as_json)


@link.command("disable")
@link_ids
@in_workspace
@as_json
@asynchronous
async def disable(link_ids: tuple[str, ...], workspace: str, *, as_json: bool) -> None:
    """Switch links off until they are enabled again."""
    await _switch(link_ids, workspace, enabled=False, as_json=as_json)


@link.command("revoke")
@link_ids
@click.option("--yes", is_flag=True, help="Do not ask.")
@in_workspace
@as_json
@asynchronous
async def revoke(link_ids: tuple[str, ...], workspace: str, *, yes: bool, as_json: bool) -> None:
    """End links for good; they then answer as if they had never been."""
    async with host(workspace) as here:
        found = [await _find(here, each) for each in link_ids]
        named = ", ".join(f"{each.name or each.id} to {agent.name}" for each, agent in found)
        if not confirmed(f"End for good: {named}?", yes=yes):
            raise click.Abort
        await keeping.revoke_all(here.tools, here.who, link_ids)
    told = [{"message": "the link has been revoked", "link_id": each} for each in link_ids]
    lines = [f"Revoked {each}." for each in link_ids]
    show(told if len(told) > 1 else told[0], lines, as_json=as_json)


async def _switch(
    link_ids: tuple[str, ...], workspace: str, *, enabled: bool, as_json: bool
) -> None:
    async with host(workspace) as here:
        for each in link_ids:
            await _find(here, each)  # all of them, or none
        await keeping.switch_all(here.tools, here.who, link_ids, enabled=enabled)
        told = [shown(here, *await _find(here, each)) for each in link_ids]
    data = msgspec.to_builtins(told)
    lines = [f"{each} is switched {'on' if enabled else 'off'}." for each in link_ids]
    show(data if len(told) > 1 else data[0], lines, as_json=as_json)


async def _find(here: Host, link_id: str) -> tuple[Link, Agent]:
    found = await here.tools.db.read(store.of_workspace, here.who.workspace_id, link_id)
    agent = await here.tools.db.read(agents.by_id, found.agent_id)
    if agent is None:
        raise NotFound(f"the agent of {link_id!r} has been deleted")
    return found, agent


def _wish(name: str | None, options: dict[str, Any]) -> keeping.Wish:
    until = None if options["until"] is None else _moment(options["until"])
    kind = None if options["kind"] is None else rules.Kind[options["kind"].upper()]
    return keeping.Wish(
        kind=rules.kind_meant(kind, options["hours"], until),
        name=name,
        hours=options["hours"],
        expires_at=until,
        welcome_message=options["welcome"],
        enabled=not options["disabled"],
    )


def _moment(text: str) -> Moment:
    try:
        return moment_of(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        raise click.BadParameter(
            "needs a date, a time and its zone", param_hint="--until"
        ) from None


def shown(here: Host, found: Link, agent: Agent, usage: shapes.Usage | None = None) -> LinkShown:
    """Show a link to somebody at the host, with its address."""
    settings, keys = here.tools.settings, here.tools.keys
    base = address.base(settings, instance.told_address(settings.data_dir))
    opens = (found.token(keys), address.url(base, keys, found))
    return shapes.link(found, agent, here.tools.clock.now(), opens, usage)


def _print(told: LinkShown, *, as_json: bool, qr: bool, last_used: int | None) -> None:
    stats = told.usage_stats
    lines = facts(
        [
            ("url", told.url),
            ("id", told.id),
            ("agent", told.agent_name),
            ("kind", told.kind),
            ("state", told.state_words),
            ("that is", told.summary),
            ("name", told.name),
            ("ends", told.expires_at),
            ("welcome", told.welcome_message),
            ("widget", told.widget_id),
            ("made", f"{told.created_at} by {told.created_by}"),
            ("changed", told.updated_by and f"{told.updated_at} by {told.updated_by}"),
            ("used", f"{stats.total_messages} messages of {stats.unique_users} visitors"),
            ("last used", when(last_used)),
        ]
    )
    code = drawing.qr(told.url or "") if qr else []
    show(msgspec.to_builtins(told), [*lines, *code], as_json=as_json)
