"""Personal details for programs: what is held for them, and seeing them for a while, with why."""

from typing import Annotated, Final

import msgspec
from litestar import Response, delete, get, post, put
from msgspec import UNSET, Meta, UnsetType

from parlour import privacy
from parlour.kit.clock import rfc3339
from parlour.privacy import MOST_PATTERNS, Privacy
from parlour.rights import Permission, Who
from parlour.tools import Tools
from parlour.transcripts import revealing
from parlour.web.api import asking, moments
from parlour.web.api.strict import Strict
from parlour.web.gates import Asked, key

_SEE: Final = {"gate": key(Permission.PRIVACY_SEE)}
_MANAGE: Final = {"gate": key(Permission.PRIVACY_MANAGE)}
_REVEAL: Final = {"gate": key(Permission.CONVERSATIONS_REVEAL)}
_ALL: Final = "/api/privacy"
_ONE: Final = "/api/conversations/{conversation_id:str}/reveal"

Written = Annotated[
    list[str],
    Meta(
        description=f"At most {MOST_PATTERNS}: `#` is a digit, `?` a letter, `*` letters and "
        "digits, all else itself."
    ),
]


class PrivacyShown(msgspec.Struct, frozen=True):
    """What is held for personal beside what the house knows, and who may see it for a reason."""

    patterns: Written
    reveal: str
    """Who may: `nobody`, `leads` (owners, builders, team leads) or `answering` (all who answer)."""
    updated_at: str | None
    updated_by: str | None


class PrivacyEdit(Strict, frozen=True):
    """What to change; absent stays as it is."""

    patterns: Written | UnsetType = UNSET
    reveal: str | UnsetType = UNSET


class Why(Strict, frozen=True):
    """Why a program, or whoever it works for, needs personal details."""

    reason: str


class RevealShown(msgspec.Struct, frozen=True):
    """Personal details of one conversation, told to one key for a while."""

    conversation_id: str
    until: str


class Hidden(msgspec.Struct, frozen=True):
    """Personal details that are hidden from this key again."""

    hidden: bool
    """Whether they were shown."""


def shown(said: Privacy) -> PrivacyShown:
    """Show what a workspace has said of personal details."""
    return PrivacyShown(
        patterns=list(said.patterns),
        reveal=said.reveal.value,
        updated_at=moments.written(said.updated_at or None),
        updated_by=said.updated_by or None,
    )


@get(_ALL, opt=_SEE)
async def read_privacy(tools: Tools, who: Who) -> Response[PrivacyShown]:
    """Read what is held for personal here, and who may see it for a reason."""
    found = await tools.db.read(privacy.find, who.workspace_id)
    return asking.tagged(shown(found), found.updated_at)


@put(_ALL, opt=_MANAGE)
async def change_privacy(
    request: Asked, tools: Tools, who: Who, data: PrivacyEdit
) -> Response[PrivacyShown]:
    """Change what is held for personal here; it is in force at once, also for what was said."""
    found = await tools.db.read(privacy.find, who.workspace_id)
    changed = await privacy.change(
        tools,
        who,
        patterns=None if data.patterns is UNSET else data.patterns,
        reveal=None if data.reveal is UNSET else privacy.reveal_of(str(data.reveal)),
        seen=asking.seen(request, found.updated_at),
    )
    return asking.tagged(shown(changed), changed.updated_at)


@post(_ONE, opt=_REVEAL, status_code=201)
async def reveal(tools: Tools, who: Who, conversation_id: str, data: Why) -> RevealShown:
    """Have the personal details of one conversation told to this key for a while.

    For a key that was made without the right to them, as far as the workspace lets its role. The
    reason stands in the history. From then on the conversation and its messages are told whole;
    lists and searches are not.
    """
    until = await revealing.reveal(tools, who, conversation_id, data.reason)
    return RevealShown(conversation_id, rfc3339(until))


@delete(_ONE, opt=_REVEAL, status_code=200)
async def hide(tools: Tools, who: Who, conversation_id: str) -> Hidden:
    """Have them hidden again before the time is over."""
    return Hidden(await revealing.hide(tools, who, conversation_id))


HANDLERS = [read_privacy, change_privacy, reveal, hide]
