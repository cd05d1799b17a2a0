"""Notes for programs: what visitors left at links that were shut."""

from typing import Annotated, Final

import msgspec
from litestar import delete, get, post
from litestar.params import QueryParameter

from parlour import transcripts
from parlour.agents import store as agents
from parlour.kit.clock import rfc3339
from parlour.links import store as links
from parlour.notes import keeping, store
from parlour.notes.store import Note
from parlour.rights import Permission, Who
from parlour.tools import Tools
from parlour.web.api import asking
from parlour.web.api.asking import After, Limit, Page
from parlour.web.gates import key

_PATH: Final = "/api/notes"
_SEE: Final = {"gate": key(Permission.CONVERSATIONS_SEE)}
_ANSWER: Final = {"gate": key(Permission.CONVERSATIONS_ANSWER)}
Agent = Annotated[str | None, QueryParameter(description="Only those for the agent of this name.")]
Done = Annotated[
    bool | None, QueryParameter(description="Only those that were seen to, or only the others.")
]


class NoteShown(msgspec.Struct, frozen=True):
    """What somebody left at a link that was shut for them."""

    id: str
    agent_name: str | None
    link_id: str
    link_name: str | None
    wish: str
    """`link`: they ask for a new one; `message`: they tell the team something; `answer`: they want
    to be written to, because nobody came when they asked for a person."""
    reason: str
    """Why the link was shut: the code of the refusal; or `nobody_came`."""
    text: str
    contact: str
    """How to reach them, as they wrote it; empty when they did not say."""
    left_at: str
    done_at: str | None
    done_by: str | None
    conversation_id: str | None
    """Where they asked for a person who did not come."""
    masked: bool
    """Whether personal details are hidden from this key."""


class NoteDeleted(msgspec.Struct, frozen=True):
    """A note that is gone."""

    message: str
    note_id: str


async def shown(tools: Tools, who: Who, found: list[Note]) -> list[NoteShown]:
    """Show notes, with the names of what they are about."""
    named = await tools.db.read(agents.names, {each.agent_id for each in found})
    titles = await tools.db.read(links.titles, {each.link_id for each in found})
    return [
        NoteShown(
            id=each.id,
            agent_name=named.get(each.agent_id),
            link_id=each.link_id,
            link_name=transcripts.link_name(who, titles[each.link_id][0]),
            wish=each.wish.value,
            reason=each.why,
            text=each.text,
            contact=each.contact,
            left_at=rfc3339(each.left_at),
            done_at=None if each.done_at is None else rfc3339(each.done_at),
            done_by=each.done_by,
            conversation_id=each.conversation_id,
            masked=each.masked,
        )
        for each in found
    ]


@get(_PATH, opt=_SEE)
async def list_notes(
    tools: Tools,
    who: Who,
    agent: Agent = None,
    done: Done = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[NoteShown]:
    """List what visitors left, the latest first."""
    only = None
    if agent is not None:
        only = (await tools.db.read(agents.find, who.workspace_id, agent, who.agent_id)).id
    at, _, last = asking.place(after).partition(" ")
    if after is not None and not (at.isdigit() and len(at) < 19):
        raise asking.bad_cursor()
    before = (int(at), last) if after is not None else None
    found = await tools.db.browse(
        store.shown_to, who, limit=limit + 1, done=done, agent_id=only, before=before
    )
    kept, cursor = asking.page(found, limit, lambda each: f"{each.left_at} {each.id}")
    return Page(await shown(tools, who, kept), cursor)


@get(_PATH + "/{note_id:str}", opt=_SEE)
async def one_note(tools: Tools, who: Who, note_id: str) -> NoteShown:
    """Read one note."""
    return (await shown(tools, who, [await tools.db.read(store.find, who, note_id)]))[0]


@post(_PATH + "/{note_id:str}/done", opt=_ANSWER, status_code=200)
async def note_done(tools: Tools, who: Who, note_id: str) -> NoteShown:
    """Say that a note was seen to; the first who says so stays the one who did."""
    return (await shown(tools, who, [await keeping.see_to(tools, who, note_id, done=True)]))[0]


@post(_PATH + "/{note_id:str}/reopen", opt=_ANSWER, status_code=200)
async def note_reopened(tools: Tools, who: Who, note_id: str) -> NoteShown:
    """Say that a note was not seen to after all."""
    return (await shown(tools, who, [await keeping.see_to(tools, who, note_id, done=False)]))[0]


@delete(_PATH + "/{note_id:str}", opt=_ANSWER, status_code=200)
async def delete_note(tools: Tools, who: Who, note_id: str) -> NoteDeleted:
    """Delete a note for good, before its time."""
    await keeping.delete(tools, who, note_id)
    return NoteDeleted("the note has been deleted", note_id)


HANDLERS = [list_notes, one_note, note_done, note_reopened, delete_note]
