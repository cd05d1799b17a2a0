"""Whether visitors confirm an e-mail address: never, first, or after some messages; and whose."""

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
from parlour.web.studio.telling import Told

_SAID = {
    "off": "Nobody is asked for an address.",
    "required": "Visitors confirm an address first.",
    "after": "Visitors confirm an address after some messages.",
}


class VerifyForm(msgspec.Struct, frozen=True):
    """When visitors confirm an address, and whose may come in, one a line."""

    verify: str = ""
    verify_after: str = ""
    emails: str = ""
    seen: str = ""

    def typed(self) -> dict[str, str]:
        """Return what was typed, to stand in the form again."""
        return {
            "verify": self.verify[:20],
            "verify_after": self.verify_after[:20],
            "emails": self.emails[:20_000],
        }

    def wanted(self) -> dict[str, Any]:
        """Read it; Invalid for a number that is none."""
        after = self.verify_after.strip()
        if not (after.isascii() and after.isdigit() and 1 <= int(after[:9]) <= 100):
            message = "a whole number of messages, from 1 to 100"
            raise Invalid(message, errors=[FieldError("verify_after", message)])
        emails = tuple(self.emails.replace(",", "\n").splitlines())
        return {"verify": self.verify, "verify_after": int(after[:9]), "emails": emails}


@post(page.OWN + "/verify", opt={"gate": person(Permission.LINKS_MANAGE)})
async def change_verification(
    request: Asked, tools: Tools, seat: Seat, name: str, data: Annotated[VerifyForm, FORM]
) -> Response[Any]:
    """Say whether visitors confirm an address; it is in force at once."""
    agent = await frame.find(tools, seat, name)
    try:
        wanted = data.wanted()
        agent, terms = await sharing.change(tools, seat.who, agent, wanted, shell.seen(data.seen))
    except (Invalid, Stale) as problem:
        agent = await frame.find(tools, seat, name)
        form = page.after(problem, data.typed())
        return await page.show(request, tools, seat, agent, form, of="verify")
    return shell.tell(request, seat, page.path_of(agent), Told(_SAID[terms.verify]))


HANDLERS = [change_verification]
