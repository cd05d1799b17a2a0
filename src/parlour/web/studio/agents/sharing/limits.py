"""How much visitors may send, and what answers may cost: the limits and budget of an agent."""

from typing import Annotated, Any, Final

import msgspec
from litestar import Response, post

from parlour.agents import sharing
from parlour.kit.errors import FieldError, Invalid, Stale
from parlour.rights import Permission
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web.gates import Asked, person
from parlour.web.studio import shell
from parlour.web.studio.agents import frame
from parlour.web.studio.agents.forms import FORM
from parlour.web.studio.agents.sharing import page
from parlour.web.studio.telling import Told

_MAY_BE_EMPTY: Final = (
    "message_chars",
    "rate_limit_per_minute",
    "rate_limit_per_place",
    "rate_limit_per_link",
    "turn_tokens",
)
_NUMBERS: Final = (*_MAY_BE_EMPTY, "daily_token_limit", "budget_tokens")


class LimitsForm(msgspec.Struct, frozen=True):
    """Numbers as people type them; empty is what the settings say, and of tokens no limit."""

    message_chars: str = ""
    rate_limit_per_minute: str = ""
    rate_limit_per_place: str = ""
    rate_limit_per_link: str = ""
    daily_token_limit: str = ""
    daily_limit_by: str = ""
    budget_tokens: str = ""
    budget_period: str = ""
    when_spent: str = ""
    turn_tokens: str = ""
    seen: str = ""

    def typed(self) -> dict[str, str]:
        """Return what was typed, to stand in the form again."""
        return {name: getattr(self, name)[:64] for name in self.__struct_fields__[:-1]}

    def wanted(self) -> dict[str, Any]:
        """Read it; Invalid names every number that is none."""
        wanted: dict[str, Any] = {
            "daily_limit_by": self.daily_limit_by,
            "budget_period": self.budget_period,
            "when_spent": self.when_spent[:64] or None,
        }
        errors = []
        for name in _NUMBERS:
            text = getattr(self, name).strip().replace(",", "")
            if not text:
                wanted[name] = None if name in _MAY_BE_EMPTY else 0
            elif text.isascii() and text.isdigit():
                wanted[name] = int(text[:18])
            else:
                errors.append(FieldError(name, "a whole number"))
        if errors:
            raise Invalid("numbers that do not fit", errors=errors)
        return wanted


@post(page.OWN + "/limits", opt={"gate": person(Permission.LINKS_MANAGE)})
async def change_limits(
    request: Asked, tools: Tools, seat: Seat, name: str, data: Annotated[LimitsForm, FORM]
) -> Response[Any]:
    """Say how much visitors may send; it is in force with their next message."""
    agent = await frame.find(tools, seat, name)
    try:
        wanted = data.wanted()
        agent, _ = await sharing.change(tools, seat.who, agent, wanted, shell.seen(data.seen))
    except (Invalid, Stale) as problem:
        agent = await frame.find(tools, seat, name)
        form = page.after(problem, data.typed())
        return await page.show(request, tools, seat, agent, form, of="limits")
    told = Told("The limits are in force with the next message.")
    return shell.tell(request, seat, page.path_of(agent), told)


HANDLERS = [change_limits]
