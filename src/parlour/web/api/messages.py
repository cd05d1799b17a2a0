"""Message analysis for programs: messages found by words, what had no answer, saved views."""

from typing import Annotated, Final

import msgspec
from litestar import Response, delete, get, post
from litestar.params import QueryParameter

from parlour.insights import analysis, views
from parlour.insights.analysis import AUTHORS, LACKS, Hit
from parlour.insights.candidates import RATINGS, Wanted
from parlour.insights.views import View
from parlour.kit.clock import rfc3339
from parlour.links import address
from parlour.rights import Permission, Who
from parlour.tools import Tools
from parlour.web import counting, figures, sought
from parlour.web.api import asking
from parlour.web.api.asking import After, Limit, Page
from parlour.web.api.strict import Strict
from parlour.web.gates import Asked, key

_SEE: Final = {"gate": key(Permission.CONVERSATIONS_SEE)}
_PATH: Final = "/api/messages"
_VIEWS: Final = f"{_PATH}/views"
_FILTERS: Final = (
    *("q", "days", "first", "last", "agent", "author", "failed", "lack", "conversation", "visitor"),
    *("rating", "link_id"),
)

Q = Annotated[
    str | None,
    QueryParameter(max_length=200, description='Words as they may be written; "exactly this".'),
]
Author = Annotated[str | None, QueryParameter(description=f"One of {', '.join(AUTHORS)}.")]
Lack = Annotated[
    str | None,
    QueryParameter(description=f"Questions without an answer: any, or {', '.join(LACKS)}."),
]


Rating = Annotated[
    str | None,
    QueryParameter(description=f"Answers that were rated: any, or {', '.join(RATINGS)}."),
]


class HitShown(msgspec.Struct, frozen=True):
    """A message that was found."""

    id: str
    conversation_id: str
    seq: int
    author: str
    """`visitor`, `agent`, `operator` or `guest`."""
    author_name: str
    text: str
    state: str
    problem: str | None
    without_answer: str | None
    """What a question was left without: `failed`, `nothing` (no source was found), `person`."""
    rating: str | None
    """What the visitor made of an answer: `up` or `down`."""
    created_at: str
    agent_name: str
    link_id: str
    link_name: str | None
    chat_link: str
    """The conversation's address in the studio."""


class QuestionShown(msgspec.Struct, frozen=True):
    """Questions that are alike, and had no answer."""

    text: str
    count: int
    messages: list[HitShown]


class QuestionsShown(Page[QuestionShown], frozen=True):
    """Groups of questions without an answer."""

    since: str | None = None
    """Only what was asked since then is in these groups; null where nothing older is left."""


class NewView(Strict, frozen=True):
    """A view to be saved."""

    name: str
    query: str
    """The part of an address of the studio's messages behind its question mark."""


class ViewShown(msgspec.Struct, frozen=True):
    """A saved view of this key."""

    id: str
    name: str
    query: str
    created_at: str


class ViewDeleted(msgspec.Struct, frozen=True):
    """A view that is gone."""

    view_id: str


def shown(hit: Hit, base: str) -> HitShown:
    """Show a message that was found; `base`: the address of this instance."""
    each = hit.shown
    return HitShown(
        id=each.id,
        conversation_id=hit.conversation_id,
        seq=each.seq,
        author=each.author_kind,
        author_name=each.author_name,
        text=each.text,
        state=each.state.value,
        problem=each.problem,
        without_answer=hit.lack,
        rating=sought.rated(each.rating) or None,
        created_at=rfc3339(each.created_at),
        agent_name=hit.agent_name,
        link_id=hit.link_id,
        link_name=hit.link_name,
        chat_link=f"{base}/studio/conversations/{hit.conversation_id}",
    )


def grouped(found: analysis.Alike, base: str) -> QuestionsShown:
    """Show questions that are alike; `base`: the address of this instance."""
    below = found.below
    return QuestionsShown(
        [
            QuestionShown(each.text, len(each.hits), [shown(hit, base) for hit in each.hits])
            for each in found.groups
        ],
        None if below is None else asking.cursor(str(below)),
        None if below is None else rfc3339(analysis.said_at(below)),
    )


def _below(after: str | None) -> int | None:
    place = asking.place(after)
    if place and not (place.isdigit() and int(place) < 2**63):
        raise asking.bad_cursor()
    return int(place) if place else None


async def _wanted(request: Asked, tools: Tools, who: Who) -> Wanted:
    await counting.spared(request, tools, "searches")
    given = {name: request.query_params[name] for name in _FILTERS if name in request.query_params}
    given["link"] = given.pop("link_id", "")
    return (await sought.wanted(tools, who, given))[0]


@get(_PATH, opt=_SEE)
async def find_messages(
    request: Asked,
    tools: Tools,
    who: Who,
    q: Q = None,
    author: Author = None,
    lack: Lack = None,
    rating: Rating = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[HitShown]:
    """Find messages of the last 30 days, or of `days`, or from `first` to `last`, latest first.

    `agent`, `link_id`, `conversation`, `visitor` and `failed=1` narrow it. What is hidden from
    this key is not found. A search that has looked at much in vain ends before its page is full,
    and goes on from `next_cursor`.
    """
    del q, author, lack, rating
    before, wanted = _below(after), await _wanted(request, tools, who)
    found = await tools.db.browse(analysis.look, who, wanted, before=before, limit=limit + 1)
    kept, cursor = asking.page(found.hits, limit, lambda each: str(each.id))
    if cursor is None and found.below is not None:
        cursor = asking.cursor(str(found.below))
    base = address.home(tools, who.workspace_id)
    return Page([shown(each, base) for each in kept], cursor)


@get(f"{_PATH}.csv", opt=_SEE)
async def messages_csv(request: Asked, tools: Tools, who: Who) -> Response[bytes]:
    """Download the same as CSV, a message a line.

    A file has 10,000 at most, and is named after that when there are more.
    """
    found = await sought.every(tools, who, await _wanted(request, tools, who))
    content = sought.as_csv(found.hits, address.home(tools, who.workspace_id))
    return figures.file(content, sought.file_name(found), "text/csv")


@get(f"{_PATH}/questions", opt=_SEE)
async def list_questions(
    request: Asked, tools: Tools, who: Who, after: After = None
) -> QuestionsShown:
    """Group the latest questions without an answer, the most frequent first.

    Narrowed as messages are. Where there are many, or the search takes long, `since` says how far
    back the groups go; those asked before are grouped from `next_cursor`.
    """
    before, wanted = _below(after), await _wanted(request, tools, who)
    found = await tools.db.browse(
        analysis.questions, who, analysis.without_answer(wanted), before=before
    )
    return grouped(found, address.home(tools, who.workspace_id))


def _view(view: View) -> ViewShown:
    return ViewShown(view.id, view.name, view.query, rfc3339(view.created_at))


@get(_VIEWS, opt=_SEE)
async def list_views(tools: Tools, who: Who) -> list[ViewShown]:
    """List the saved views of this key."""
    return [_view(each) for each in await tools.db.read(views.of, who)]


@post(_VIEWS, opt=_SEE, status_code=201)
async def save_view(tools: Tools, who: Who, data: NewView) -> ViewShown:
    """Save a view."""
    return _view(await views.save(tools, who, data.name, data.query))


@delete(_VIEWS + "/{view_id:str}", opt=_SEE, status_code=200)
async def delete_view(tools: Tools, who: Who, view_id: str) -> ViewDeleted:
    """Delete a saved view of this key."""
    await views.delete(tools, who, view_id)
    return ViewDeleted(view_id)


HANDLERS = [find_messages, messages_csv, list_questions, list_views, save_view, delete_view]
