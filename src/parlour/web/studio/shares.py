"""Sharing a conversation in the studio: an address made for hours, and who opened which."""

from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec
from litestar import Response, get, post

from parlour import sharing
from parlour.kit.errors import Conflict, Invalid, NotAllowed
from parlour.links import address
from parlour.rights import Permission
from parlour.sharing import Mode, Reader, Share, Wish
from parlour.sharing.rules import mode_of
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.transcripts import finding
from parlour.web.gates import Asked, person
from parlour.web.studio import shell
from parlour.web.studio.agents.forms import FORM
from parlour.web.studio.links.forms import PRESETS, hours_of
from parlour.web.studio.shell import NOTHING, Filled
from parlour.web.studio.sieve import PATH

_SHARE: Final = {"gate": person(Permission.CONVERSATIONS_SHARE)}
_ALL: Final = PATH + "/{conversation_id:str}/share"

MODES: Final = (
    (Mode.VIEW.value, "Read", "They see what is said, as it is said."),
    (
        Mode.AUTO.value,
        "Answer",
        "They have the pen as soon as they open it. Then the agent goes on.",
    ),
    (
        Mode.TAKEOVER.value,
        "Answer, then the team",
        "The same, but afterwards the visitor waits for somebody of the team.",
    ),
)
"""What can be shared: value, words, and a sentence."""


class ShareForm(msgspec.Struct, frozen=True):
    """The form of a new share."""

    mode: str = Mode.VIEW.value
    hours: str = "24"
    other: str = ""
    name: str = ""
    show_personal: str = ""

    def wish(self) -> Wish:
        """Read it; Invalid names the field that does not fit."""
        hours = hours_of(self.other.strip() or self.hours)
        return Wish(mode_of(self.mode), hours, self.name, bool(self.show_personal))

    def typed(self) -> dict[str, str]:
        """Return what was typed, to stand in the form again."""
        return {
            "mode": self.mode[:20],
            "hours": "" if self.other.strip() else self.hours[:20],
            "other": self.other[:20],
            "name": self.name[:100],
            "show_personal": self.show_personal[:1] or "no",
        }


@dataclass(frozen=True, slots=True)
class Row:
    """A share in the list."""

    share: Share
    readers: list[Reader]
    url: str
    is_open: bool

    @property
    def words(self) -> str:
        """What it lets do."""
        return next(words for mode, words, _ in MODES if mode == self.share.mode.value)


@get(_ALL, opt=_SHARE)
async def shares(request: Asked, tools: Tools, seat: Seat, conversation_id: str) -> Response[Any]:
    """Show the form of a new share, and the shares that there are."""
    return await _show(request, tools, seat, conversation_id)


@post(_ALL, opt=_SHARE)
async def make(
    request: Asked,
    tools: Tools,
    seat: Seat,
    conversation_id: str,
    data: Annotated[ShareForm, FORM],
) -> Response[Any]:
    """Share; the same page then shows the address."""
    try:
        made = await sharing.make(tools, seat.who, conversation_id, data.wish())
    except (Invalid, Conflict, NotAllowed) as problem:
        form = Filled.after(problem, data.typed())
        return await _show(request, tools, seat, conversation_id, form)
    form = Filled(data.typed())
    return await _show(request, tools, seat, conversation_id, form, made=made.share)


@post(_ALL + "/{share_id:str}/revoke", opt=_SHARE)
async def revoke(
    request: Asked, tools: Tools, seat: Seat, conversation_id: str, share_id: str
) -> Response[Any]:
    """Take a share back."""
    share = await sharing.revoke(tools, seat.who, conversation_id, share_id)
    if shell.partly(request):
        return await _show(request, tools, seat, share.conversation_id)
    return shell.go(f"{PATH}/{share.conversation_id}/share", "share-revoked")


async def _show(
    request: Asked,
    tools: Tools,
    seat: Seat,
    conversation_id: str,
    form: Filled = NOTHING,
    *,
    made: Share | None = None,
) -> Response[Any]:
    talk = await tools.db.read(finding.find, seat.who, conversation_id)
    found = await tools.db.read(sharing.every, seat.who, talk.id)
    base, now = address.home(tools, seat.who.workspace_id), tools.clock.now()
    return shell.inside(
        request,
        seat,
        "studio/share.html",
        "conversations",
        status=form.status,
        form=form,
        talk=talk,
        path=f"{PATH}/{talk.id}/share",
        back=f"{PATH}/{talk.id}",
        modes=MODES,
        presets=PRESETS,
        rows=[
            Row(share, readers, share.url(base, tools.keys), share.is_open(now))
            for share, readers in found
        ],
        made=None if made is None else made.url(base, tools.keys),
    )


HANDLERS = [shares, make, revoke]
