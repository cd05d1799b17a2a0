"""Listing and showing conversations at the command line."""

import click
import msgspec

from parlour import transcripts
from parlour.agents import store as agents
from parlour.cli.base import as_json, asynchronous, facts, host, in_workspace, show, table, when
from parlour.conversations.model import Standing, Wanted
from parlour.transcripts import Shown, finding, record
from parlour.transcripts.finding import Talk
from parlour.web.api import conversations as shapes


@click.group(short_help="List and show conversations.")
def conversation() -> None:
    """List and show conversations: what visitors and agents said to each other."""


@conversation.command("list")
@click.argument("agent", required=False)
@click.option("--link", metavar="ID", help="Only those that came by this link.")
@click.option(
    "--state",
    type=click.Choice([each.value for each in Standing]),
    help="Only those that stand so.",
)
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="At most so many."
)
@in_workspace
@as_json
@asynchronous
async def listed(
    agent: str | None,
    link: str | None,
    state: str | None,
    limit: int,
    workspace: str,
    *,
    as_json: bool,
) -> None:
    """List conversations with AGENT, or with all of them, by their last message, newest first."""
    async with host(workspace) as here:
        only = None
        if agent is not None:
            only = (await here.tools.db.read(agents.find, here.who.workspace_id, agent)).id
        wanted = Wanted(
            agent_id=only, link_id=link, standing=None if state is None else Standing(state)
        )
        found = await here.tools.db.browse(finding.page, here.who, wanted, limit=limit)
    rows = [
        (each.id, each.agent_name, each.visitor, each.standing.value, str(each.message_count),
         when(each.last_message_at), _line(each))
        for each in found
    ]  # fmt: skip
    heads = ["ID", "AGENT", "VISITOR", "STATE", "MESSAGES", "LAST", ""]
    data = msgspec.to_builtins([shapes.conversation_shown(each) for each in found])
    show(data, table(heads, rows, "There are no conversations."), as_json=as_json)


@conversation.command("show")
@click.argument("conversation_id", metavar="ID")
@in_workspace
@as_json
@asynchronous
async def shown(conversation_id: str, workspace: str, *, as_json: bool) -> None:
    """Show one conversation and what was said in it. That it was read is written down."""
    async with host(workspace) as here:
        read = here.tools.db.browse
        talk = await read(finding.find, here.who, conversation_id)
        await record.note(here.tools, here.who, talk)
        said = await read(transcripts.shown_to, here.who, talk.id)
        machines = await read(finding.machines, talk)
    told = msgspec.to_builtins(shapes.conversation_shown(talk))
    told["messages"] = msgspec.to_builtins(
        [shapes.message_shown(each, machines.get(each.turn_id or "")) for each in said]
    )
    lines = [*_facts(talk), *(line for each in said for line in _said(talk, each))]
    show(told, lines, as_json=as_json)


def _line(talk: Talk) -> str:
    if talk.last is None:
        return ""
    return talk.last.text[:60] + ("…" if talk.last.is_cut or len(talk.last.text) > 60 else "")


def _facts(talk: Talk) -> list[str]:
    return facts(
        [
            ("id", talk.id),
            ("agent", talk.agent_name),
            ("link", " ".join(filter(None, (talk.link_id, talk.link_name)))),
            ("visitor", talk.visitor),
            ("state", talk.standing.value),
            ("began", when(talk.created_at)),
            ("last", when(talk.last_message_at)),
            *((name, value) for name, value in talk.variables.items()),
        ]
    )


def _said(talk: Talk, shown: Shown) -> list[str]:
    name = shown.author_name or (talk.visitor if shown.author_kind == "visitor" else "")
    state = "" if shown.state == "done" else f", {shown.state}"
    text = [f"  {line}" for line in shown.text.splitlines()]
    return ["", f"{name or shown.author_kind} ({when(shown.created_at)}{state})", *text]
