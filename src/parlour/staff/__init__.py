"""Staff: the people of a workspace, how they come in, and the API keys of their programs."""

from collections.abc import Collection

import sqlalchemy as sa

from parlour.staff import keys, store
from parlour.staff.keys import (
    ApiKey,
    MadeKey,
    api_keys,
    authenticate,
    create_key,
    every_key,
    revoke_key,
)

__all__ = [
    "ApiKey",
    "MadeKey",
    "api_keys",
    "authenticate",
    "create_key",
    "every_key",
    "names",
    "revoke_key",
]


def names(conn: sa.Connection, ids: Collection[str]) -> dict[str, str]:
    """Return the names of people and keys by id, also of those who are not here any more."""
    return {**keys.names(conn, ids), **store.names(conn, ids)}
