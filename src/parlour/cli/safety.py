"""Keeping an instance safe at the command line: migrating, looking it over, and backup."""

import asyncio
import contextlib
import os
import time
from pathlib import Path
from typing import Any

import click

from parlour import __version__, config
from parlour.cli import examining
from parlour.cli.base import as_json, asynchronous, counted, show
from parlour.config import Settings
from parlour.kit import db
from parlour.kit.db import archive
from parlour.kit.db import backup as backups
from parlour.kit.errors import Unavailable
from parlour.main import serving, upgraded

ROOMS = serving
"""Who runs everything knows every room, and so every table that a backup must hold."""


@click.command(short_help="Bring the database up to date.")
@as_json
@asynchronous
async def migrate(*, as_json: bool) -> None:
    """Bring the database up to date, or make it; starting a server does so, too."""
    settings = config.load()
    changed = await upgraded(settings)
    revision = db.known_revisions()[-1]
    line = f"The database is {'now' if changed else 'already'} at revision {revision}."
    show({"changed": changed, "revision": revision}, line, as_json=as_json)


@click.command(short_help="Look at everything this instance needs and say what is wrong.")
@as_json
@asynchronous
async def doctor(*, as_json: bool) -> None:
    """Look at everything this instance needs; the exit status is 1 when something is wrong."""
    findings = [finding async for finding in examining.examine()]
    width = max(len(finding.what) for finding in findings)
    marks = {"good": "✓", "odd": "!", "bad": "✗"}
    lines = [f"{marks[each.level]} {each.what.ljust(width)}  {each.told}" for each in findings]
    shown = [{"what": f.what, "level": f.level, "told": f.told} for f in findings]
    show(shown, lines, as_json=as_json)
    if any(finding.level == "bad" for finding in findings):
        raise click.exceptions.Exit(1)


@click.command("backup", short_help="Write everything into one file, while the server runs.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--with-key", is_flag=True, help="Put the secret key in it, too: keep it locked away."
)
@as_json
@asynchronous
async def backup(file: Path, *, with_key: bool, as_json: bool) -> None:
    """Write everything into FILE, as of one moment, while the server runs.

    The file appears whole or not at all, and is read back before it gets its name. An older backup
    of that name is there until then, and gone afterwards. It holds every conversation. The secret
    key is not in it: without the key no link opens, so keep a copy of instance.key apart.
    """
    settings = config.load()
    key = "\n".join(keys_here(settings)) if with_key else ""
    if with_key and not key:
        raise Unavailable(f"there is no secret key in {settings.data_dir}")
    database = await db.open_database(settings.database_url, settings.sqlite_path)
    try:
        told = backups.Told(__version__, time.time_ns() // 1_000_000, key)
        contents = await backups.back_up(database, file, told)
    finally:
        await database.close()
    size = await asyncio.to_thread(os.path.getsize, file)
    lines = [f"Wrote {file}: {counted(contents.rows, 'row')}, {size / 1e6:,.1f} MB."]
    if with_key:
        lines.append("The secret key is in it: whoever has this file can open every link.")
    else:
        lines.append("The secret key is not in it; keep a copy of it apart.")
    show({"file": str(file), "bytes": size, **rows_told(contents)}, lines, as_json=as_json)


def keys_here(settings: Settings) -> list[str]:
    """Return the secret keys of this instance; none where there are none."""
    if settings.secret_key:
        return list(settings.secret_key)
    with contextlib.suppress(OSError):
        return (settings.data_dir / "instance.key").read_text().split()
    return []


def rows_told(contents: archive.Contents) -> dict[str, Any]:
    """Show what a backup holds, for a program."""
    return {
        "revision": contents.revision,
        "rows": contents.rows,
        "tables": {name: table.rows for name, table in contents.tables.items()},
        "with_key": bool(contents.key),
    }
