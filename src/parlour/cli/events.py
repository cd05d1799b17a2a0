"""Reading back at the command line what the staff and their programs did."""

import asyncio
from pathlib import Path

import click
import msgspec

from parlour import events
from parlour.cli.base import as_json, asynchronous, counted, host, in_workspace, show, table, when
from parlour.kit.errors import NotFound, Unavailable
from parlour.staff import model, store
from parlour.web.api import moments
from parlour.web.chronicle import as_csv, every, shown


@click.group(short_help="See what the staff and their programs did.")
def event() -> None:
    """See what the staff and their programs did. Nothing of it can be changed."""


@event.command("list")
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=50,
    show_default=True,
    metavar="N",
    help="At most so many.",
)
@click.option("--before", type=int, metavar="ID", help="Only what came before this event.")
@click.option("--person", metavar="EMAIL", help="Only what this person did.")
@click.option("--kind", metavar="KIND", help="Only events of this kind, such as link.created.")
@in_workspace
@as_json
@asynchronous
async def listed(
    limit: int,
    before: int | None,
    person: str | None,
    kind: str | None,
    workspace: str,
    *,
    as_json: bool,
) -> None:
    """List what was done, newest first."""
    async with host(workspace) as here:
        actor = None
        if person is not None:
            found = await here.tools.db.read(store.by_email, model.canonical(person))
            if found is None or found.workspace_id != here.who.workspace_id:
                raise NotFound("nobody here has that address")
            actor = found.id
        entries = await here.tools.db.browse(
            events.by_staff,
            here.who.workspace_id,
            limit=limit,
            before=before,
            actor_id=actor,
            kinds=[kind] if kind else (),
        )
        told = await shown(here.tools, here.who, entries)
    rows = [
        (each.id, when(entry.at), each.actor_name or "command line", each.place or "", each.kind,
         each.agent_name or "", _data(each.data))
        for each, entry in zip(told, entries, strict=True)
    ]  # fmt: skip
    lines = table(
        ["ID", "WHEN", "WHO", "FROM", "WHAT", "AGENT", "MORE"], rows, "Nothing was done yet."
    )
    show(msgspec.to_builtins(told), lines, as_json=as_json)


@event.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--since", metavar="TIME", help="Only from this moment on, such as 2026-01-01T00:00:00Z."
)
@click.option("--until", metavar="TIME", help="Only before this moment.")
@in_workspace
@as_json
@asynchronous
async def export(
    file: Path, since: str | None, until: str | None, workspace: str, *, as_json: bool
) -> None:
    """Write what was done into FILE: CSV, or JSON where its name ends so."""
    async with host(workspace) as here:
        found = await every(
            here.tools,
            here.who,
            since=moments.moment("--since", since),
            until=moments.moment("--until", until),
        )
    is_json = file.suffix == ".json"
    content = msgspec.json.encode(found) if is_json else as_csv(found)
    try:
        await asyncio.to_thread(file.write_bytes, content)
    except OSError as error:
        raise Unavailable(f"{file} cannot be written: {error.strerror}") from None
    told = {"file": str(file), "events": len(found)}
    show(told, f"Wrote {file}: {counted(len(found), 'event')}.", as_json=as_json)


def _data(data: dict[str, object]) -> str:
    """Write what else there is to say on one line, whatever was typed into it."""
    return " ".join(f"{name}={_plain(value)}" for name, value in data.items())


def _plain(value: object) -> str:
    text = str(value)
    return text if text.isprintable() else ascii(text)
