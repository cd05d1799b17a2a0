"""The history for programs: who did what, when, and to what."""

from typing import Annotated

from litestar import Response, get
from litestar.params import QueryParameter

from parlour import events
from parlour.rights import Permission, Who
from parlour.tools import Tools
from parlour.web.api import asking, moments
from parlour.web.api.asking import After, Limit, Page
from parlour.web.chronicle import EventShown, every, kept_as, shown
from parlour.web.gates import key

Actor = Annotated[
    str | None, QueryParameter(max_length=40, description="Only what this one did, by id.")
]
KindOf = Annotated[
    str | None, QueryParameter(max_length=60, description="Only events of this kind.")
]


Since = Annotated[
    str | None, QueryParameter(max_length=40, description="Only from this moment on, RFC 3339.")
]
Until = Annotated[
    str | None, QueryParameter(max_length=40, description="Only before this moment, RFC 3339.")
]


@get("/api/events", opt={"gate": key(Permission.EVENTS_SEE)})
async def list_events(
    tools: Tools,
    who: Who,
    limit: Limit = 50,
    after: After = None,
    actor_id: Actor = None,
    kind: KindOf = None,
    since: Since = None,
    until: Until = None,
) -> Page[EventShown]:
    """List what the staff and their programs did, newest first. Nothing here can be changed."""
    last = asking.place(after)
    if last and not (last.isdigit() and len(last) < 19):
        raise asking.bad_cursor()
    found = await tools.db.browse(
        events.by_staff,
        who.workspace_id,
        limit=limit + 1,
        before=int(last) if last else None,
        actor_id=actor_id,
        kinds=[kind] if kind is not None else (),
        since=moments.moment("since", since),
        until=moments.moment("until", until),
    )
    kept, cursor = asking.page(found, limit, lambda each: str(each.id))
    return Page(await shown(tools, who, kept), cursor)


@get("/api/events.csv", opt={"gate": key(Permission.EVENTS_SEE)})
async def events_as_csv(
    tools: Tools,
    who: Who,
    actor_id: Actor = None,
    kind: KindOf = None,
    since: Since = None,
    until: Until = None,
) -> Response[bytes]:
    """Take the history away as CSV, newest first: 50,000 lines at most."""
    found = await every(
        tools,
        who,
        actor_id=actor_id,
        kinds=[kind] if kind is not None else (),
        since=moments.moment("since", since),
        until=moments.moment("until", until),
    )
    return kept_as(found, "csv")


HANDLERS = [list_events, events_as_csv]
