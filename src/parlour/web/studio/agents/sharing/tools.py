"""What visitors read while an agent uses a tool: a name for the public, in any language."""

from typing import Annotated, Any, Final

import msgspec
from litestar import Response, post

from parlour.agents import doing, sharing
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

_LANGUAGES: Final = frozenset(each.value for each in sharing.Language)


class LabelsForm(msgspec.Struct, frozen=True):
    """The words for tools, one a line."""

    labels: str = ""
    seen: str = ""

    def wanted(self) -> dict[str, dict[str, str]]:
        """Read them; Invalid for a line that is none."""
        told = []
        for line in filter(None, map(str.strip, self.labels.splitlines())):
            named = doing.read(line, _LANGUAGES)
            if named is None:
                message = f"needs a tool, = and words: {line[:60]}"
                raise Invalid(message, errors=[FieldError("labels", message)])
            told.append(named)
        return doing.relabelled({}, told)


@post(page.OWN + "/labels", opt={"gate": person(Permission.LINKS_MANAGE)})
async def change_labels(
    request: Asked, tools: Tools, seat: Seat, name: str, data: Annotated[LabelsForm, FORM]
) -> Response[Any]:
    """Say what visitors read while tools are used; it is in force at once."""
    agent = await frame.find(tools, seat, name)
    try:
        wanted = {"labels": data.wanted()}
        agent, _ = await sharing.change(tools, seat.who, agent, wanted, shell.seen(data.seen))
    except (Invalid, Stale) as problem:
        agent = await frame.find(tools, seat, name)
        form = page.after(_in_field(problem), {"labels": data.labels[:20_000]})
        return await page.show(request, tools, seat, agent, form, of="tools")
    return shell.tell(request, seat, page.path_of(agent), Told("Visitors read these words."))


def _in_field(problem: Invalid | Stale) -> Invalid | Stale:
    """Tell what is wrong with one tool beside the one field that has them all."""
    if isinstance(problem, Stale) or not problem.errors:
        return problem
    first = problem.errors[0]
    where = first.field.removeprefix("labels").strip(".")
    said = f"{where}: {first.message}" if where else first.message
    return Invalid(said, errors=[FieldError("labels", said)])


HANDLERS = [change_labels]
