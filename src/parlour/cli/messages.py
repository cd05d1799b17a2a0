"""Messages at the command line: found by their words, and questions without an answer."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click
import msgspec

from parlour.cli.base import as_json, asynchronous, host, in_workspace, show, table, when
from parlour.insights import analysis
from parlour.insights.analysis import AUTHORS, LACKS, Hit
from parlour.insights.candidates import RATINGS
from parlour.links import address
from parlour.web import sought
from parlour.web.api import messages as api

Command = TypeVar("Command", bound=Callable[..., Any])

_SHORT: Final = 70
_OPTIONS: Final = (
    click.argument("words", default=""),
    click.option("--days", default="", metavar="N", help="So many days up to today, else 30."),
    click.option("--first", default="", metavar="DAY", help="The first day, such as 2026-11-01."),
    click.option("--last", default="", metavar="DAY", help="The last day; today when not said."),
    click.option("--agent", default="", metavar="NAME", help="Only with this agent."),
    click.option("--link", default="", metavar="ID", help="Only by this link."),
    click.option("--author", type=click.Choice(AUTHORS), help="Only what they said."),
    click.option("--conversation", default="", metavar="ID", help="Only of this conversation."),
    click.option("--visitor", default="", metavar="ID", help="Only of this visitor."),
    click.option("--lack", type=click.Choice(("any", *LACKS)),
                 help="Only questions that were left without an answer, and how."),
    click.option("--rating", type=click.Choice(("any", *RATINGS)),
                 help="Only answers that were rated like this."),
    click.option("--failed", is_flag=True, help="Only answers that failed."),
)  # fmt: skip
_NAMES: Final = (
    *("days", "first", "last", "agent", "link", "author"),
    *("conversation", "visitor", "lack", "rating", "failed"),
)


def _looking(command: Command) -> Command:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def _given(words: str, more: dict[str, Any]) -> dict[str, str]:
    given = {name: str(more[name]) for name in _NAMES if more[name]}
    return {"q": words, **given}


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHORT else line[: _SHORT - 1] + "…"


@click.group(short_help="Find what was said, and questions without an answer.")
def message() -> None:
    """Find what was said, and questions without an answer.

    Messages are found within a minute, where a server or a worker runs.
    """


@message.command("search")
@_looking
@click.option("--limit", type=click.IntRange(1, sought.MOST), default=50, show_default=True,
              metavar="N", help="At most so many.")  # fmt: skip
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, a message a line.")
@in_workspace
@as_json
@asynchronous
async def search(
    words: str, workspace: str, limit: int, *, as_csv: bool, as_json: bool, **more: Any
) -> None:
    """Find messages by words as they may be written, or "exactly this"; the latest first.

    Without words all messages are listed that the options leave.
    """
    async with host(workspace) as here:
        wanted, _ = await sought.wanted(here.tools, here.who, _given(words, more))
        found = await sought.every(here.tools, here.who, wanted, most=limit)
        base = address.home(here.tools, here.who.workspace_id)
    if as_csv:
        click.echo(sought.as_csv(found.hits, base).decode("utf-8-sig"), nl=False)
        return
    told = [msgspec.to_builtins(api.shown(each, base)) for each in found.hits]
    heads = ["SAID", "BY", "TEXT", "AGENT", "CONVERSATION"]
    show(told, table(heads, [_row(each) for each in found.hits], "No message is like that."),
         as_json=as_json)  # fmt: skip


def _row(hit: Hit) -> list[str]:
    each = hit.shown
    return [when(each.created_at), each.author_kind, _short(each.text), hit.agent_name,
            hit.conversation_id]  # fmt: skip


@message.command("questions")
@_looking
@in_workspace
@as_json
@asynchronous
async def questions(words: str, workspace: str, *, as_json: bool, **more: Any) -> None:
    """Group the latest 300 questions without an answer, the most frequent first."""
    async with host(workspace) as here:
        wanted, _ = await sought.wanted(here.tools, here.who, _given(words, more))
        wanted = analysis.without_answer(wanted)
        found = await sought.every(here.tools, here.who, wanted, most=analysis.GROUPED)
        base = address.home(here.tools, here.who.workspace_id)
    alike = analysis.Alike(analysis.alike(found.hits), found.below)
    rows = [(str(len(each.hits)), _short(each.text), each.hits[0].conversation_id)
            for each in alike.groups]  # fmt: skip
    lines = table(["ASKED", "QUESTION", "LATEST IN"], rows, "Every question has an answer.")
    if alike.below is not None:
        lines.append(
            f"Asked since {when(analysis.said_at(alike.below))}; --last looks further back."
        )
    show(msgspec.to_builtins(api.grouped(alike, base)), lines, as_json=as_json)
