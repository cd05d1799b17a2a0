"""What is personal in a workspace, at the command line: showing it, and changing it."""

import click
import msgspec

from parlour.cli.base import as_json, asynchronous, facts, host, in_workspace, show
from parlour.privacy import Reveal, change, find
from parlour.web.api.privacy import shown


@click.command(short_help="Say what is personal, and who may see it for a reason.")
@click.option(
    "--pattern",
    "patterns",
    multiple=True,
    metavar="TEXT",
    help="What else is personal, in place of what was said before: # is a digit, ? a letter, "
    '* letters and digits; "" for nothing.',
)
@click.option(
    "--reveal",
    type=click.Choice([each.value for each in Reveal]),
    help="Who may see what is hidden for a while, if they say why.",
)
@in_workspace
@as_json
@asynchronous
async def privacy(
    patterns: tuple[str, ...], reveal: str | None, workspace: str, *, as_json: bool
) -> None:
    """Show what is personal here beside what Parlour knows itself, or change it.

    Whoever uses this command line sees everything in any case.
    """
    async with host(workspace) as here:
        if patterns or reveal:
            said = await change(
                here.tools,
                here.who,
                patterns=patterns or None,
                reveal=Reveal(reveal) if reveal else None,
            )
        else:
            said = await here.tools.db.read(find, here.who.workspace_id)
    told = msgspec.to_builtins(shown(said))
    lines = facts(
        [("patterns", ", ".join(said.patterns) or "none of your own"), ("reveal", told["reveal"])]
    )
    show(told, lines, as_json=as_json)
