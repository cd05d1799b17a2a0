"""Notes in the studio: what visitors left at links that were shut, answered by mail, seen to."""

import re
from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import quote

from litestar import Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect

from parlour import transcripts
from parlour.agents import store as agents
from parlour.links import store as links
from parlour.notes import keeping, store
from parlour.notes.store import Note, Wish
from parlour.rights import Permission
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web.gates import Asked, person
from parlour.web.studio import shell
from parlour.web.studio.agents.sharing.refusals import NAMES
from parlour.web.studio.telling import Told

_PATH: Final = shell.place("notes")
_SEE: Final = {"gate": person(Permission.CONVERSATIONS_SEE)}
_ANSWER: Final = {"gate": person(Permission.CONVERSATIONS_ANSWER)}
_AT_ONCE: Final = 50
_NOBODY: Final = "Nobody came"
_MAIL: Final = re.compile(r"[^\s@<>,;:\"()]+@[^\s@<>,;:\"()]+\.[^\s@<>,;:\"().]+")

Which = Annotated[str, QueryParameter(max_length=10, description="`done` shows those seen to.")]
Before = Annotated[str, QueryParameter(max_length=80, description="Only what came before it.")]


@dataclass(frozen=True, slots=True)
class Row:
    """A note on the page."""

    note: Note
    agent: str
    link: str
    """Its name; empty for one without."""
    reason: str
    """Why it was shut, in words."""
    mailto: str
    """What begins an answer by mail; empty where no address is known."""


@get(_PATH, opt=_SEE)
async def notes(
    request: Asked, tools: Tools, seat: Seat, show: Which = "", before: Before = ""
) -> Response[Any]:
    """List the notes that wait for somebody, or those that were seen to; the latest first."""
    done = show == "done"
    at, _, last = before.partition("~")
    place = (int(at), last) if at.isdigit() and at.isascii() and len(at) < 19 else None
    found = await tools.db.browse(
        store.shown_to, seat.who, limit=_AT_ONCE + 1, done=done, before=place
    )
    more, found = len(found) > _AT_ONCE, found[:_AT_ONCE]
    here = f"{_PATH}?show=done" if done else _PATH
    join = "&" if done else "?"
    return shell.inside(
        request,
        seat,
        "studio/notes.html",
        "notes",
        rows=await _rows(tools, seat, found),
        done=done,
        waiting=await tools.db.browse(store.count_open, seat.who),
        here_at=here,
        first=place is None,
        older=f"{here}{join}before={found[-1].left_at}~{found[-1].id}" if more else "",
        may_answer=seat.who.may(Permission.CONVERSATIONS_ANSWER),
        may_link=seat.who.may(Permission.LINKS_MANAGE),
        kept=tools.settings.note_days,
    )


@post(_PATH + "/{note_id:str}/done", opt=_ANSWER)
async def note_done(request: Asked, tools: Tools, seat: Seat, note_id: str) -> Redirect:
    """Say that a note was seen to."""
    await keeping.see_to(tools, seat.who, note_id, done=True)
    told = Told("Seen to. It stands under Done.", undo=f"{_PATH}/{note_id}/reopen")
    return shell.tell(request, seat, _PATH, told)


@post(_PATH + "/{note_id:str}/reopen", opt=_ANSWER)
async def note_reopened(tools: Tools, seat: Seat, note_id: str) -> Redirect:
    """Say that a note was not seen to after all."""
    await keeping.see_to(tools, seat.who, note_id, done=False)
    return shell.go(_PATH, "note-reopened")


@post(_PATH + "/{note_id:str}/delete", opt=_ANSWER)
async def delete_note(tools: Tools, seat: Seat, note_id: str) -> Redirect:
    """Delete a note for good."""
    await keeping.delete(tools, seat.who, note_id)
    return shell.go(_PATH, "note-deleted")


async def _rows(tools: Tools, seat: Seat, found: list[Note]) -> list[Row]:
    named = await tools.db.read(agents.names, {each.agent_id for each in found})
    titles = await tools.db.read(links.titles, {each.link_id for each in found})
    return [
        Row(
            each,
            named.get(each.agent_id, ""),
            transcripts.link_name(seat.who, titles[each.link_id][0]) or "",
            _NOBODY if each.wish is Wish.ANSWER else NAMES.get(each.why, each.why),
            _mailto(each),
        )
        for each in found
    ]


def _mailto(note: Note) -> str:
    """Return what opens an answer in a mail program, if there is an address to answer to."""
    found = None if note.masked else _MAIL.search(note.contact)
    if found is None:
        return ""
    quoted = "\n".join(f"> {line}" for line in note.text[:500].splitlines())
    subject, body = quote("Your message"), quote(f"\n\n{quoted}\n")
    return f"mailto:{quote(found[0], safe='@')}?subject={subject}&body={body}"


HANDLERS = [notes, note_done, note_reopened, delete_note]
