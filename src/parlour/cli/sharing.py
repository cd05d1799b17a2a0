"""How an agent is shared, at the command line: showing and changing the terms."""

from typing import Any, Final

import click
import msgspec

from parlour.agents import doing, sharing
from parlour.cli.agents import agent, name_of
from parlour.cli.base import as_json, asynchronous, facts, host, in_workspace, number, show
from parlour.web.api.sharing_shapes import shown

_AS_SET: Final = frozenset(
    {"message_chars", "rate_limit_per_minute", "rate_limit_per_place", "rate_limit_per_link"}
    | {"turn_tokens"}
)
"""Numbers that go by the instance's settings where none is given."""
_LANGUAGES: Final = frozenset(each.value for each in sharing.Language)


@agent.command("sharing")
@name_of
@click.option(
    "--mode",
    type=click.Choice([each.value for each in sharing.Mode]),
    help="Who may come in: anyone with a link, or only who was given a private one.",
)
@click.option(
    "--verify",
    type=click.Choice(["off", "required", "after"]),
    help="Whether visitors confirm an e-mail address: never, first, or after some messages.",
)
@click.option("--verify-after", type=int, help="After how many messages, with --verify after.")
@click.option(
    "--emails",
    metavar="LIST",
    help='Who may come in then: addresses and @domains, with commas; "" for everybody.',
)
@click.option(
    "--use-idle-minutes",
    type=click.IntRange(1, sharing.LONGEST_USE),
    help="A use of a link with a maximum is over so long after the visitor's last message.",
)
@click.option(
    "--use-longest-minutes",
    type=click.IntRange(1, sharing.LONGEST_USE),
    help="And so long after its first one, in any case.",
)
@click.option(
    "--language",
    type=click.Choice(["", *(each.value for each in sharing.Language)]),
    help='Of the pages where a browser names none of ours; "" for English.',
)
@click.option(
    "--words",
    multiple=True,
    metavar="CODE=TEXT",
    help="Your own words for a refusal, such as offline=…; no text takes them away again.",
)
@click.option("--message-chars", metavar="N", help="Longest message in characters.")
@click.option("--rate-limit-per-minute", metavar="N", help="Messages of one visitor a minute.")
@click.option("--rate-limit-per-place", metavar="N", help="Messages from one place a minute.")
@click.option("--rate-limit-per-link", metavar="N", help="Messages by each link a minute.")
@click.option("--daily-token-limit", type=int, help="Tokens of one visitor a day; 0: any number.")
@click.option("--daily-limit-by", type=click.Choice(["identity", "session", "ip"]))
@click.option("--budget-tokens", type=int, help="Tokens of all visitors in a period; 0: any.")
@click.option("--budget-period", type=click.Choice(["day", "month", "all"]))
@click.option("--when-spent", metavar="AGENT", help='Who answers from documents then; "" refuses.')
@click.option("--turn-tokens", metavar="N", help="What is reserved for an answer.")
@click.option("--asks-person/--no-asks-person", default=None, help="Visitors may ask for a person.")
@click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="TOOL[:LANGUAGE]=TEXT",
    help="What visitors read while a tool is used; no text takes it away again.",
)
@click.option("--memory/--no-memory", default=None, help="Remembers who confirmed who they are.")
@click.option("--files", metavar="LIST", help='What they may send: image,pdf,text; "" for nothing.')
@click.option("--file-bytes", type=int, help="Bytes of one file that they send.")
@click.option("--files-most", type=int, help="Files with one message.")
@click.option("--voice/--no-voice", default=None, help="Visitors may speak into the message box.")
@in_workspace
@as_json
@asynchronous
async def terms(name: str, workspace: str, *, as_json: bool, **options: Any) -> None:
    """Show how an agent is shared, or change it: what is given is in force at once.

    Of the limits, 0 is none, and "" what the instance's settings say.
    """
    said = dict(_said(each) for each in options.pop("words"))
    named = [_named(each) for each in options.pop("labels")]
    wanted = {field: value for field, value in options.items() if value is not None}
    for field in {"language", "when_spent"} & wanted.keys():
        wanted[field] = wanted[field] or None
    for field in _AS_SET & wanted.keys():
        wanted[field] = number("--" + field.replace("_", "-"), wanted[field])
    for field in {"emails", "files"} & wanted.keys():
        wanted[field] = [each.strip() for each in wanted[field].split(",") if each.strip()]
    async with host(workspace) as here:
        found = await here.agent(name)
        if said:
            kept = (await sharing.terms(here.tools, found)).words
            wanted["words"] = {code: text for code, text in {**kept, **said}.items() if text}
        if named:
            kept_labels = (await sharing.terms(here.tools, found)).labels
            wanted["labels"] = doing.relabelled(kept_labels, named)
        if wanted:
            found, now = await sharing.change(here.tools, here.who, found, wanted)
        else:
            now = await sharing.terms(here.tools, found)
    told = msgspec.to_builtins(shown(found, now))
    show(
        told,
        facts([(key.replace("_", " "), value) for key, value in told.items()]),
        as_json=as_json,
    )


def _said(given: str) -> tuple[str, str]:
    code, equals, text = given.partition("=")
    if not equals or code not in sharing.WORDED:
        told = f"needs CODE=TEXT with one of {', '.join(sharing.WORDED)}"
        raise click.BadParameter(told, param_hint="--words")
    return code, text


def _named(given: str) -> tuple[str, str, str]:
    named = doing.read(given, _LANGUAGES)
    if named is None:
        raise click.BadParameter("needs TOOL=TEXT or TOOL:LANGUAGE=TEXT", param_hint="--label")
    return named
