"""Keeping an instance safe at the command line: migrating, looking it over, backup and restore."""

import click

from parlour import config
from parlour.cli.base import as_json, asynchronous, show
from parlour.kit import db


@click.command(short_help="Bring the database up to date.")
@as_json
@asynchronous
async def migrate(*, as_json: bool) -> None:
    """Bring the database up to date, or make it; starting a server does so, too."""
    settings = config.load()
    changed = await db.migrate(settings.database_url, settings.sqlite_path)
    revision = db.known_revisions()[-1]
    line = f"The database is {'now' if changed else 'already'} at revision {revision}."
    show({"changed": changed, "revision": revision}, line, as_json=as_json)
