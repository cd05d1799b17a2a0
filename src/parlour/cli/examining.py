"""What the doctor looks at: settings, folder, key, disk and database, then all the rest."""

import difflib
import os
import shutil
import sqlite3
import stat
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import fields
from typing import Final

from parlour import config, main, workspaces
from parlour.cli import agents_health, arriving, surroundings
from parlour.cli.base import counted
from parlour.cli.findings import Finding
from parlour.config import Settings
from parlour.forgetting import copying
from parlour.kit import db, instance, steady
from parlour.kit.clock import MINUTE, SystemClock
from parlour.kit.db import Database, checking
from parlour.kit.errors import Problem
from parlour.links import address
from parlour.tools import Tools

_MEGABYTE: Final = 1_000_000
_TIGHT: Final = 1_000 * _MEGABYTE
_TOO_LITTLE: Final = 100 * _MEGABYTE
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_OLDEST_SQLITE: Final = (3, 35, 0)
"""RETURNING and row values."""


async def examine() -> AsyncIterator[Finding]:
    """Look at everything and change nothing."""
    for finding in variables(os.environ):
        yield finding
    try:
        settings = config.load()
    except Problem as error:
        yield Finding("settings", "bad", str(error))
        return
    for finding in (*folder(settings), *disk(settings), *key(settings)):
        yield finding
    sound = True
    async for finding in database(settings):
        sound = sound and finding.level != "bad"
        yield finding
    around = (surroundings.redis, arriving.address, surroundings.mail, surroundings.provider)
    for look in around:
        async for finding in look(settings):
            yield finding
    if sound and _present(settings):
        async for finding in _agents(settings):
            yield finding


def variables(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Name every PARLOUR_… variable that nothing reads: a slip of the pen is silent otherwise."""
    known = {config.PREFIX + each.name.upper() for each in fields(Settings)}
    strange = sorted(n for n in environ if n.startswith(config.PREFIX) and n not in known)
    for name in strange:
        near = difflib.get_close_matches(name, known, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        yield Finding("settings", "odd", f"nothing reads {name}{hint}")
    if not strange:
        count = sum(name in known for name in environ)
        yield Finding("settings", "good", f"{count} set, all known")


def folder(settings: Settings) -> Iterator[Finding]:
    """Look at the data folder's rights."""
    path = settings.data_dir
    if not path.exists():
        yield Finding("data folder", "odd", f"{path} is not there yet; starting makes it")
        return
    if not (path.is_dir() and os.access(path, os.R_OK | os.W_OK | os.X_OK)):
        yield Finding("data folder", "bad", f"{path} cannot be written by this user")
        return
    mode = path.stat().st_mode
    if mode & _OTHERS:
        told = f"others on this machine can look into {path}: chmod 700 {path}"
        yield Finding("data folder", "odd", told)
        return
    yield Finding("data folder", "good", str(path.resolve()))


def disk(settings: Settings) -> Iterator[Finding]:
    """Look at the room that is left on the data folder's disk."""
    path = settings.data_dir.absolute()
    while not path.exists():
        path = path.parent
    free = shutil.disk_usage(path).free
    told = f"{free / 1e9:,.1f} GB free"
    if free < _TOO_LITTLE:
        yield Finding("disk", "bad", f"{told}: soon nothing more can be stored")
    elif free < _TIGHT:
        yield Finding("disk", "odd", f"{told}: make room")
    else:
        yield Finding("disk", "good", told)


def key(settings: Settings) -> Iterator[Finding]:
    """Look at the secret key."""
    path = settings.data_dir / "instance.key"
    if settings.secret_key:
        told = f"PARLOUR_SECRET_KEY, {len(settings.secret_key)} in all"
        yield Finding("secret key", "good", told)
    elif not path.exists():
        lost = not settings.database_url and settings.sqlite_path.exists()
        told = f"{path} is not there: put it back or set PARLOUR_SECRET_KEY"
        fresh = f"{path} is not there yet; starting makes it"
        yield Finding("secret key", "bad" if lost else "odd", told if lost else fresh)
    elif path.stat().st_mode & _OTHERS:
        yield Finding("secret key", "bad", f"others can read {path}: chmod 600 {path}")
    else:
        yield Finding("secret key", "good", f"{path}; keep a copy of it apart")


async def database(settings: Settings) -> AsyncIterator[Finding]:
    """Look at the database: reachable, of this schema, whole, used with this key."""
    if not settings.database_url:
        version = ".".join(map(str, sqlite3.sqlite_version_info))
        fits = sqlite3.sqlite_version_info >= _OLDEST_SQLITE
        told = f"{version}" if fits else f"{version} is too old; 3.35 or newer is needed"
        yield Finding("SQLite", "good" if fits else "bad", told)
        if not settings.sqlite_path.exists():
            told = f"{settings.sqlite_path} is not there yet; starting makes it"
            yield Finding("database", "odd", told)
            return
    try:
        opened = await db.open_database(settings.database_url, settings.sqlite_path)
    except Problem as error:
        yield Finding("database", "bad", str(error))
        return
    try:
        yield await _whole(opened)
        yield await _fitting(opened, settings)
    except Problem as error:
        yield Finding("database", "bad", str(error))
    finally:
        await opened.close()


async def _whole(opened: Database) -> Finding:
    if (found := await opened.browse(checking.damage)) is not None:
        return Finding("database", "bad", f"damaged ({found}): restore a backup")
    named = await opened.read(checking.described)
    return Finding("database", "good", f"{named}, whole, revision {db.known_revisions()[-1]}")


async def _fitting(opened: Database, settings: Settings) -> Finding:
    """Compare keys and database without writing anything down."""
    used = await opened.read(instance.used_keys)
    keys = instance.present_keys(settings.data_dir, settings.secret_key)
    if not used or keys is None or used & set(keys.fingerprints()):
        return Finding("key and database", "good", "they belong together")
    told = "the database was used with another secret key: put that one back"
    return Finding("key and database", "bad", told)


async def _on_time(opened: Database) -> Finding:
    behind = await opened.read(steady.lag, SystemClock().now())
    if not behind:
        return Finding("clock", "good", "not behind what this database has seen")
    late = counted(behind // MINUTE, "minute")
    told = f"{late} behind what this database has seen: was it set back?"
    return Finding("clock", "odd", told)


async def _in_ledger(tools: Tools) -> Finding:
    path, lacking = copying.path_of(tools), await copying.lacking(tools)
    if path.exists() and not os.access(path, os.R_OK | os.W_OK):
        return Finding("ledger", "bad", f"{path} cannot be written by this user")
    if lacking:
        told = f"{path} lacks {len(lacking)} of what was erased or revoked; serving copies them"
        return Finding("ledger", "odd", told)
    if not path.exists():
        told = f"{path} is not there yet; erasing or revoking something makes it"
        return Finding("ledger", "good", told)
    return Finding("ledger", "good", f"{path}; keep a copy of it beside your backups")


def _present(settings: Settings) -> bool:
    database = bool(settings.database_url) or settings.sqlite_path.exists()
    return database and instance.present_keys(settings.data_dir, settings.secret_key) is not None


async def _homes(tools: Tools) -> list[str]:
    """Return where each workspace is met."""
    await workspaces.meet_all(tools)
    return [address.home(tools, each.id) for each in await tools.db.read(workspaces.every)]


async def _agents(settings: Settings) -> AsyncIterator[Finding]:
    try:
        async with main.looking(settings) as tools:
            yield await _on_time(tools.db)
            yield await _in_ledger(tools)
            async for found in arriving.hosts(settings, await _homes(tools)):
                yield found
            async for found in agents_health.every(tools):
                yield found
    except Problem as error:
        yield Finding("agents", "bad", str(error))
