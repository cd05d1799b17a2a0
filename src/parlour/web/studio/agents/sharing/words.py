"""What visitors read in the studio's Sharing tab: the pages' language, own words for refusals."""

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
from parlour.web.studio.agents.sharing.refusals import NAMES


class WordsForm(msgspec.Struct, frozen=True):
    """The language, and the owner's words by the code of each refusal; empty is the house's."""

    language: str = ""
    seen: str = ""
    disabled: str = ""
    expired: str = ""
    replaced: str = ""
    used_up: str = ""
    private: str = ""
    offline: str = ""
    not_published: str = ""
    not_open: str = ""
    closed: str = ""
    full: str = ""
    verification_required: str = ""
    wrong_person: str = ""
    too_long: str = ""
    too_many: str = ""
    budget_spent: str = ""

    def said(self) -> dict[str, str]:
        """Return the owner's words, with the line ends of every system alike."""
        given = {code: getattr(self, code).replace("\r\n", "\n").strip() for code in NAMES}
        return {code: text for code, text in given.items() if text}


@post(page.OWN + "/words", opt={"gate": person(Permission.LINKS_MANAGE)})
async def change_words(
    request: Asked, tools: Tools, seat: Seat, name: str, data: Annotated[WordsForm, FORM]
) -> Response[Any]:
    """Say in which language and in which words visitors are told; it is in force at once."""
    agent = await frame.find(tools, seat, name)
    wanted = {"language": data.language or None, "words": data.said()}
    try:
        await sharing.change(tools, seat.who, agent, wanted, shell.seen(data.seen))
    except (Invalid, Stale) as problem:
        problem.errors = [
            FieldError(each.field.removeprefix("words."), each.message) for each in problem.errors
        ]
        agent = await frame.find(tools, seat, name)
        typed = {code: getattr(data, code)[:2_000] for code in NAMES}
        form = page.after(problem, {**typed, "language": data.language[:20]})
        return await page.show(request, tools, seat, agent, form, of="words")
    return shell.go(page.path_of(agent), "saved")


HANDLERS = [change_words]
