"""The one way to the database: units of work `fn(conn)`, the same on SQLite and PostgreSQL."""

from parlour.kit.db.base import (
    Database,
    Json,
    NewerSchema,
    Unit,
    after_commit,
    alone,
    followers,
    insert_or_ignore,
    metadata,
    once_certain,
)
from parlour.kit.db.opening import open_database
from parlour.kit.db.prepared import Prepared, Remembered, Row, Updating, inserting
from parlour.kit.db.schema import known_revisions, migrate, require_current

__all__ = [
    "Database",
    "Json",
    "NewerSchema",
    "Prepared",
    "Remembered",
    "Row",
    "Unit",
    "Updating",
    "after_commit",
    "alone",
    "followers",
    "insert_or_ignore",
    "inserting",
    "known_revisions",
    "metadata",
    "migrate",
    "once_certain",
    "open_database",
    "require_current",
]
