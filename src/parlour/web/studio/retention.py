"""Retention in the studio: for how long what is said is kept, what would go, and changing it."""

from typing import Annotated, Any, Final

import msgspec
from litestar import Response, get, post

from parlour.forgetting import terms
from parlour.forgetting.due import Due
from parlour.kit.errors import Conflict, FieldError, Invalid, NotFound, Stale
from parlour.privacy.days import MOST_DAYS
from parlour.rights import Permission
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web.gates import Asked, person
from parlour.web.studio import shell
from parlour.web.studio.agents.forms import FORM
from parlour.web.studio.shell import NOTHING, Filled
from parlour.web.studio.telling import Told

_PATH: Final = "/studio/retention"
_SEE: Final = {"gate": person(Permission.PRIVACY_SEE)}
_MANAGE: Final = {"gate": person(Permission.PRIVACY_MANAGE)}
_DIGITS: Final = 5


class RetentionForm(msgspec.Struct, frozen=True):
    """The form; `seen` says which state was on the page, `act` what is wanted of it."""

    agent: str = ""
    """The id of one agent; empty for the workspace."""
    days: str = ""
    """Empty has an agent do as the workspace does."""
    seen: str = ""
    act: str = ""
    """`try` only looks what would go; `sure` also deletes it."""

    def typed(self) -> dict[str, str]:
        """Return what was typed, to stand in the form again."""
        return {"agent": self.agent[:40], "days": self.days[:20]}

    def wanted(self) -> int | None:
        """Read the days; Invalid where they are none."""
        text = self.days.strip()
        if not text and self.agent:
            return None
        if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS):
            said = f"must be a number of days up to {MOST_DAYS:,}; 0 keeps it for ever"
            raise Invalid(f"days {said}", errors=[FieldError("days", said)])
        return int(text)


@get(_PATH, opt=_SEE)
async def settings(request: Asked, tools: Tools, seat: Seat) -> Response[Any]:
    """Show for how long what is said is kept."""
    return await _page(request, tools, seat)


@post(_PATH, opt=_MANAGE)
async def change(
    request: Asked, tools: Tools, seat: Seat, data: Annotated[RetentionForm, FORM]
) -> Response[Any]:
    """Change it; first it is said what that deletes, and then once more that it shall."""
    agent_id, typed = data.agent[:40] or None, data.typed()
    try:
        days = data.wanted()
        if data.act == "try":
            goes = await _due(tools, seat, days, agent_id)
            return await _page(request, tools, seat, Filled(typed), goes=goes)
        seen, is_sure = shell.seen(data.seen), data.act == "sure"
        await terms.change(tools, seat.who, days, agent_id, sure=is_sure, seen=seen)
    except Stale as problem:
        trouble = f"{problem.detail.partition(';')[0]}. What you chose is kept below."
        form = Filled(typed, {}, trouble, problem.status)
        return await _page(request, tools, seat, form)
    except Conflict:
        goes = await _due(tools, seat, data.wanted(), agent_id)
        form = Filled(typed, status=409)
        return await _page(request, tools, seat, form, goes=goes, asks=True)
    except (Invalid, NotFound) as problem:
        return await _page(request, tools, seat, Filled.after(problem, typed))
    return shell.tell(request, seat, _PATH, Told("Saved. What is too old goes within the hour."))


async def _due(tools: Tools, seat: Seat, days: int | None, agent_id: str | None) -> Due:
    now = tools.clock.now()
    if days is None:
        days = (await tools.db.read(terms.find, seat.who.workspace_id)).kept.days
    return await tools.db.browse(terms.preview, seat.who.workspace_id, days, agent_id, now)


async def _page(
    request: Asked,
    tools: Tools,
    seat: Seat,
    form: Filled = NOTHING,
    *,
    goes: Due | None = None,
    asks: bool = False,
) -> Response[Any]:
    found = await tools.db.read(terms.find, seat.who.workspace_id)
    which = [("", "Every agent without days of its own")]
    return shell.inside(
        request,
        seat,
        "studio/retention.html",
        "retention",
        status=form.status,
        form=form,
        terms=found,
        which=which + [(each.id, each.name) for each in found.agents],
        goes=goes,
        asks=asks,
        note_days=tools.settings.note_days,
    )


HANDLERS = [settings, change]
