"""A first agent and a link to it, made when a demonstration server has started."""

import contextlib
from pathlib import Path
from typing import Final

import click

import parlour
from parlour import rights, workspaces
from parlour.agents import keeping, readying, store
from parlour.agents.model import Agent
from parlour.cli import base, drawing
from parlour.kit.errors import NotFound
from parlour.links import address, rules
from parlour.links import keeping as links
from parlour.links import store as link_rows
from parlour.rights import Who
from parlour.tools import Tools

_NAME: Final = "parlour"
_TEXTS: Final = {
    "display_name": "Parlour",
    "description": "Answers from Parlour's own documentation",
    "welcome_message": "Ask how Parlour works. Every answer names the page it comes from.",
    "starters": [
        "How do I make a link that ends?",
        "Where is my data kept?",
        "How do I make a backup?",
    ],
}


async def begin(tools: Tools) -> None:
    """Make the demonstration agent and its link unless they are there, and print the link."""
    workspace = await workspaces.ensure_default(tools)
    who = rights.host(workspace.id)
    agent = await _agent(tools, who)
    found = await tools.db.read(link_rows.of_agents, [agent.id])
    link = next((each for each in found if each.enabled and each.expires_at is None), None)
    if link is None:
        wish = links.Wish(kind=rules.Kind.PERMANENT, name="Demonstration")
        link = await links.create(tools, who, agent.id, wish)
    url = address.url(address.home(tools, workspace.id), tools.keys, link)
    click.echo(f"\nA chat with Parlour's own documentation is open at\n\n  {url}\n")
    for line in drawing.qr(url):
        click.echo(f"  {line}")
    if tools.settings.is_at_home:
        click.echo("\nOnly this machine can open it. For phones in your network start with\n")
        click.echo(
            f"  PARLOUR_HOST=0.0.0.0 PARLOUR_PUBLIC_URL=http://THIS-MACHINE:{tools.settings.port}"
        )
    click.echo("\nAn agent of your own, in another terminal:\n")
    program = base.called()
    click.echo(f"  {program} agent create handbook --backend documents --path ./your-documents")
    click.echo(f"  {program} link create handbook --qr\n")


async def _agent(tools: Tools, who: Who) -> Agent:
    with contextlib.suppress(NotFound):
        found = await tools.db.read(store.find, who.workspace_id, _NAME)
        await readying.refresh(tools, found)  # the documentation may be a newer one
        return found
    config = {"path": str(documentation())}
    wish = keeping.Wish(_NAME, "documents", config, _TEXTS)
    return (await keeping.create(tools, who, wish, trusted=True, publish=True)).agent


def documentation() -> Path:
    """Find Parlour's own documentation: beside the code in a checkout, within the package else."""
    package = Path(parlour.__file__).parent
    checkout = package.parents[1] / "docs"
    return checkout if (checkout / "MAP.md").is_file() else package / "docs"
