"""The history in the studio: who did what, when, and to what, newest first."""

from dataclasses import dataclass
from typing import Annotated, Any, Final

from litestar import Response, get
from litestar.params import QueryParameter

from parlour import events, staff
from parlour.agents import store as agents
from parlour.events import Entry, Kind
from parlour.kit.clock import Moment
from parlour.rights import Permission
from parlour.staff import store
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web.gates import Asked, person
from parlour.web.studio import shell

_AT_ONCE: Final = 50

Actor = Annotated[str, QueryParameter(max_length=40, description="Only what this one did.")]
Before = Annotated[int, QueryParameter(ge=0, lt=2**62, description="Only what came before it.")]

_SAID: Final[dict[str, str]] = {
    Kind.AGENT_CREATED: "made the agent",
    Kind.AGENT_CHANGED: "changed the agent",
    Kind.AGENT_PUBLISHED: "published the agent",
    Kind.AGENT_ROLLED_BACK: "brought back a version of the agent",
    Kind.AGENT_LIVE: "put live the agent",
    Kind.AGENT_OFFLINE: "took offline the agent",
    Kind.AGENT_DELETED: "deleted the agent",
    Kind.DOCUMENT_UPLOADED: "uploaded a document to the agent",
    Kind.DOCUMENT_REMOVED: "removed a document from the agent",
    Kind.KEY_CREATED: "made the API key",
    Kind.KEY_REVOKED: "revoked the API key",
    Kind.PERSON_INVITED: "invited somebody",
    Kind.INVITATION_WITHDRAWN: "withdrew an invitation",
    Kind.PERSON_JOINED: "let in",
    Kind.PERSON_CHANGED: "changed the account of",
    Kind.PERSON_PASSWORD_CHANGED: "changed the password of",
    Kind.PERSON_DISABLED: "shut out",
    Kind.PERSON_ENABLED: "let in again",
    Kind.SECOND_STEP_ON: "turned on a second step",
    Kind.SECOND_STEP_OFF: "turned off the second step of",
    Kind.RECOVERY_CODES_MADE: "made new recovery codes",
    Kind.SESSION_REFUSED: "was refused after several wrong codes",
    Kind.IDENTITY_BOUND: "came in by the provider for the first time",
    Kind.IDENTITY_FORGOTTEN: "forgot the provider’s account of",
    Kind.SESSION_STARTED: "signed in",
    Kind.SESSION_ENDED: "ended a session of",
    Kind.LINK_CREATED: "made a link to",
    Kind.LINK_CHANGED: "changed a link to",
    Kind.LINK_REVOKED: "revoked a link to",
    Kind.CONVERSATION_READ: "read a conversation with",
    Kind.WIDGET_CREATED: "made a widget of",
    Kind.WIDGET_CHANGED: "changed a widget of",
    Kind.WIDGET_DELETED: "deleted a widget of",
}
"""What is said of each kind; one that is not here is told by its own name."""
_OWN: Final[dict[str, str]] = {
    Kind.PERSON_JOINED: "joined",
    Kind.PERSON_CHANGED: "changed their own account",
    Kind.PERSON_PASSWORD_CHANGED: "changed their own password",
    Kind.SECOND_STEP_OFF: "turned off their second step",
    Kind.SESSION_ENDED: "signed out",
}
"""The same where somebody did it to themselves."""


@dataclass(frozen=True, slots=True)
class Line:
    """One event in words."""

    at: Moment
    kind: str
    actor_id: str
    who: str
    program: bool
    said: str
    of: str
    """The name of what it was done to; empty when the words say it all."""
    role: str


@get("/studio/history", opt={"gate": person(Permission.EVENTS_SEE)})
async def history(
    request: Asked, tools: Tools, seat: Seat, by: Actor = "", before: Before = 0
) -> Response[Any]:
    """Show what the staff and their programs did."""
    workspace = seat.person.workspace_id
    found = await tools.db.browse(
        events.by_staff,
        workspace,
        limit=_AT_ONCE + 1,
        before=before or None,
        actor_id=by or None,
    )
    more, found = len(found) > _AT_ONCE, found[:_AT_ONCE]
    return shell.inside(
        request,
        seat,
        "studio/history.html",
        "history",
        lines=await _lines(tools, found),
        everybody=await tools.db.read(store.every_person, workspace),
        keys=await tools.db.read(staff.every_key, workspace),
        by=by,
        first=not before,
        older=found[-1].id if more else None,
        kept=tools.settings.event_days,
    )


async def _lines(tools: Tools, found: list[Entry]) -> list[Line]:
    ids = {each.actor_id for each in found} | {_object_id(each) for each in found}
    names = await tools.db.read(staff.names, ids)
    named = await tools.db.read(agents.names, {each.agent_id for each in found if each.agent_id})
    return [_line(each, names, named) for each in found]


def _line(entry: Entry, names: dict[str, str], agents_named: dict[str, str]) -> Line:
    of_id = _object_id(entry)
    own = entry.kind in _OWN and of_id in {"", entry.actor_id}
    plain = entry.kind.replace(".", " ").replace("_", " ")
    of = names.get(of_id, "") or agents_named.get(entry.agent_id or "", "")
    return Line(
        at=entry.at,
        kind=entry.kind,
        actor_id=entry.actor_id,
        who=names.get(entry.actor_id, "The command line"),
        program=entry.actor_kind == "key",
        said=_OWN[entry.kind] if own else _SAID.get(entry.kind, plain),
        of="" if own or of_id == entry.actor_id else of,
        role=str(entry.data.get("role", "")),
    )


def _object_id(entry: Entry) -> str:
    return str(entry.data.get("person") or entry.data.get("key") or "")


HANDLERS = [history]
