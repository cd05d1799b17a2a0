"""Shares of conversations for programs: make, list, take back; and the call of older clients."""

import re
from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec
from litestar import Response, delete, get, post
from msgspec import Meta

from parlour import sharing
from parlour.kit.clock import Moment, rfc3339
from parlour.kit.errors import Invalid, Problem
from parlour.links import address
from parlour.rights import Permission, Who
from parlour.sharing import Made, Mode, Reader, Share, Wish
from parlour.sharing.keeping import DEFAULT_HOURS
from parlour.sharing.rules import mode_of
from parlour.tools import Tools
from parlour.transcripts import finding
from parlour.web.api import asking
from parlour.web.api.strict import Strict
from parlour.web.gates import Asked, key

_SHARE: Final = {"gate": key(Permission.CONVERSATIONS_SHARE)}
_ALL: Final = "/api/conversations/{conversation_id:str}/shares"
_ONE: Final = _ALL + "/{share_id:str}"
_BEFORE: Final = "/conversation/share/{mode:str}/{user_id:str}/{duration:str}"
_HOURS: Final = re.compile(r"\d{1,5}(\.\d{1,6})?\Z", re.ASCII)


class Sharing(Strict, frozen=True):
    """How a conversation shall be shared."""

    mode: Annotated[str, Meta(description="`view`, `takeover` or `auto`.")] = Mode.VIEW.value
    hours: Annotated[float, Meta(description="More than 0, at most a year.")] = DEFAULT_HOURS
    name: Annotated[str, Meta(description="What the guest is called, to begin with.")] = ""
    show_personal: bool = False
    """Show the visitor's personal details, too; only for who sees them themselves."""
    reuse: bool = False
    """Return the open share of the same kind, if this key has made one, instead of another."""


class ReaderShown(msgspec.Struct, frozen=True):
    """Somebody who opened a share."""

    name: str
    opened_at: str


class ShareShown(msgspec.Struct, frozen=True):
    """A share: an address that opens one conversation."""

    id: str
    conversation_id: str
    mode: str
    url: str
    name: str
    """What the guest is called, to begin with; empty when nobody said."""
    show_personal: bool
    state: str
    """`open`, `expired` or `revoked`."""
    expires_at: str
    created_at: str
    created_by: str
    opened_by: Sequence[ReaderShown]
    """Who opened it, in the order in which they came."""


class Revoked(msgspec.Struct, frozen=True):
    """A share that was taken back."""

    message: str
    share_id: str


class OldAnswer(msgspec.Struct, frozen=True):
    """What older clients expect."""

    Url: str


def shown(share: Share, readers: Sequence[Reader], url: str, now: Moment) -> ShareShown:
    """Show a share, and who opened it, as it stands at a moment."""
    over = "expired" if share.revoked_at is None else "revoked"
    return ShareShown(
        id=share.id,
        conversation_id=share.conversation_id,
        mode=share.mode.value,
        url=url,
        name=share.name,
        show_personal=share.show_personal,
        state="open" if share.is_open(now) else over,
        expires_at=rfc3339(share.expires_at),
        created_at=rfc3339(share.created_at),
        created_by=share.by_name,
        opened_by=[ReaderShown(each.name, rfc3339(each.opened_at)) for each in readers],
    )


def _url(tools: Tools, share: Share) -> str:
    return share.url(address.home(tools, share.workspace_id), tools.keys)


@post(_ALL, opt=_SHARE, status_code=201)
async def make_share(
    request: Asked, tools: Tools, who: Who, conversation_id: str, data: Sharing
) -> Response[Any]:
    """Share a conversation by an address of its own, for a number of hours.

    `view` lets whoever opens it read; `takeover` and `auto` let them answer in the agent's place.
    When the hours are over, `auto` gives the conversation back to the agent, `takeover` leaves it
    to another person.
    """
    wish = Wish(mode_of(data.mode), data.hours, data.name, data.show_personal, data.reuse)

    def show(made: Made) -> ShareShown:
        return shown(made.share, (), _url(tools, made.share), tools.clock.now())

    return await asking.made(
        request, tools, who, lambda tools: sharing.make(tools, who, conversation_id, wish), show
    )


@get(_ALL, opt=_SHARE)
async def list_shares(tools: Tools, who: Who, conversation_id: str) -> list[ShareShown]:
    """List the shares of a conversation, newest first, with who opened each and when."""
    found = await tools.db.read(sharing.every, who, conversation_id)
    now = tools.clock.now()
    return [shown(share, readers, _url(tools, share), now) for share, readers in found]


@delete(_ONE, opt=_SHARE, status_code=200)
async def revoke_share(tools: Tools, who: Who, conversation_id: str, share_id: str) -> Revoked:
    """Take a share back at once: its pages end, and its guests answer no more."""
    await sharing.revoke(tools, who, conversation_id, share_id)
    return Revoked("the share has been taken back", share_id)


@get("/peoples" + _BEFORE, opt=_SHARE)
async def share_as_before(
    tools: Tools, who: Who, mode: str, user_id: str, duration: str
) -> OldAnswer:
    """Share a conversation, for clients that know this call; each call makes another share.

    `user_id` is a conversation's id, or a visitor's, whose last one it is then; `duration` is in
    hours. 400 for a mode that is none, or a duration that is no positive number of hours.
    """
    return await _as_before(tools, who, mode, user_id, duration)


@get(_BEFORE, opt=_SHARE)
async def share_as_long_before(
    tools: Tools, who: Who, mode: str, user_id: str, duration: str
) -> OldAnswer:
    """Share a conversation, for clients that are older still: the same as below `/peoples`."""
    return await _as_before(tools, who, mode, user_id, duration)


async def _as_before(tools: Tools, who: Who, mode: str, user_id: str, duration: str) -> OldAnswer:
    try:
        hours = float(duration) if _HOURS.match(duration) else 0
        wish = Wish(mode_of(mode), hours)
        talk = await tools.db.read(finding.last_of, who, user_id)
        made = await sharing.make(tools, who, talk.id, wish)
    except Invalid as problem:
        raise Problem(problem.detail, code="bad_request", errors=problem.errors) from problem
    return OldAnswer(_url(tools, made.share))


HANDLERS = [make_share, list_shares, revoke_share, share_as_before, share_as_long_before]
