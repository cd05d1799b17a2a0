"""The API keys by which programs act in a workspace, stored as keyed hashes."""

import contextlib
import re
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from parlour import events
from parlour.kit.clock import DAY, MINUTE, Moment, rfc3339
from parlour.kit.db import metadata
from parlour.kit.errors import (
    FieldError,
    Invalid,
    NotFound,
    StorageFull,
    Unauthorized,
    Unavailable,
)
from parlour.kit.texts import trouble
from parlour.kit.tokens import new_id, new_secret
from parlour.rights import Role, Who
from parlour.staff.people import announce
from parlour.tools import Tools

KEY_PREFIX = "parlour_key"
"""What every API key begins with; leak scanners know one by `parlour_key_[0-9A-Za-z]{40}`."""

LONGEST_NAME = 200
LONGEST_LIFE = 3_653 * DAY
_FORM = re.compile(r"key_[0-9A-Za-z]{22}\Z", re.ASCII)

api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id"), nullable=False),
    sa.Column("agent_id", sa.ForeignKey("agents.id")),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("view_personal", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("hash", sa.String(64), nullable=False, unique=True),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("last_used_at", sa.BigInteger),
    sa.Column("revoked_at", sa.BigInteger),
    sa.Column("expires_at", sa.BigInteger),
)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key as it may be shown: without the key."""

    id: str
    name: str
    role: Role
    agent_id: str | None
    view_personal: bool
    """Whether the personal details of visitors are told to it."""
    created_at: Moment
    last_used_at: Moment | None
    expires_at: Moment | None
    """From when on it is refused; None for a key that stays good until it is revoked."""


@dataclass(frozen=True, slots=True)
class MadeKey:
    """An API key just made, with its secret, which is shown this once and never again."""

    key: ApiKey
    secret: str


async def create_key(
    tools: Tools,
    who: Who,
    name: str,
    role: Role,
    agent_id: str | None = None,
    *,
    view_personal: bool = False,
    expires_at: Moment | None = None,
) -> MadeKey:
    """Make an API key; with an `agent_id` it sees and acts on that agent alone.

    Raises:
        Invalid: the name cannot be one, or the end has passed already.
    """
    if (said := trouble(name, LONGEST_NAME)) is not None:
        raise Invalid(f"a key's name {said}", errors=[FieldError("name", said)])
    now = tools.clock.now()
    if expires_at is not None and not now < expires_at <= now + LONGEST_LIFE:
        said = "must be a time to come, within ten years"
        raise Invalid(f"expires_at {said}", errors=[FieldError("expires_at", said)])
    secret = new_secret(KEY_PREFIX)
    key = ApiKey(new_id("key"), name, role, agent_id, view_personal, now, None, expires_at)

    def unit(conn: sa.Connection) -> MadeKey:
        values = {
            "id": key.id,
            "workspace_id": who.workspace_id,
            "agent_id": agent_id,
            "name": name,
            "role": role.value,
            "view_personal": view_personal,
            "hash": tools.keys.hashed(secret),
            "created_at": key.created_at,
            "expires_at": expires_at,
        }
        conn.execute(sa.insert(api_keys), values)
        data = {"key": key.id, "role": role.value, "view_personal": view_personal}
        events.record(
            conn, events.Kind.KEY_CREATED, who, key.created_at, agent_id=agent_id, data=data
        )
        return MadeKey(key, secret)

    return await tools.db.write(unit)


async def authenticate(tools: Tools, secret: str) -> Who:
    """Find who acts with an API key; Unauthorized for any key that is not good.

    Whoever holds a key that has expired is told so: it was good, and they may ask for another.
    """
    hashes = tools.keys.hashes(secret) if secret.startswith(KEY_PREFIX + "_") else []
    row = await tools.db.read(_find, hashes) if hashes else None
    if row is None or not tools.has(row.workspace_id):
        raise Unauthorized("this needs a valid API key")
    now = tools.clock.now()
    if row.expires_at is not None and row.expires_at <= now:
        told = f"this API key expired at {rfc3339(row.expires_at)}; ask an owner for another"
        raise Unauthorized(told, code="key_expired")
    if row.last_used_at is None or row.last_used_at < now - MINUTE:
        # A full disk must not keep anybody from reading.
        with contextlib.suppress(StorageFull, Unavailable):
            await tools.db.write(_touch, row.id, now)
    return Who(
        "key",
        row.id,
        row.name,
        row.workspace_id,
        Role(row.role),
        row.agent_id,
        sees_personal=row.view_personal,
    )


def every_key(
    conn: sa.Connection,
    workspace_id: str,
    *,
    after: tuple[Moment, str] | None = None,
    limit: int | None = None,
) -> list[ApiKey]:
    """List a workspace's keys, newest first: at most `limit`, behind that `created_at, id`.

    Those that were revoked are not in it; those that have expired are, until then.
    """
    columns = api_keys.c
    wanted = sa.select(*(columns[name] for name in ApiKey.__slots__)).where(
        columns.workspace_id == workspace_id, columns.revoked_at.is_(None)
    )
    if after is not None:
        then, key_id = after
        same = sa.and_(columns.created_at == then, columns.id > key_id)
        wanted = wanted.where(sa.or_(columns.created_at < then, same))
    found = conn.execute(wanted.order_by(columns.created_at.desc(), columns.id).limit(limit))
    return [ApiKey(row.id, row.name, Role(row.role), *row[3:]) for row in found]


def names(conn: sa.Connection, key_ids: Collection[str]) -> dict[str, str]:
    """Return the names of these keys by id, also of those that were revoked."""
    columns = api_keys.c
    found = conn.execute(sa.select(columns.id, columns.name).where(columns.id.in_(key_ids)))
    return {row.id: row.name for row in found}


async def revoke_key(tools: Tools, who: Who, key_id: str) -> None:
    """End a key at once; NotFound when there is no key of that id to end."""
    if not _FORM.match(key_id):
        raise NotFound("there is no key of that id")

    def unit(conn: sa.Connection) -> None:
        now = tools.clock.now()
        columns = api_keys.c
        ended = conn.execute(
            sa.update(api_keys)
            .where(
                columns.id == key_id,
                columns.workspace_id == who.workspace_id,
                columns.revoked_at.is_(None),
            )
            .values(revoked_at=now)
        )
        if not ended.rowcount:
            raise NotFound(f"there is no key {key_id!r}")
        events.record(conn, events.Kind.KEY_REVOKED, who, now, data={"key": key_id})
        announce(conn, tools, key_id)

    await tools.db.write(unit)


def _find(conn: sa.Connection, hashes: list[str]) -> sa.Row[tuple[object, ...]] | None:
    columns = api_keys.c
    return conn.execute(
        sa.select(api_keys).where(columns.hash.in_(hashes), columns.revoked_at.is_(None))
    ).first()


def _touch(conn: sa.Connection, key_id: str, now: Moment) -> None:
    conn.execute(sa.update(api_keys).where(api_keys.c.id == key_id).values(last_used_at=now))
