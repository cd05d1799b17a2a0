"""When a use of a private link is over: after silence, and after its longest time."""

from typing import Annotated, Any

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


class UsesForm(msgspec.Struct, frozen=True):
    """The two times, in minutes, as they were typed."""

    use_idle_minutes: str = ""
    use_longest_minutes: str = ""
    seen: str = ""

    def typed(self) -> dict[str, str]:
        """Return what was typed, to stand in the form again."""
        return {
            "use_idle_minutes": self.use_idle_minutes[:20],
            "use_longest_minutes": self.use_longest_minutes[:20],
        }


@post(page.OWN + "/uses", opt={"gate": person(Permission.LINKS_MANAGE)})
async def change_uses(
    request: Asked, tools: Tools, seat: Seat, name: str, data: Annotated[UsesForm, FORM]
) -> Response[Any]:
    """Say how long a use lasts; it holds at once, for those that go on, too."""
    agent = await frame.find(tools, seat, name)
    try:
        wanted = {field: _minutes(field, text) for field, text in data.typed().items()}
        await sharing.change(tools, seat.who, agent, wanted, shell.seen(data.seen))
    except (Invalid, Stale) as problem:
        agent = await frame.find(tools, seat, name)
        form = page.after(problem, data.typed())
        return await page.show(request, tools, seat, agent, form, of="uses")
    return shell.go(page.path_of(agent), "saved")


def _minutes(field: str, text: str) -> int:
    text = text.strip()
    minutes = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    if not 1 <= minutes <= sharing.LONGEST_USE:
        message = f"a whole number of minutes, from 1 to {sharing.LONGEST_USE:,}"
        raise Invalid(message, errors=[FieldError(field, message)])
    return minutes


HANDLERS = [change_uses]
