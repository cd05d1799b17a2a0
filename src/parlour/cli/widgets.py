"""Making, listing, changing and deleting widgets at the command line, and their chat links."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click
import msgspec

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
    picture_file,
    picture_of,
    show,
    table,
)
from parlour.cli.links import PUBLIC, shown
from parlour.kit.errors import NotFound
from parlour.links import keeping as links
from parlour.links import rules
from parlour.web import standing
from parlour.web.api import widget_shapes
from parlour.web.api.widget_shapes import WidgetShown
from parlour.widgets import keeping, model, store
from parlour.widgets.model import Widget

widget_id = click.argument("widget_id", metavar="ID")
title = click.option("--title", metavar="TEXT", help="The agent's name as visitors read it.")
welcome = click.option("--welcome", metavar="TEXT", help="What stands under the greeting.")
accent = click.option("--accent", metavar="COLOUR", help="Such as #1c4a63; made fit to be read.")
_SAID: Final = {
    **{each: each for each in ("name", "title", "accent", "label", "teaser")},
    **{each: each for each in model.CHOICES},
    "welcome": "welcome_message",
}
"""Options, and the fields of a widget that they are."""


def button(command: Callable[..., Any]) -> Callable[..., Any]:
    """Take what can be said of a widget in pages of other sites."""
    options = [
        click.option(
            "--origins",
            metavar="LIST",
            help="Sites its chat may stand on, with commas: https://www.example.org.",
        ),
        *(
            click.option(f"--{name}", type=click.Choice(choices), help=_CHOICES[name])
            for name, choices in model.CHOICES.items()
        ),
        click.option("--label", metavar="TEXT", help="Words on its button there."),
        click.option("--teaser", metavar="TEXT", help="What stands beside the button at first."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


_CHOICES: Final = {
    "position": "In which corner its button is there.",
    "size": "How large that button is.",
    "theme": "Light, dark, or as the visitor's device is.",
}


@click.group(short_help="Say how agents look, and share their chat links.")
def widget() -> None:
    """Say how agents look to whoever comes by a widget's links, and share those.

    Every agent has a widget from the start, which looks as the agent does.
    """


@widget.command("list")
@click.argument("agent", required=False)
@in_workspace
@as_json
@asynchronous
async def listed(agent: str | None, workspace: str, *, as_json: bool) -> None:
    """List the widgets of AGENT, or of all agents."""
    async with host(workspace) as here:
        read, mine = here.tools.db.read, here.who.workspace_id
        found = (
            await read(agents.every, mine)
            if agent is None
            else [await read(agents.find, mine, agent)]
        )
        widgets = await read(store.of_agents, mine, [each.id for each in found])
    told = [widget_shapes.widget(each, agent.name) for agent in found for each in widgets[agent.id]]
    rows = [
        (each.id, each.agent_name, each.name, each.title or "", each.accent or "") for each in told
    ]
    heads = ["ID", "AGENT", "NAME", "TITLE", "ACCENT"]
    show(msgspec.to_builtins(told), table(heads, rows, "There are no agents."), as_json=as_json)


@widget.command("create")
@click.argument("agent")
@click.option("--name", required=True, help="A name in lists; visitors do not see it.")
@title
@welcome
@accent
@button
@in_workspace
@as_json
@asynchronous
async def create(agent: str, workspace: str, **options: Any) -> None:
    """Make another widget of AGENT and print its id."""
    async with host(workspace) as here:
        found = await here.agent(agent)
        wish = keeping.Wish(**_said(options))
        made = await keeping.create(here.tools, here.who, found.id, wish)
    told = widget_shapes.widget(made, agent)
    show(msgspec.to_builtins(told), told.id, as_json=options["as_json"])


@widget.command("show")
@widget_id
@in_workspace
@as_json
@asynchronous
async def one(widget_id: str, workspace: str, *, as_json: bool) -> None:
    """Show one widget."""
    async with host(workspace) as here:
        found, agent = await _find(here, widget_id)
    told = widget_shapes.widget(found, agent.name)
    show(msgspec.to_builtins(told), _facts(told), as_json=as_json)


@widget.command("change")
@widget_id
@click.option("--name", help="A name in lists; visitors do not see it.")
@title
@welcome
@accent
@button
@in_workspace
@as_json
@asynchronous
async def change(widget_id: str, workspace: str, **options: Any) -> None:
    """Change a widget; an empty text or colour puts the agent's own back."""
    wanted = _said(options)
    if not wanted:
        raise click.UsageError("name something to change")
    async with host(workspace) as here:
        found, agent = await _find(here, widget_id)
        changed = await keeping.change(here.tools, here.who, found, wanted)
    told = widget_shapes.widget(changed, agent.name)
    show(msgspec.to_builtins(told), _facts(told), as_json=options["as_json"])


@widget.command("logo")
@widget_id
@picture_file
@in_workspace
@as_json
@asynchronous
async def logo(
    widget_id: str, file: Path | None, workspace: str, *, remove: bool, as_json: bool
) -> None:
    """Have a picture stand for the agent by a widget's links: PNG, JPEG or WebP.

    All of it is kept, on a square; without one the agent's own stands there.
    """
    content = picture_of(file, remove=remove)
    async with host(workspace) as here:
        found, agent = await _find(here, widget_id)
        changed = await keeping.put_logo(here.tools, here.who, found, content)
    told = widget_shapes.widget(changed, agent.name)
    show(msgspec.to_builtins(told), _facts(told), as_json=as_json)


@widget.command("delete")
@widget_id
@click.option("--yes", is_flag=True, help="Do not ask.")
@in_workspace
@as_json
@asynchronous
async def delete(widget_id: str, workspace: str, *, yes: bool, as_json: bool) -> None:
    """Delete a widget; its links stay open and look as their agent does."""
    async with host(workspace) as here:
        found, agent = await _find(here, widget_id)
        if not confirmed(f"Delete the widget {found.name} of {agent.name}?", yes=yes):
            raise click.Abort
        await keeping.delete(here.tools, here.who, found)
    data = {"message": "the widget has been deleted", "widget_id": widget_id}
    show(data, f"Deleted {widget_id}.", as_json=as_json)


@widget.command("share")
@widget_id
@click.option("--kind", type=click.Choice(PUBLIC), help="Permanent unless it has hours.")
@click.option("--hours", type=float, help="How long a temporary link works.")
@click.option("--name", help="A name in lists.")
@click.option("--qr", is_flag=True, help="Print a QR code, too.")
@in_workspace
@as_json
@asynchronous
async def share(widget_id: str, workspace: str, **options: Any) -> None:
    """Print a chat link of a widget; its permanent one is the same each time."""
    kind = None if options["kind"] is None else rules.Kind[options["kind"].upper()]
    async with host(workspace) as here:
        found, agent = await _find(here, widget_id)
        wish = links.Wish(
            kind=rules.kind_meant(kind, options["hours"], None),
            hours=options["hours"],
            name=options["name"],
            widget_id=found.id,
        )
        links.ending(wish, here.tools.clock.now())  # before anything is stored
        await keeping.rooted(here.tools, found)
        link, _ = await links.share(here.tools, here.who, agent.id, wish)
        told = shown(here, link, agent)
    code = drawing.qr(told.url or "") if options["qr"] else []
    data = msgspec.to_builtins(told)
    show(data, [told.url or "", *code], as_json=options["as_json"])


@widget.command("sites")
@widget_id
@in_workspace
@as_json
@asynchronous
async def sites(widget_id: str, workspace: str, *, as_json: bool) -> None:
    """List the sites on which a widget's chats were seen."""
    async with host(workspace) as here:
        found, _ = await _find(here, widget_id)
        seen = await standing.of_widget(here.tools, found)
    told = [widget_shapes.site(each) for each in seen]
    rows = [
        (each.origin, "yes" if each.allowed else "no", str(each.shown), str(each.opened),
         each.last_seen_at, each.link_id)
        for each in told
    ]  # fmt: skip
    heads = ["SITE", "ALLOWED", "SHOWN", "OPENED", "LAST SEEN", "LINK"]
    lines = table(heads, rows, "It was seen on no site yet.")
    show(msgspec.to_builtins(told), lines, as_json=as_json)


def _said(options: dict[str, Any]) -> dict[str, Any]:
    """Return what was said of a widget; "" puts back what there is without it."""
    wanted: dict[str, Any] = {
        field: options[option] if option == "name" else options[option] or None
        for option, field in _SAID.items()
        if options[option] is not None
    }
    if options["origins"] is not None:
        wanted["origins"] = tuple(options["origins"].split(","))
    return wanted


async def _find(here: Host, widget_id: str) -> tuple[Widget, Agent]:
    read, mine = here.tools.db.read, here.who.workspace_id
    agent_id = await read(store.agent_of, mine, widget_id)
    agent_id = agent_id or model.agent_of_first(widget_id)
    agent = None if agent_id is None else await read(agents.by_id, agent_id)
    if agent is None or agent.workspace_id != mine:
        raise NotFound(f"there is no widget {widget_id!r}")
    return await read(store.find, mine, agent.id, widget_id), agent


def _facts(told: WidgetShown) -> list[str]:
    stands = told.contrast and f"{told.contrast.light}:1 in light, {told.contrast.dark}:1 in dark"
    shown = told.contrast and told.contrast.nudged and told.contrast.shown_light
    return facts(
        [
            ("id", told.id),
            ("agent", told.agent_name),
            ("name", told.name),
            ("title", told.title),
            ("welcome", told.welcome_message),
            ("accent", told.accent),
            ("sites", ", ".join(told.origins) or "none"),
            ("button", f"{told.position}, {told.size}, {told.theme}"),
            ("label", told.label),
            ("teaser", told.teaser),
            ("logo", told.logo),
            ("contrast", stands),
            ("shown as", shown or None),
            ("changed", told.updated_by and f"{told.updated_at} by {told.updated_by}"),
        ]
    )
