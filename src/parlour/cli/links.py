"""Making, listing, changing and ending links at the command line."""

from datetime import datetime
from typing import Any, Final

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
    counted,
    facts,
    host,
    in_workspace,
    number,
    show,
    table,
    when,
)
from parlour.kit import instance
from parlour.kit.clock import Moment, moment_of
from parlour.kit.errors import NotFound
from parlour.links import address, keeping, listing, private, rules, store, telling
from parlour.links.limits import PERIODS
from parlour.links.listing import Condition, View
from parlour.links.store import Link
from parlour.web import finding
from parlour.web.api import shapes
from parlour.web.api.shapes import LinkShown

KINDS = [kind.word for kind in rules.Kind]
PUBLIC = [kind.word for kind in rules.Kind if kind is not rules.Kind.PRIVATE]
VIEWS = [view.value for view in View]
STATES = [condition.value for condition in Condition]
link_id = click.argument("link_id", metavar="ID")
SUCH_AS: Final = "2026-12-24T18:00+01:00"
"""A time as options take it."""
_NUMBERS: Final = {
    "rate_limit": "rate_limit_per_minute",
    "daily_tokens": "daily_token_limit",
    "budget": "budget_tokens",
}
"""Options, and the fields of a link that they are."""
link_ids = click.argument("link_ids", metavar="ID...", nargs=-1, required=True)


@click.group(short_help="Make, list and end links to agents.")
def link() -> None:
    """Make, list and end links: each opens a chat with one agent."""


@link.command("create")
@click.argument("agent")
@click.option("--kind", type=click.Choice(KINDS), help="Permanent unless it has an end.")
@click.option("--hours", type=float, help="How long a temporary link works.")
@click.option("--until", metavar="TIME", help=f"Or its end, such as {SUCH_AS}.")
@click.option("--name", "names", multiple=True, help="A name in lists; one link for each --name.")
@click.option("--max-uses", type=int, default=0, help="How often each private link may be used.")
@click.option("--welcome", metavar="TEXT", help="A greeting of this link's own.")
@click.option(
    "--require-email/--no-email",
    default=None,
    help="Visitors confirm an e-mail address first, or never; else as the agent says.",
)
@click.option("--emails", metavar="LIST", help="Whose: addresses and @domains, with commas.")
@click.option("--rate-limit", type=int, help="Messages of one visitor a minute; 0: any number.")
@click.option("--daily-tokens", type=int, help="Tokens of one visitor a day; 0: any number.")
@click.option("--budget", type=int, help="Tokens of all visitors in a period.")
@click.option("--budget-period", type=click.Choice(PERIODS), help="A month, unless this says so.")
@click.option("--origins", metavar="LIST", help="Sites its chat may stand on; else its widget's.")
@click.option("--slug", metavar="WORD", help="A word that leads to it, too: /chat/WORD.")
@click.option("--title", metavar="TEXT", help="What messengers show of it.")
@click.option("--about", metavar="TEXT", help="And a sentence below that.")
@click.option("--disabled", is_flag=True, help="Make it switched off.")
@click.option("--qr", is_flag=True, help="Print a QR code, too.")
@in_workspace
@as_json
@asynchronous
async def create(agent: str, names: tuple[str, ...], workspace: str, **options: Any) -> None:
    """Make a link to AGENT and print its address; private ones for each --name, all or none."""
    if options["kind"] == rules.Kind.PRIVATE.word and not names:
        raise click.UsageError("a private link needs --name: who it is for")
    wanted = [_wish(name, options) for name in names or (None,)]
    async with host(workspace) as here:
        found = await here.agent(agent)
        now = here.tools.clock.now()
        for wish in wanted:
            keeping.ending(wish, now)  # all of them, or none
        if wanted[0].kind is rules.Kind.PRIVATE:
            made = await private.invite(here.tools, here.who, found.id, wanted)
        else:
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
            here.who,
            view=View(options["view"]),
            condition=None if state is None else Condition(state),
        )
        links = await here.tools.db.browse(listing.page, mine, search, now)
        usage = await here.tools.db.browse(transcripts.usage_of_links, [each.id for each in links])
        by_id = {each.id: each for each in found}
        told = [shown(here, each, by_id[each.agent_id], usage.get(each.id)) for each in links]
    rows = [
        (each.id, each.agent_name, each.kind, each.state_words, each.name or "",
         telling.counted(each.uses, each.max_uses), str(each.usage_stats.total_messages),
         each.url or "")
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
        found, agent = await find(here, link_id)
        usage = await here.tools.db.browse(transcripts.usage_of_links, [found.id])
        told = shown(here, found, agent, usage.get(found.id))
    _print(told, as_json=as_json, qr=qr, last_used=usage[found.id][2] if usage else None)


@link.command("change")
@link_id
@click.option("--name", metavar="NAME", help='A name in lists; "" for none.')
@click.option("--welcome", metavar="TEXT", help='A greeting of this link\'s own; "" for none.')
@click.option(
    "--until", metavar="TIME", help=f'An earlier end, such as {SUCH_AS}; "" for the first again.'
)
@click.option("--max-uses", type=int, help="How often a private link may be used; 0: any number.")
@click.option(
    "--email",
    type=click.Choice(["required", "off", "agent"]),
    help="Whether visitors confirm an e-mail address first, or as the agent says.",
)
@click.option("--emails", metavar="LIST", help='Whose, with commas; "" as the agent says.')
@click.option(
    "--rate-limit", metavar="N", help='Messages of one visitor a minute; "" as the agent says.'
)
@click.option("--daily-tokens", metavar="N", help='Tokens of one visitor a day; "" as the agent.')
@click.option("--budget", metavar="N", help='Tokens of all visitors in a period; "" for none.')
@click.option("--budget-period", type=click.Choice(PERIODS), help="What the budget is for.")
@click.option("--slug", metavar="WORD", help='A word that leads to it, too; "" for none.')
@click.option("--title", metavar="TEXT", help='What messengers show of it; "" for nothing.')
@click.option("--about", metavar="TEXT", help='And a sentence below that; "" for none.')
@click.option(
    "--origins", metavar="LIST", help='Sites its chat may stand on; "" for none, "-" as its widget.'
)
@in_workspace
@as_json
@asynchronous
async def change(link_id: str, workspace: str, **options: Any) -> None:
    """Change a link's name, greeting, end or uses; a later end needs a new address: `rotate`."""
    wanted = _texts(options)
    if options["until"] is not None:
        wanted["expires_at"] = until(options["until"]) if options["until"] else None
    if options["max_uses"] is not None:
        wanted["max_uses"] = options["max_uses"]
    if options["email"] is not None:
        wanted["require_email"] = {"required": True, "off": False, "agent": None}[options["email"]]
    if options["origins"] is not None:
        wanted["origins"] = _sites(options["origins"])
    if options["emails"] is not None:
        wanted["emails"] = tuple(options["emails"].split(",")) if options["emails"] else None
    wanted |= _limits(options)
    if not wanted:
        raise click.UsageError("name something to change")
    async with host(workspace) as here:
        found, agent = await find(here, link_id)
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
        found = [await find(here, each) for each in link_ids]
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
            await find(here, each)  # all of them, or none
        await keeping.switch_all(here.tools, here.who, link_ids, enabled=enabled)
        told = [shown(here, *await find(here, each)) for each in link_ids]
    data = msgspec.to_builtins(told)
    lines = [f"{each} is switched {'on' if enabled else 'off'}." for each in link_ids]
    show(data if len(told) > 1 else data[0], lines, as_json=as_json)


async def find(here: Host, link_id: str) -> tuple[Link, Agent]:
    """Find a link by its id, with its agent; NotFound when either is gone."""
    found = await here.tools.db.read(store.of_workspace, here.who.workspace_id, link_id)
    agent = await here.tools.db.read(agents.by_id, found.agent_id)
    if agent is None:
        raise NotFound(f"the agent of {link_id!r} has been deleted")
    return found, agent


def _wish(name: str | None, options: dict[str, Any]) -> keeping.Wish:
    ends = None if options["until"] is None else until(options["until"])
    kind = None if options["kind"] is None else rules.Kind[options["kind"].upper()]
    return keeping.Wish(
        kind=rules.kind_meant(kind, options["hours"], ends),
        name=name,
        hours=options["hours"],
        expires_at=ends,
        welcome_message=options["welcome"],
        enabled=not options["disabled"],
        require_email=options["require_email"],
        emails=None if options["emails"] is None else tuple(options["emails"].split(",")),
        slug=options["slug"],
        title=options["title"],
        about=options["about"],
        origins=None if options["origins"] is None else tuple(options["origins"].split(",")),
        max_uses=options["max_uses"],
        **{field: options[option] for option, field in _NUMBERS.items()},
        budget_period=options["budget_period"],
    )


def _texts(options: dict[str, Any]) -> dict[str, Any]:
    """Return what was said in words; "" clears it."""
    given = {**options, "welcome_message": options["welcome"]}
    texts = ("name", "welcome_message", "slug", "title", "about")
    return {each: given[each] or None for each in texts if given[each] is not None}


def _sites(text: str) -> tuple[str, ...] | None:
    return None if text.strip() == "-" else tuple(text.split(","))


def _limits(options: dict[str, Any]) -> dict[str, Any]:
    """Return what was said of a link's limits; "" stands for what the agent says."""
    given = {option: options[option] for option in _NUMBERS if options[option] is not None}
    wanted: dict[str, Any] = {
        _NUMBERS[option]: number("--" + option.replace("_", "-"), text)
        for option, text in given.items()
    }
    if options["budget_period"] is not None:
        wanted["budget_period"] = options["budget_period"]
    return wanted


def until(text: str, option: str = "--until") -> Moment:
    """Read the time of an option."""
    try:
        return moment_of(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        told = f"needs a date, a time and its zone, such as {SUCH_AS}"
        raise click.BadParameter(told, param_hint=option) from None


def shown(here: Host, found: Link, agent: Agent, usage: shapes.Usage | None = None) -> LinkShown:
    """Show a link to somebody at the host, with its address."""
    keys, running = here.tools.keys, instance.told_address(here.tools.settings.data_dir)
    base = address.home(here.tools, found.workspace_id, running)
    opens = (found.token(keys), address.url(base, keys, found))
    return shapes.link(found, agent, here.tools.clock.now(), opens, usage)


def _print(told: LinkShown, *, as_json: bool, qr: bool, last_used: int | None) -> None:
    stats = told.usage_stats
    used = f"{counted(stats.total_messages, 'message')} of {counted(stats.unique_users, 'visitor')}"
    lines = facts(
        [
            ("url", told.url),
            ("id", told.id),
            ("agent", told.agent_name),
            ("kind", told.kind),
            ("state", told.state_words),
            ("that is", told.summary),
            ("uses", telling.counted(told.uses, told.max_uses)),
            ("name", told.name),
            ("ends", told.expires_at),
            ("a minute", told.rate_limit_per_minute),
            ("tokens a day", told.daily_token_limit),
            ("budget", told.budget_tokens),
            ("welcome", told.welcome_message),
            ("widget", told.widget_id),
            ("sites", None if told.origins is None else ", ".join(told.origins) or "none"),
            ("word", told.slug and f"{(told.url or '').rpartition('/')[0]}/{told.slug}"),
            ("shown as", told.title and " · ".join(filter(None, (told.title, told.about)))),
            ("snippet", told.snippet and told.snippet.replace("\n", " ")),
            ("made", f"{told.created_at} by {told.created_by}"),
            ("changed", told.updated_by and f"{told.updated_at} by {told.updated_by}"),
            ("used", used),
            ("last used", when(last_used)),
        ]
    )
    code = drawing.qr(told.url or "") if qr else []
    show(msgspec.to_builtins(told), [*lines, *code], as_json=as_json)
