"""What visitors may send along with their messages: kinds, how large, and how many."""

import re
from typing import Annotated, Any, Final

import msgspec
from litestar import Response, post

from parlour.agents import sharing
from parlour.attachments import KINDS
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

_MEGA: Final = 1_048_576
_NUMBER: Final = re.compile(r"(?=.*[1-9])[0-9]{0,3}(?:\.[0-9]{1,6})?")


class FilesForm(msgspec.Struct, frozen=True):
    """What may be sent along."""

    image: str = ""
    pdf: str = ""
    text: str = ""
    file_mb: str = ""
    files_most: str = ""
    seen: str = ""

    def wanted(self, kept: int) -> dict[str, Any]:
        """Read it; Invalid names every number that is none. `kept`: how large one may be so far."""
        errors = []
        wanted: dict[str, Any] = {"files": [each for each in KINDS if getattr(self, each)]}
        size, most = self.file_mb.strip(), self.files_most.strip()
        of_size = _bytes(size)
        if of_size is not None and sharing.SMALLEST_FILE <= of_size <= sharing.LARGEST_FILE:
            # What is shown is rounded: what nobody changed stays as it is.
            wanted["file_bytes"] = kept if _mega(kept) == _mega(of_size) else of_size
        elif size:
            told = f"a number from 0.001 to {sharing.LARGEST_FILE // _MEGA}"
            errors.append(FieldError("file_mb", told))
        if most.isascii() and most.isdigit() and 1 <= int(most[:6]) <= sharing.MOST_FILES:
            wanted["files_most"] = int(most)
        elif most:
            told = f"a whole number from 1 to {sharing.MOST_FILES}"
            errors.append(FieldError("files_most", told))
        if errors:
            raise Invalid("numbers that do not fit", errors=errors)
        return wanted

    def typed(self) -> dict[str, str]:
        """Return what was chosen, to stand in the form again."""
        kinds = {each: "1" if getattr(self, each) else "0" for each in KINDS}
        return {**kinds, "file_mb": self.file_mb[:20], "files_most": self.files_most[:20]}


def _bytes(megabytes: str) -> int | None:
    """Read "5", "0.5" or "0,5"; None for what is none of these."""
    found = _NUMBER.fullmatch(megabytes.replace(",", "."))
    return None if found is None else max(round(float(found[0]) * _MEGA), sharing.SMALLEST_FILE)


def _mega(size: int) -> float:
    """Return megabytes as the form shows them."""
    return round(size / _MEGA, 3)


@post(page.OWN + "/files", opt={"gate": person(Permission.LINKS_MANAGE)})
async def change_files(
    request: Asked, tools: Tools, seat: Seat, name: str, data: Annotated[FilesForm, FORM]
) -> Response[Any]:
    """Say what visitors may send along; it is in force at once."""
    agent = await frame.find(tools, seat, name)
    try:
        wanted = data.wanted(sharing.sharing_of(agent.sharing).file_bytes)
        agent, now = await sharing.change(tools, seat.who, agent, wanted, shell.seen(data.seen))
    except (Invalid, Stale) as problem:
        agent = await frame.find(tools, seat, name)
        form = page.after(problem, data.typed())
        return await page.show(request, tools, seat, agent, form, of="files")
    said = "Visitors can send files along." if now.files else "Visitors send words alone."
    return shell.tell(request, seat, page.path_of(agent), Told(said))


HANDLERS = [change_files]
