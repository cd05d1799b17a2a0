"""Conversations at the command line: listing, showing, taking over, sharing."""

from typing import Any

import click
import msgspec

from parlour import sharing, takeover, transcripts
from parlour.cli.base import as_json, asynchronous, facts, host, in_workspace, show, table, when
from parlour.conversations.internal import InternalNote
from parlour.conversations.model import Desk, Group, Reason, Standing, Wanted
from parlour.kit import instance
from parlour.links import address
from parlour.sharing import Mode, Reader, Share, Wish
from parlour.sharing.keeping import DEFAULT_HOURS
from parlour.tools import Tools
from parlour.transcripts import Shown, asides, finding, record
from parlour.transcripts.finding import Talk
from parlour.web.api import conversations as shapes
from parlour.web.api import holds, internal_notes
from parlour.web.api import shares as share_shapes


@click.group(short_help="List, show, share, download and forget conversations.")
def conversation() -> None:
    """Conversations: what visitors and agents said to each other; take over, and share them."""


@conversation.command("list")
@click.argument("agent", required=False)
@click.option("--team", metavar="NAME", help="Only those with agents that it looks after.")
@click.option("--link", metavar="ID", help="Only those that came by this link.")
@click.option(
    "--state",
    type=click.Choice([str(each) for each in shapes.STATES]),
    help="Only those that stand so.",
)
@click.option(
    "--group",
    type=click.Choice([each.value for each in Group]),
    help="Only those that lie there at the desk.",
)
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="At most so many."
)
@in_workspace
@as_json
@asynchronous
async def listed(
    agent: str | None,
    workspace: str,
    *,
    team: str | None,
    link: str | None,
    state: str | None,
    group: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """List conversations with AGENT, or with all of them, by their last message, newest first."""
    async with host(workspace) as here:
        only, now = await here.agent_id(agent), here.tools.clock.now()
        wanted = Wanted(
            agent_id=only,
            agents=None if team is None else (await here.team(team)).agents,
            link_id=link,
            standing=None if state in {None, shapes.WAITING} else Standing(state),
            waits_at=now if state == shapes.WAITING else None,
            desk=Desk(Group(group), now, (here.who.kind, here.who.id)) if group else None,
        )
        found = await here.tools.db.browse(finding.page, here.who, wanted, limit=limit)
    rows = [
        (each.id, each.agent_name, each.visitor, each.standing.value, str(each.message_count),
         when(each.last_message_at), _line(each))
        for each in found
    ]  # fmt: skip
    heads = ["ID", "AGENT", "VISITOR", "STATE", "MESSAGES", "LAST", ""]
    data = msgspec.to_builtins([shapes.conversation_shown(here.who, each, now) for each in found])
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
        notes = await read(asides.internal_notes, here.who, talk.id)
        now = here.tools.clock.now()
    told = msgspec.to_builtins(shapes.conversation_shown(here.who, talk, now))
    told["messages"] = msgspec.to_builtins(
        [shapes.message_shown(each, machines.get(each.turn_id or "")) for each in said]
    )
    told["internal_notes"] = msgspec.to_builtins([internal_notes.shown(each) for each in notes])
    lines = [*_facts(talk), *(line for each in said for line in _said(talk, each))]
    lines += [line for each in notes for line in _noted(each)]
    show(told, lines, as_json=as_json)


@conversation.command("take")
@click.argument("conversation_id", metavar="ID")
@click.option("--minutes", type=float, metavar="N", help="Until it lapses by itself.")
@click.option("--force", is_flag=True, help="Take it from somebody else who has it.")
@in_workspace
@as_json
@asynchronous
async def take(
    conversation_id: str, minutes: float | None, workspace: str, *, force: bool, as_json: bool
) -> None:
    """Take a conversation over from its agent, which is silent from then on."""
    async with host(workspace) as here:
        talk = await here.tools.db.read(finding.find, here.who, conversation_id)
        taken = await takeover.take(here.tools, here.who, talk.id, minutes, force=force)
    told = msgspec.to_builtins(holds.shown(talk.id, taken.hold))
    show(told, f"Taken over until {when(taken.hold.until)}.", as_json=as_json)


@conversation.command("say")
@click.argument("conversation_id", metavar="ID")
@click.argument("message")
@in_workspace
@as_json
@asynchronous
async def say(conversation_id: str, message: str, workspace: str, *, as_json: bool) -> None:
    """Say something in a conversation that was taken over from the command line."""
    async with host(workspace) as here:
        talk = await here.tools.db.read(finding.find, here.who, conversation_id)
        said = await takeover.say(here.tools, here.who, talk.id, message)
    show(msgspec.to_builtins(holds.spoken(said)), "Said.", as_json=as_json)


@conversation.command("release")
@click.argument("conversation_id", metavar="ID")
@in_workspace
@as_json
@asynchronous
async def release(conversation_id: str, workspace: str, *, as_json: bool) -> None:
    """Hand a conversation back to its agent, whoever has it."""
    async with host(workspace) as here:
        talk = await here.tools.db.read(finding.find, here.who, conversation_id)
        released = await takeover.release(here.tools, here.who, talk.id)
    told = "The agent answers again." if released else "The agent had it already."
    show({"released": released}, told, as_json=as_json)


@conversation.command("hand-over")
@click.argument("conversation_id", metavar="ID")
@click.argument("to", metavar="E-MAIL")
@in_workspace
@as_json
@asynchronous
async def hand_over(conversation_id: str, to: str, workspace: str, *, as_json: bool) -> None:
    """Hand a conversation that was taken over, or whose visitor waits, to a person of the team."""
    async with host(workspace) as here:
        talk = await here.tools.db.read(finding.find, here.who, conversation_id)
        hold = await takeover.hand_over(here.tools, here.who, talk.id, to)
    told = msgspec.to_builtins(holds.shown(talk.id, hold))
    show(told, f"Handed to {hold.by_name}.", as_json=as_json)


@conversation.command("complete")
@click.argument("conversation_id", metavar="ID")
@click.option(
    "--reason",
    type=click.Choice([each.value for each in Reason]),
    default=Reason.SOLVED.value,
    show_default=True,
    help="Why it is done.",
)
@click.option("--reopen", is_flag=True, help="It is not, after all.")
@in_workspace
@as_json
@asynchronous
async def complete(
    conversation_id: str, reason: str, workspace: str, *, reopen: bool, as_json: bool
) -> None:
    """Say that the team has done with a conversation; its visitor's next words open it again."""
    async with host(workspace) as here:
        tools, who = here.tools, here.who
        talk = await tools.db.read(finding.find, who, conversation_id)
        if reopen:
            changed = await takeover.reopen(tools, who, talk.id)
        else:
            changed = await takeover.complete(tools, who, talk.id, Reason(reason))
        talk = await tools.db.read(finding.find, who, talk.id)
        told = shapes.conversation_shown(who, talk, tools.clock.now())
    said = ("Open again." if reopen else "Completed.") if changed else "It was so already."
    show(msgspec.to_builtins(told), said, as_json=as_json)


@conversation.command("note")
@click.argument("conversation_id", metavar="ID")
@click.argument("text")
@in_workspace
@as_json
@asynchronous
async def note(conversation_id: str, text: str, workspace: str, *, as_json: bool) -> None:
    """Write an internal note on a conversation: only the team reads it."""
    async with host(workspace) as here:
        talk = await here.tools.db.read(finding.find, here.who, conversation_id)
        made = await takeover.note(here.tools, here.who, talk.id, text)
    show(msgspec.to_builtins(internal_notes.shown(made)), "Noted.", as_json=as_json)


@conversation.command("share")
@click.argument("conversation_id", metavar="ID")
@click.option(
    "--mode",
    type=click.Choice([each.value for each in Mode]),
    default=Mode.VIEW.value,
    show_default=True,
    help="Read; answer until a person goes on; answer until the agent goes on.",
)
@click.option(
    "--hours",
    type=float,
    default=DEFAULT_HOURS,
    show_default=True,
    metavar="N",
    help="More than 0, at most a year.",
)
@click.option("--for", "name", default="", metavar="NAME", help="What the guest is called.")
@click.option("--show-personal", is_flag=True, help="Show the visitor's personal details, too.")
@click.option("--reuse", is_flag=True, help="Return such a share that is open, if there is one.")
@in_workspace
@as_json
@asynchronous
async def share(conversation_id: str, workspace: str, *, as_json: bool, **options: Any) -> None:
    """Share a conversation by an address of its own, for a number of hours."""
    wish = Wish(Mode(options.pop("mode")), **options)
    async with host(workspace) as here:
        made = (await sharing.make(here.tools, here.who, conversation_id, wish)).share
        told = _share(here.tools, made, [])
    show(told, told["url"], as_json=as_json)


@conversation.command("shares")
@click.argument("conversation_id", metavar="ID")
@in_workspace
@as_json
@asynchronous
async def shares(conversation_id: str, workspace: str, *, as_json: bool) -> None:
    """List the shares of a conversation, newest first, and who opened each."""
    async with host(workspace) as here:
        found = await here.tools.db.read(sharing.every, here.who, conversation_id)
        told = [_share(here.tools, each, readers) for each, readers in found]
    rows = [
        (each["id"], each["mode"], each["state"], when(one.expires_at), one.by_name,
         ", ".join(f"{reader.name} ({when(reader.opened_at)})" for reader in readers))
        for each, (one, readers) in zip(told, found, strict=True)
    ]  # fmt: skip
    heads = ["ID", "MODE", "STATE", "UNTIL", "BY", "OPENED BY"]
    show(told, table(heads, rows, "It has not been shared."), as_json=as_json)


@conversation.command("unshare")
@click.argument("conversation_id", metavar="ID")
@click.argument("share_id", metavar="SHARE")
@in_workspace
@as_json
@asynchronous
async def unshare(conversation_id: str, share_id: str, workspace: str, *, as_json: bool) -> None:
    """Take a share back at once: its page ends, and its guests answer no more."""
    async with host(workspace) as here:
        await sharing.revoke(here.tools, here.who, conversation_id, share_id)
    show({"revoked": share_id}, "Taken back.", as_json=as_json)


def _share(tools: Tools, share: Share, readers: list[Reader]) -> dict[str, Any]:
    running = instance.told_address(tools.settings.data_dir)
    base = address.home(tools, share.workspace_id, running)
    url = share.url(base, tools.keys)
    told: dict[str, Any] = msgspec.to_builtins(
        share_shapes.shown(share, readers, url, tools.clock.now())
    )
    return told


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


def _noted(note: InternalNote) -> list[str]:
    text = [f"  {line}" for line in note.text.splitlines()]
    return ["", f"{note.by_name} (internal note, {when(note.written_at)})", *text]


def _said(talk: Talk, shown: Shown) -> list[str]:
    name = shown.author_name or (talk.visitor if shown.author_kind == "visitor" else "")
    state = "" if shown.state == "done" else f", {shown.state}"
    text = [f"  {line}" for line in shown.text.splitlines()]
    return ["", f"{name or shown.author_kind} ({when(shown.created_at)}{state})", *text]
