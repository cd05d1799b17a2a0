"""Visitors at the command line: who one is, and forgetting one, or one conversation."""

from pathlib import Path

import click
import msgspec

from parlour import forgetting, memory
from parlour.cli.base import (
    as_json,
    asynchronous,
    confirmed,
    counted,
    facts,
    host,
    in_workspace,
    show,
    when,
)
from parlour.cli.conversations import conversation
from parlour.cli.downloads import to_file, written
from parlour.forgetting import Going
from parlour.kit.errors import NotFound
from parlour.transcripts import visitor as people
from parlour.transcripts.visitor import Profile
from parlour.web import copies
from parlour.web.api import visitors as shapes
from parlour.web.api.remembered import MemoryDeleted
from parlour.web.api.remembered import shown as memory_shown

surely = click.option("--yes", is_flag=True, help="Do not ask.")


@click.group(short_help="Show and forget visitors.")
def visitor() -> None:
    """Visitors: who they are, as far as they proved it, and forgetting them."""


@visitor.command("show")
@click.argument("visitor_id", metavar="ID")
@in_workspace
@as_json
@asynchronous
async def shown(visitor_id: str, workspace: str, *, as_json: bool) -> None:
    """Show who a visitor is, and which conversations they had."""
    async with host(workspace) as here:
        found = await here.tools.db.read(people.profile, here.who, visitor_id)
    show(msgspec.to_builtins(shapes.shown(found)), _facts(found), as_json=as_json)


@visitor.command("download")
@click.argument("visitor_id", metavar="ID")
@to_file
@in_workspace
@as_json
@asynchronous
async def download(visitor_id: str, to: Path, workspace: str, *, as_json: bool) -> None:
    """Write everything of a visitor to a file, as JSON. That it was downloaded is written down."""
    async with host(workspace) as here:
        content = await copies.take_all(here.tools, here.who, visitor_id)
    await written(content, to, as_json=as_json)


@visitor.command("memory", short_help="Show or delete what is remembered of a visitor.")
@click.argument("visitor_id", metavar="ID")
@click.option("--delete", is_flag=True, help="Delete it; all else of the visitor stays.")
@surely
@in_workspace
@as_json
@asynchronous
async def remembered(
    visitor_id: str, workspace: str, *, delete: bool, yes: bool, as_json: bool
) -> None:
    """Show what the agent remembers of a visitor who proved who they are, or delete it."""
    async with host(workspace) as here:
        if delete:
            if not confirmed("Delete what is remembered of this visitor?", yes=yes):
                raise click.Abort
            gone = MemoryDeleted(await memory.delete(here.tools, here.who, visitor_id))
            said = "Deleted." if gone.deleted else "Nothing was remembered."
            show(msgspec.to_builtins(gone), said, as_json=as_json)
            return
        held = await here.tools.db.read(memory.seen_by, here.who, visitor_id)
    if held is None:
        raise NotFound("nothing is remembered of visitors who have not proved who they are")
    lines = [
        ("of the visitor", held.summary or "nothing so far"),
        ("noted", held.notes or None),
        ("replies", f"{held.replies:,}"),
        ("updated", held.updated_at and when(held.updated_at)),
    ]
    show(msgspec.to_builtins(memory_shown(held)), facts(lines), as_json=as_json)


@visitor.command("forget")
@click.argument("visitor_id", metavar="ID")
@surely
@in_workspace
@as_json
@asynchronous
async def forget(visitor_id: str, workspace: str, *, yes: bool, as_json: bool) -> None:
    """Erase a visitor everywhere, with all that was said. It cannot be undone."""
    async with host(workspace) as here:
        going = await here.tools.db.read(forgetting.of_visitor, here.who, visitor_id)
        if not confirmed(f"Erase this visitor, {_told(going)}? It cannot be undone.", yes=yes):
            raise click.Abort
        gone = await forgetting.forget_visitor(here.tools, here.who, visitor_id)
    told = shapes.forgotten(gone, "the visitor has been forgotten")
    show(msgspec.to_builtins(told), _done(gone), as_json=as_json)


@conversation.command("forget")
@click.argument("conversation_id", metavar="ID")
@surely
@in_workspace
@as_json
@asynchronous
async def forget_one(conversation_id: str, workspace: str, *, yes: bool, as_json: bool) -> None:
    """Erase one conversation everywhere; its visitor stays. It cannot be undone."""
    async with host(workspace) as here:
        going = await here.tools.db.read(forgetting.of_conversation, here.who, conversation_id)
        if not confirmed(f"Erase {_told(going)}? It cannot be undone.", yes=yes):
            raise click.Abort
        gone = await forgetting.forget_conversation(here.tools, here.who, conversation_id)
    told = shapes.forgotten(gone, "the conversation has been forgotten")
    show(msgspec.to_builtins(told), _done(gone), as_json=as_json)


def _done(gone: Going) -> list[str]:
    lines = [f"Forgotten: {_told(gone)}."]
    return lines if gone.receipt is None else [*lines, f"Receipt: {gone.receipt.id}"]


def _told(going: Going) -> str:
    parts = [
        (len(going.conversations), "conversation"),
        (going.messages, "message"),
        (going.shares, "share"),
        (going.sessions, "session"),
        (going.notes, "note"),
    ]
    told = [counted(n, word) for n, word in parts if n]
    return ", ".join(told + ["what is remembered of them"] * bool(going.memories))


def _facts(found: Profile) -> list[str]:
    known = found.known
    return facts(
        [
            ("id", found.visitor.id),
            ("name", found.name),
            ("e-mail", known and known.email),
            ("known as", known and known.subject),
            ("confirmed", known and f"{known.proof.value}, {when(known.proved_at)}"),
            ("agent", found.agent_name),
            ("link", found.visitor.link_id),
            ("came", when(found.visitor.created_at)),
            ("conversations", " ".join(found.conversations)),
        ]
    )
