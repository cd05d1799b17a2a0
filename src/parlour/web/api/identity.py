"""Identity keys of an agent for programs, and visitors' calls that bring what such a key signed."""

from typing import Final

import msgspec
from litestar import Response, delete, get, post

from parlour.entrance import Proved, identify
from parlour.entrance import revoke_identity_key as revoke
from parlour.kit.clock import rfc3339
from parlour.rights import Permission, Who
from parlour.tools import Tools
from parlour.verification import keys
from parlour.verification.keys import IdentityKey
from parlour.web import sessions
from parlour.web.api.agents import find
from parlour.web.api.strict import Strict
from parlour.web.api.verify import caller
from parlour.web.gates import LINK, Asked, key

_PATH: Final = "/api/agents/{name:str}/identity-keys"
_MANAGE: Final = {"gate": key(Permission.LINKS_MANAGE)}


class IdentityKeyShown(msgspec.Struct, frozen=True):
    """A key with which the owner's programs say who a visitor is."""

    id: str
    """The `kid` of what it signs."""
    name: str
    algorithm: str
    """`HS256` with a shared secret, or `EdDSA` with the public key that was given."""
    created_at: str
    created_by: str
    secret: str | None
    """Only in the answer that makes it, and only for `HS256`."""


class NewIdentityKey(Strict, frozen=True):
    """A new key: with a public key it takes Ed25519 signatures, else a secret is made."""

    name: str
    public_key: str | None = None
    """In PEM."""


class IdentityKeyRevoked(msgspec.Struct, frozen=True):
    """A key that is gone, and how many visits it had vouched for ended with it."""

    message: str
    key_id: str
    ended: int


class SignedWord(Strict, frozen=True):
    """What the owner's program signed about a visitor, and for which link."""

    token: str
    id: str
    session_token: str | None = None


class Identified(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether it was good; if not, the visitor is as unknown as before."""

    identified: bool
    session_token: str | None = None
    expires_at: str | None = None


def shown(found: IdentityKey, secret: str | None = None) -> IdentityKeyShown:
    """Show a key; its secret once."""
    return IdentityKeyShown(
        id=found.id,
        name=found.name,
        algorithm=found.algorithm,
        created_at=rfc3339(found.created_at),
        created_by=found.created_by,
        secret=secret,
    )


@get(_PATH, opt={"gate": key(Permission.LINKS_SEE)})
async def identity_keys(tools: Tools, who: Who, name: str) -> list[IdentityKeyShown]:
    """List an agent's identity keys, the latest first; at most ten."""
    agent = await find(tools, who, name)
    return [shown(each) for each in await tools.db.read(keys.of_agent, agent.id)]


@post(_PATH, opt=_MANAGE, status_code=201)
async def make_identity_key(
    tools: Tools, who: Who, name: str, data: NewIdentityKey
) -> IdentityKeyShown:
    """Make an identity key; a secret that is made for it is in this answer and never again."""
    agent = await find(tools, who, name)
    made = await keys.create(tools, who, agent.id, data.name, data.public_key)
    return shown(made.key, made.secret)


@delete(_PATH + "/{key_id:str}", opt=_MANAGE, status_code=200)
async def revoke_identity_key(tools: Tools, who: Who, name: str, key_id: str) -> IdentityKeyRevoked:
    """Revoke an identity key: what it signed identifies nobody, whom it vouched for is out."""
    agent = await find(tools, who, name)
    ended = await revoke(tools, who, agent.id, key_id)
    return IdentityKeyRevoked("the identity key has been revoked", key_id, ended)


@post("/api/public/identify", opt={"gate": LINK}, status_code=200)
async def identify_visitor(request: Asked, tools: Tools, data: SignedWord) -> Response[Identified]:
    """Come in as who the owner's program says one is, without a code."""
    who = caller(request, tools, data.token, data.session_token, None)
    found = await identify(tools, data.token, who, data.id)
    if not isinstance(found, Proved):
        return Response(Identified(identified=False), status_code=200)
    told = Identified(
        identified=True, session_token=found.session, expires_at=rfc3339(found.expires_at)
    )
    cookie = sessions.cookie(request.scope, tools, data.token, found.session)
    return Response(told, status_code=200, cookies=[cookie])


HANDLERS = [identity_keys, make_identity_key, revoke_identity_key, identify_visitor]
