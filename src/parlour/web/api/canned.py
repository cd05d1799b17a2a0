"""Canned replies for programs: list, make, change, delete."""

from typing import Any, Final

import msgspec
from litestar import Response, delete, get, post, put

from parlour.canned import keeping, store
from parlour.canned.store import CannedReply
from parlour.kit.clock import rfc3339
from parlour.rights import Permission, Who
from parlour.tools import Tools
from parlour.web.api import asking
from parlour.web.api.strict import Strict
from parlour.web.gates import Asked, key

_PATH: Final = "/api/canned-replies"
_SEE: Final = {"gate": key(Permission.CONVERSATIONS_SEE)}
_ANSWER: Final = {"gate": key(Permission.CONVERSATIONS_ANSWER)}


class CannedWish(Strict, frozen=True):
    """What a canned reply shall be."""

    shortcut: str
    """The word that brings it at the desk: a to z, 0 to 9 and -."""
    text: str


class CannedShown(msgspec.Struct, frozen=True):
    """An answer that the team has ready."""

    id: str
    shortcut: str
    text: str
    created_at: str
    updated_at: str
    updated_by: str


class CannedDeleted(msgspec.Struct, frozen=True):
    """A canned reply that is gone."""

    message: str
    canned_reply_id: str


def shown(reply: CannedReply) -> CannedShown:
    """Show a canned reply."""
    return CannedShown(
        reply.id,
        reply.shortcut,
        reply.text,
        rfc3339(reply.created_at),
        rfc3339(reply.updated_at),
        reply.updated_by,
    )


@get(_PATH, opt=_SEE)
async def list_canned(tools: Tools, who: Who) -> list[CannedShown]:
    """List the answers that the team has ready, by their shortcuts."""
    return [shown(each) for each in await tools.db.read(store.every, who.workspace_id)]


@get(_PATH + "/{reply_id:str}", opt=_SEE)
async def one_canned(tools: Tools, who: Who, reply_id: str) -> Response[CannedShown]:
    """Read a canned reply, by its id or its shortcut."""
    found = await tools.db.read(store.find, who.workspace_id, reply_id)
    return asking.tagged(shown(found), found.updated_at)


@post(_PATH, opt=_ANSWER, status_code=201)
async def make_canned(request: Asked, tools: Tools, who: Who, data: CannedWish) -> Response[Any]:
    """Make a canned reply; 409 when the shortcut is taken."""
    return await asking.made(
        request,
        tools,
        who,
        lambda tools: keeping.create(tools, who, data.shortcut, data.text),
        shown,
    )


@put(_PATH + "/{reply_id:str}", opt=_ANSWER)
async def change_canned(
    request: Asked, tools: Tools, who: Who, reply_id: str, data: CannedWish
) -> Response[CannedShown]:
    """Change a canned reply, by its id or its shortcut."""
    found = await tools.db.read(store.find, who.workspace_id, reply_id)
    seen = asking.seen(request, found.updated_at)
    changed = await keeping.change(tools, who, found.id, data.shortcut, data.text, seen=seen)
    return asking.tagged(shown(changed), changed.updated_at)


@delete(_PATH + "/{reply_id:str}", opt=_ANSWER, status_code=200)
async def delete_canned(tools: Tools, who: Who, reply_id: str) -> CannedDeleted:
    """Delete a canned reply."""
    found = await tools.db.read(store.find, who.workspace_id, reply_id)
    await keeping.delete(tools, who, found.id)
    return CannedDeleted("the canned reply has been deleted", found.id)


HANDLERS = [list_canned, one_canned, make_canned, change_canned, delete_canned]
