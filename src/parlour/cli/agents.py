"""Making, listing, publishing, switching and deleting agents at the command line."""

from typing import Any

import click
import msgspec

from parlour import transcripts
from parlour.agents import keeping, store
from parlour.agents.backends import KINDS
from parlour.agents.model import Agent
from parlour.cli import preparing
from parlour.cli.base import (
    Host,
    as_json,
    asynchronous,
    confirmed,
    counted,
    facts,
    host,
    in_workspace,
    show,
    table,
)
from parlour.cli.collecting import accent_option, chat_options
from parlour.cli.preparing import backend_options
from parlour.links import store as links
from parlour.web.api import shapes

name_of = click.argument("name")


@click.group(short_help="Make, publish and switch agents.")
def agent() -> None:
    """Make, publish and switch agents: what answers behind links."""


@agent.command("create")
@name_of
@click.option("--backend", type=click.Choice(list(KINDS)), required=True, help="What answers.")
@backend_options
@click.option("--display-name", metavar="TEXT", help="The name visitors see.")
@click.option("--description", metavar="TEXT", help="One line under the name.")
@click.option("--welcome", "welcome_message", metavar="TEXT", help="The first words.")
@click.option("--starter", "starters", multiple=True, metavar="TEXT", help="A question to offer.")
@click.option("--placeholder", metavar="TEXT", help="What stands in the empty message box.")
@accent_option
@chat_options
@click.option("--draft", is_flag=True, help="Do not publish it yet.")
@in_workspace
@as_json
@asynchronous
async def create(name: str, backend: str, workspace: str, **options: Any) -> None:
    """Make an agent; it is published and live at once unless --draft.

    One of documents without --path is a draft until documents are uploaded and it is published.

    \b
    parlour agent create handbook --backend documents --path ./handbook
    parlour agent create helper --backend openai --base-url http://localhost:11434/v1 --model llama3
    parlour agent create bot --backend webhook --url https://bot.example.org/answer
    parlour agent create mine --backend function --target mybot:answer
    """  # noqa: D301 - click keeps the lines after a \\b as they are
    config = preparing.config_of(backend, options)
    texts = {key: options[key] for key in keeping.TEXTS if options[key] not in (None, "", ())}
    wish = keeping.Wish(name, backend, config, texts)
    async with host(workspace) as here:
        empty = backend == "documents" and "path" not in config
        publish = not (options["draft"] or empty)
        made, report = await preparing.create(
            here, wish, publish=publish, as_json=options["as_json"]
        )
    shown = msgspec.to_builtins(shapes.agent_made(made))
    lines = [f"{made.agent.name} {_state(made.agent)}."]
    if empty:
        lines.append(f"Upload its documents: parlour agent upload {name} FILE…")
    if report is not None:
        shown["index"] = report
        lines.append(preparing.told(report))
    for secret, value in made.secrets.items():
        lines += [f"{secret}: {value}", "Keep it safe: it is not shown again."]
    show(shown, lines, as_json=options["as_json"])


@agent.command("list")
@in_workspace
@as_json
@asynchronous
async def listed(workspace: str, *, as_json: bool) -> None:
    """List the agents."""
    async with host(workspace) as here:
        found = await here.tools.db.read(store.every, here.who.workspace_id)
        shown = [shapes.agent(each, manages=True) for each in found]
    rows = [(each.name, each.draft.backend, _state(each)) for each in found]
    lines = table(["NAME", "BACKEND", "STATE"], rows, "There are no agents.")
    show(msgspec.to_builtins(shown), lines, as_json=as_json)


@agent.command("show")
@name_of
@in_workspace
@as_json
@asynchronous
async def shown(name: str, workspace: str, *, as_json: bool) -> None:
    """Show an agent and how it is set up."""
    async with host(workspace) as here:
        found = await here.agent(name)
        told = shapes.agent(found, manages=True)
        index = await preparing.progress(here, found)
    data = {**msgspec.to_builtins(told), "index": index}
    config = [(f"  {key}", value) for key, value in (told.config or {}).items()]
    pairs = [
        ("name", told.name),
        ("id", told.id),
        ("state", _state(found)),
        ("version", told.published),
        ("shown as", told.display_name),
        ("description", told.description),
        ("welcome", told.welcome_message),
        ("starters", " · ".join(told.starters)),
        ("accent", told.accent),
        ("collects", ", ".join(each.name for each in told.variables)),
        ("backend", told.backend),
        *config,
        ("documents", preparing.told(index) if index else None),
    ]
    show(data, facts(pairs), as_json=as_json)


@agent.command("publish")
@name_of
@in_workspace
@as_json
@asynchronous
async def publish(name: str, workspace: str, *, as_json: bool) -> None:
    """Make the draft what visitors get."""
    async with host(workspace) as here:
        found = await keeping.publish(here.tools, here.who, await here.agent(name))
    _print(found, f"{name}: version {found.published} is published.", as_json=as_json)


@agent.command("live")
@name_of
@in_workspace
@as_json
@asynchronous
async def live(name: str, workspace: str, *, as_json: bool) -> None:
    """Let an agent answer."""
    await _switch(name, workspace, live=True, as_json=as_json)


@agent.command("offline")
@name_of
@in_workspace
@as_json
@asynchronous
async def offline(name: str, workspace: str, *, as_json: bool) -> None:
    """Have all links of an agent say at once that it is away."""
    await _switch(name, workspace, live=False, as_json=as_json)


@agent.command("delete")
@name_of
@click.option("--yes", is_flag=True, help="Do not ask.")
@in_workspace
@as_json
@asynchronous
async def delete(name: str, workspace: str, *, yes: bool, as_json: bool) -> None:
    """Delete an agent; its links then answer as if they had never been.

    It says first how many links and conversations there are.
    """
    async with host(workspace) as here:
        found = await here.agent(name)
        taken = await footprint(here, found)
        if not confirmed(f"Delete the agent {name}, {taken}?", yes=yes):
            raise click.Abort
        await keeping.delete(here.tools, here.who, found)
    data = {"message": "the agent has been deleted", "agent_id": found.id}
    show(data, f"Deleted {name}.", as_json=as_json)


async def footprint(here: Host, found: Agent) -> str:
    """Say what ends or goes with an agent."""
    doors = await here.tools.db.browse(links.count_of_agents, here.who.workspace_id)
    talks = await here.tools.db.browse(transcripts.count_of_agent, found.id)
    ending = counted(doors.get(found.id, (0, 0))[0], "link")
    return f"end its {ending} and {counted(talks, 'conversation')}"


async def _switch(name: str, workspace: str, *, live: bool, as_json: bool) -> None:
    async with host(workspace) as here:
        found = await here.agent(name)
        found = await keeping.switch(here.tools, here.who, found, live=live)
    _print(found, f"{name} {_state(found)}.", as_json=as_json)


def _print(found: Agent, line: str, *, as_json: bool) -> None:
    show(msgspec.to_builtins(shapes.agent(found, manages=True)), line, as_json=as_json)


def _state(found: Agent) -> str:
    if found.published is None:
        return "is a draft"
    return "is live" if found.live else "is offline"
