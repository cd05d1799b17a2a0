"""Restoring at the command line: a backup into an empty database, less what was erased since."""

import contextlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click

from parlour import config
from parlour.cli.base import as_json, asynchronous, counted, show
from parlour.cli.safety import keys_here, rows_told
from parlour.config import Settings
from parlour.forgetting import ledger, restoring, set_back
from parlour.forgetting.ledger import Entry
from parlour.kit import instance
from parlour.kit.clock import DAY, SystemClock, rfc3339
from parlour.kit.db import archive
from parlour.kit.db import backup as backups
from parlour.kit.errors import Conflict
from parlour.kit.tokens import Keyring


@click.command(short_help="Fill an empty database from a backup.")
@click.argument("file", type=click.Path(dir_okay=False, exists=True, path_type=Path))
@click.option(
    "--ledger",
    "ledgers",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    multiple=True,
    metavar="FILE",
    help="The instance.ledger of where the backup was made; several may be given.",
)
@as_json
@asynchronous
async def restore(file: Path, ledgers: tuple[Path, ...], *, as_json: bool) -> None:
    """Fill an empty database from FILE, whichever kind of database wrote it.

    What was erased or revoked after the backup was made does not come back, as far as the ledger
    tells: instance.ledger in the data folder, and what --ledger names. Webhooks that something
    waited for are turned off, until somebody turns them on again.
    """
    settings = config.load()
    contents = archive.read(file)
    own = settings.data_dir / ledger.NAME
    had = ledger.read(own)
    entries = [*had, *(entry for given in ledgers for entry in ledger.read(given))]
    with contextlib.ExitStack() as stack:
        if not settings.database_url:
            stack.enter_context(instance.only_server(settings.data_dir))
        fits = _check_key(settings, file, contents)
        again = await _filled(settings, file, contents, entries)
        ledger.append(own, sorted(set(entries) - set(had)))
        if contents.key and not keys_here(settings):
            fits = instance.write_key(settings.data_dir, contents.key)
    lines = [
        f"Restored {counted(contents.rows, 'row')} of {file}.",
        *_told_again(again, entries, contents),
    ]
    if not fits:
        lines.append(
            f"Put the instance.key of that time into {settings.data_dir}, or set "
            "PARLOUR_SECRET_KEY, before you start the server."
        )
    told = {"key_fits": fits, "ledger_entries": len(set(entries)), "again": again}
    show({**told, **rows_told(contents)}, lines, as_json=as_json)


async def _filled(
    settings: Settings, file: Path, contents: archive.Contents, entries: Sequence[Entry]
) -> dict[str, int]:
    """Fill the database, and return what of it was erased or revoked again."""
    keys, again = _keyring(settings, contents, entries), dict[str, int]()
    settled = partial(set_back.settle, now=SystemClock().now(), made_at=contents.at)
    url, path = settings.database_url, settings.sqlite_path
    await backups.restore(
        url, path, file, contents, lambda conn: again.update(settled(conn, keys, entries))
    )
    return again


def _keyring(
    settings: Settings, contents: archive.Contents, entries: Sequence[Entry]
) -> Keyring | None:
    """Return the keys by which the ledger is read; Conflict when some of it cannot be."""
    present = keys_here(settings) or contents.key.split()
    keys = Keyring(present) if present else None
    # A day more, because clocks differ; what is older was done to the backup itself.
    unread = restoring.unread(entries, keys, contents.at - DAY)
    if unread:
        raise Conflict(
            f"{unread} entries of the ledger, of what was erased or revoked since this backup, "
            "were made with a secret key that is not here: give it in PARLOUR_SECRET_KEY, beside "
            f"the others, or move {settings.data_dir / ledger.NAME} away to do without them"
        )
    return keys


def _told_again(
    again: dict[str, int], entries: Sequence[Entry], contents: archive.Contents
) -> list[str]:
    ended = [f"{n:,} {noun.replace('_', ' ')}" for noun, n in again.items() if noun != "webhook"]
    lines = []
    if ended:
        lines.append(f"Erased or revoked again, as the ledger says: {', '.join(ended)}.")
    elif not entries:
        lines.append(
            f"There is no ledger here: whoever was forgotten, and what was revoked, after "
            f"{rfc3339(contents.at)} is back. Give the instance.ledger of where the backup was "
            "made with --ledger, or put it into the data folder before you start the server."
        )
    if "webhook" in again:
        off = f"{counted(again['webhook'], 'webhook')} turned off"
        lines.append(
            f"{off}, because something waited there when the backup was made, and may have been "
            "told since: turn on what shall go on."
        )
    return lines


def _check_key(settings: Settings, file: Path, contents: archive.Contents) -> bool:
    """Tell whether the key that is here, or in the backup, is one its data was used with.

    Conflict: there is one here, and it is another.
    """
    here = keys_here(settings) or contents.key.split()
    if not here:
        return False
    used = {row[0] for name, rows in archive.rows(file) if name == "instance_keys" for row in rows}
    if used and not used & set(Keyring(here).fingerprints()):
        raise Conflict("this backup was made with another secret key than the one that is set here")
    return True
