"""Keys with which an owner's own programs say who a visitor is: one algorithm each, fixed."""

import contextlib
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from parlour import events
from parlour.kit.clock import Moment
from parlour.kit.db import metadata
from parlour.kit.errors import Conflict, FieldError, Invalid, NotFound
from parlour.kit.texts import trouble
from parlour.kit.tokens import Keyring, new_id, new_secret
from parlour.rights import Who
from parlour.tools import Tools

HS256: Final = "HS256"
EDDSA: Final = "EdDSA"
MOST: Final = 10
_LONGEST_NAME: Final = 100
_LONGEST_KEY: Final = 2_000

keys = sa.Table(
    "identity_keys",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("agent_id", sa.ForeignKey("agents.id"), nullable=False),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("algorithm", sa.String(10), nullable=False),
    sa.Column("sealed", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("created_by", sa.String(200), nullable=False),
    sa.Index("identity_keys_agent", "agent_id", "created_at"),
)
"""`sealed` is the shared secret, or the public key, encrypted."""

_K: Final = keys.c


@dataclass(frozen=True, slots=True)
class IdentityKey:
    """A key, as its owner knows it; its secret was shown once."""

    id: str
    agent_id: str
    name: str
    algorithm: str
    created_at: Moment
    created_by: str


@dataclass(frozen=True, slots=True)
class Made:
    """A key that was just made; `secret` is None for a public key, which is known already."""

    key: IdentityKey
    secret: str | None


async def create(
    tools: Tools, who: Who, agent_id: str, name: str, public_key: str | None = None
) -> Made:
    """Make a key for an agent: a shared secret for HS256, or an Ed25519 public key for EdDSA.

    Raises:
        Invalid: the name does not fit, or it is no public key. Conflict: the agent has enough.
    """
    made = name.strip()
    if (said := trouble(made, _LONGEST_NAME)) is not None:
        raise Invalid(f"name {said}", errors=[FieldError("name", said)])
    secret = new_secret("parlour_id")
    now = tools.clock.now()
    algorithm = HS256 if public_key is None else EDDSA
    key = IdentityKey(new_id("idk"), agent_id, made, algorithm, now, who.name)
    kept = tools.keys.seal(secret if public_key is None else _public(public_key))

    def unit(conn: sa.Connection) -> None:
        if len(of_agent(conn, agent_id)) >= MOST:
            raise Conflict(f"an agent has at most {MOST} identity keys", code="too_many_keys")
        values = {field: getattr(key, field) for field in IdentityKey.__slots__}
        conn.execute(sa.insert(keys).values(sealed=kept, **values))
        told = {"key": key.id, "algorithm": algorithm}
        kind = events.Kind.IDENTITY_KEY_CREATED
        events.record(conn, kind, who, now, agent_id=agent_id, data=told)

    await tools.db.write(unit)
    return Made(key, secret if public_key is None else None)


def delete(conn: sa.Connection, who: Who, agent_id: str, key_id: str, now: Moment) -> None:
    """Delete a key: what it signed identifies nobody from here on. NotFound when there is none."""
    gone = sa.delete(keys).where(_K.id == key_id, _K.agent_id == agent_id)
    if conn.execute(gone).rowcount == 0:
        raise NotFound("there is no such identity key")
    kind = events.Kind.IDENTITY_KEY_REVOKED
    events.record(conn, kind, who, now, agent_id=agent_id, data={"key": key_id})


def still_there(conn: sa.Connection, agent_id: str, key_id: str) -> bool:
    """Whether an agent has a key; it is held until the transaction ends, so that it stays."""
    wanted = sa.select(_K.id).where(_K.id == key_id, _K.agent_id == agent_id)
    return conn.execute(wanted.with_for_update()).first() is not None


def of_agent(conn: sa.Connection, agent_id: str) -> list[IdentityKey]:
    """List the keys of an agent, the latest first."""
    wanted = sa.select(*(_K[field] for field in IdentityKey.__slots__))
    rows = conn.execute(wanted.where(_K.agent_id == agent_id).order_by(_K.created_at.desc(), _K.id))
    return [IdentityKey(*row) for row in rows]


def opened(conn: sa.Connection, ring: Keyring, agent_id: str) -> list[tuple[str, str, str]]:
    """Return id, algorithm and key of every key of an agent that this instance can open.

    One that was sealed under a secret which is gone says nothing of anybody any more.
    """
    wanted = sa.select(_K.id, _K.algorithm, _K.sealed).where(_K.agent_id == agent_id)
    found = []
    for key_id, algorithm, sealed in conn.execute(wanted):
        with contextlib.suppress(ValueError):
            found.append((key_id, algorithm, ring.unseal(sealed)))
    return found


def _public(text: str) -> str:
    """Return an Ed25519 public key as PEM; Invalid when it is anything else, or a private one."""
    from joserfc.errors import JoseError  # noqa: PLC0415 - most processes never see one
    from joserfc.jwk import OKPKey  # noqa: PLC0415

    said = "must be an Ed25519 public key in PEM, as `openssl pkey -pubout` writes it"
    try:
        if len(text) > _LONGEST_KEY or "PRIVATE" in text:
            raise ValueError(said)
        key: Any = OKPKey.import_key(text)
        if key.is_private or key.curve_name != "Ed25519":
            raise ValueError(said)
        return str(key.as_pem(private=False).decode())
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        raise Invalid(f"public_key {said}", errors=[FieldError("public_key", said)]) from None
