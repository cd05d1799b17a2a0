"""The history in the studio: who did what, when, and to what, newest first."""

from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from litestar import Response, get
from litestar.params import QueryParameter

from parlour import events, privacy, staff, transcripts
from parlour.agents import store as agents
from parlour.events import Entry, Kind
from parlour.kit.clock import DAY, Moment
from parlour.links.store import titles
from parlour.privacy import Hide
from parlour.rights import Permission, Who
from parlour.staff import store
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web.chronicle import every, kept_as
from parlour.web.gates import Asked, person
from parlour.web.studio import shell

_AT_ONCE: Final = 50

Actor = Annotated[str, QueryParameter(max_length=40, description="Only what this one did.")]
About = Annotated[str, QueryParameter(max_length=20, description="Only what is about these.")]
Days = Annotated[str, QueryParameter(max_length=4, description="Only of so many days.")]
Form = Annotated[str, QueryParameter(max_length=4, description="`csv` or `json`.")]
Before = Annotated[int, QueryParameter(ge=0, lt=2**62, description="Only what came before it.")]

GROUPS: Final = {
    "talks": ("Conversations and visitors", ("conversation", "visitor", "hold", "handoff", "share",
                                             "internal_note", "note")),
    "agents": ("Agents, links, widgets", ("agent", "document", "link", "widget", "identity_key")),
    "people": ("People and sign-ins", ("person", "invitation", "session", "team")),
    "house": ("Keys, webhooks, privacy", ("key", "webhook", "privacy", "canned_reply")),
}  # fmt: skip
"""What the history can be narrowed to: by the first words of the kinds."""
PERIODS: Final = {"": "All that is kept", "1": "A day", "7": "7 days", "30": "30 days"}

_SAID: Final[dict[str, str]] = {
    Kind.AGENT_CREATED: "made the agent",
    Kind.AGENT_CHANGED: "changed the agent",
    Kind.AGENT_PUBLISHED: "published the agent",
    Kind.AGENT_ROLLED_BACK: "brought back a version of the agent",
    Kind.AGENT_LIVE: "put live the agent",
    Kind.AGENT_OFFLINE: "took offline the agent",
    Kind.SHARING_CHANGED: "changed who may come to the agent",
    Kind.AGENT_DELETED: "deleted the agent",
    Kind.DOCUMENT_UPLOADED: "uploaded a document to the agent",
    Kind.DOCUMENT_REMOVED: "removed a document from the agent",
    Kind.KEY_CREATED: "made the API key",
    Kind.KEY_REVOKED: "revoked the API key",
    Kind.PERSON_INVITED: "invited somebody",
    Kind.INVITATION_WITHDRAWN: "withdrew an invitation",
    Kind.PERSON_JOINED: "let in",
    Kind.PERSON_CHANGED: "changed the account of",
    Kind.PERSON_MAILS_CHANGED: "changed which mails come to",
    Kind.PERSON_PASSWORD_CHANGED: "changed the password of",
    Kind.PERSON_DISABLED: "shut out",
    Kind.PERSON_ENABLED: "let in again",
    Kind.TEAM_CREATED: "made a team",
    Kind.TEAM_CHANGED: "changed a team",
    Kind.TEAM_DELETED: "deleted a team",
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
    Kind.VISITOR_SESSION_ENDED: "ended a visitor’s session with",
    Kind.LINK_ROTATED: "gave a new address to a link to",
    Kind.LINK_REVOKED: "revoked a link to",
    Kind.SHARE_CREATED: "shared a conversation with",
    Kind.SHARE_REVOKED: "took back a share of a conversation with",
    Kind.HOLD_TAKEN: "took over a conversation with",
    Kind.INTERNAL_NOTE_ADDED: "wrote an internal note on a conversation with",
    Kind.INTERNAL_NOTE_DELETED: "deleted their internal note on a conversation with",
    Kind.CANNED_CREATED: "made the canned reply",
    Kind.CANNED_CHANGED: "changed the canned reply",
    Kind.CANNED_DELETED: "deleted the canned reply",
    Kind.HOLD_HANDED_OVER: "handed a conversation to",
    Kind.CONVERSATION_COMPLETED: "completed a conversation with",
    Kind.CONVERSATION_REOPENED: "opened again a conversation with",
    Kind.HANDOFF_ESCALATED: "called more of the team to a conversation with",
    Kind.HANDOFF_ACKNOWLEDGED: "is coming to a conversation with",
    Kind.HANDOFF_ENDED: "sent away who had been asked to a conversation with",
    Kind.HOLD_RELEASED: "handed back a conversation with",
    Kind.CONVERSATION_READ: "read a conversation with",
    Kind.CONVERSATION_DOWNLOADED: "downloaded a conversation with",
    Kind.CONVERSATION_ERASED: "forgot a conversation with",
    Kind.VISITOR_ERASED: "forgot a visitor of",
    Kind.MEMORY_UPDATED: "noted what to remember of a visitor by",
    Kind.MEMORY_DELETED: "deleted what was remembered of a visitor by",
    Kind.CONVERSATION_REVEALED: "had personal details shown in a conversation with",
    Kind.CONVERSATION_HIDDEN: "hid personal details again in a conversation with",
    Kind.PRIVACY_CHANGED: "changed what is personal here",
    Kind.METRICS_CHANGED: "changed how is counted here",
    Kind.NOTE_DONE: "saw to a note for",
    Kind.NOTE_REOPENED: "opened again a note for",
    Kind.NOTE_DELETED: "deleted a note for",
    Kind.WIDGET_CREATED: "made a widget of",
    Kind.WIDGET_CHANGED: "changed a widget of",
    Kind.WIDGET_DELETED: "deleted a widget of",
    Kind.IDENTITY_KEY_CREATED: "made an identity key for",
    Kind.IDENTITY_KEY_REVOKED: "revoked an identity key of",
    Kind.LINK_EXHAUSTED: "used up a link to",
    Kind.BUDGET_SPENT: "spent the budget of",
    Kind.NOTE_LEFT: "left a note for",
    Kind.VISITOR_CROSSED: "went on in another browser with",
    Kind.VISITOR_VERIFIED: "confirmed an e-mail address for",
    Kind.CONVERSATION_STARTED: "began a conversation with",
    Kind.CONVERSATION_CLOSED: "ended a conversation with",
    Kind.HANDOFF_REQUESTED: "asked for a person in a conversation with",
    Kind.SHARE_OPENED: "opened a share of a conversation with",
    Kind.WEBHOOK_CREATED: "made the webhook",
    Kind.WEBHOOK_CHANGED: "changed the webhook",
    Kind.WEBHOOK_SECRET_ROTATED: "gave a new secret to the webhook",
    Kind.WEBHOOK_DISABLED: "turned off the webhook",
    Kind.WEBHOOK_REPLAYED: "had events sent again to the webhook",
    Kind.WEBHOOK_DROPPED: "dropped what waited for the webhook",
    Kind.WEBHOOK_DELETED: "deleted the webhook",
    Kind.MESSAGE_CREATED: "said something to",
    Kind.MESSAGE_EDITED: "said otherwise what had been said to",
    Kind.MESSAGE_REGENERATED: "asked again for an answer of",
    Kind.MESSAGE_RATED: "rated an answer of",
    Kind.TURN_ENDED: "had an answer from",
    Kind.BACKUP_RESTORED: "restored a backup",
    Kind.RETENTION_CHANGED: "changed for how long is kept what is said here",
    Kind.RETENTION_SWEPT: "deleted what was too old to be kept",
}
"""What is said of each kind; one of a later program is told by its own name."""
_OWN: Final[dict[str, str]] = {
    Kind.PERSON_JOINED: "joined",
    Kind.PERSON_CHANGED: "changed their own account",
    Kind.PERSON_MAILS_CHANGED: "changed which mails they get",
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
    place: str
    """From where, where that is known."""
    why: str
    """The reason that they gave, as whoever looks may read it."""


@get("/studio/history", opt={"gate": person(Permission.EVENTS_SEE)})
async def history(
    request: Asked,
    tools: Tools,
    seat: Seat,
    by: Actor = "",
    about: About = "",
    days: Days = "",
    before: Before = 0,
) -> Response[Any]:
    """Show what the staff and their programs did."""
    workspace = seat.person.workspace_id
    found = await tools.db.browse(
        events.by_staff,
        workspace,
        limit=_AT_ONCE + 1,
        before=before or None,
        **_wanted(tools, by, about, days),
    )
    more, found = len(found) > _AT_ONCE, found[:_AT_ONCE]
    return shell.inside(
        request,
        seat,
        "studio/history.html",
        "history",
        lines=await _lines(tools, seat.who, found),
        everybody=await tools.db.read(store.every_person, workspace),
        keys=await tools.db.read(staff.every_key, workspace),
        by=by,
        about=about if about in GROUPS else "",
        days=days if days in PERIODS else "",
        groups_of=GROUPS,
        periods=PERIODS,
        sieve=urlencode({"by": by, "about": about, "days": days}),
        first=not before,
        older=found[-1].id if more else None,
        kept=tools.settings.event_days,
    )


@get("/studio/history/export", opt={"gate": person(Permission.EVENTS_SEE)})
async def export(
    tools: Tools,
    seat: Seat,
    by: Actor = "",
    about: About = "",
    days: Days = "",
    form: Form = "csv",
) -> Response[bytes]:
    """Take away what the page shows, all pages of it, as CSV or JSON."""
    found = await every(tools, seat.who, **_wanted(tools, by, about, days))
    return kept_as(found, "json" if form == "json" else "csv")


def _wanted(tools: Tools, by: str, about: str, days: str) -> dict[str, Any]:
    """Read the filters of the page; what is none of them filters nothing."""
    words = GROUPS[about][1] if about in GROUPS else ()
    since = tools.clock.now() - int(days) * DAY if days in PERIODS and days else None
    return {
        "actor_id": by or None,
        "kinds": [kind.value for kind in Kind if kind.value.partition(".")[0] in words],
        "since": since,
    }


async def _lines(tools: Tools, who: Who, found: list[Entry]) -> list[Line]:
    ids = {each.actor_id for each in found} | {_object_id(each) for each in found}
    names = await tools.db.read(staff.names, ids)
    named = await tools.db.read(agents.names, {each.agent_id for each in found if each.agent_id})
    hide = await tools.db.read(privacy.hiding, who)
    links = await tools.db.read(titles, {each.link_id for each in found if each.link_id})
    called = {link_id: transcripts.link_name(who, name) for link_id, (name, _) in links.items()}
    return [_line(each, names, named, called, hide) for each in found]


def said_of(kind: str, link: str | None = None) -> str:
    """Say what was done, up to what it was done to; `link` is the name of the link it was about."""
    said = _SAID.get(kind, kind.replace(".", " ").replace("_", " "))
    # Set apart, so that a name in another direction turns nothing around it.
    return said.replace("a link", f"the link “\u2068{link}\u2069”") if link else said


def _line(
    entry: Entry,
    names: dict[str, str],
    agents_named: dict[str, str],
    links: dict[str, str | None],
    hide: Hide,
) -> Line:
    of_id = _object_id(entry)
    own = entry.kind in _OWN and of_id in {"", entry.actor_id}
    of = names.get(of_id, "") or agents_named.get(entry.agent_id or "", "")
    of = of or str(
        entry.data.get("shortcut", "")
        or (entry.data.get("webhook") and entry.data.get("name", ""))
        or ""
    )
    return Line(
        at=entry.at,
        kind=entry.kind,
        actor_id=entry.actor_id,
        who=names.get(entry.actor_id, "The command line"),
        program=entry.actor_kind == "key",
        said=_OWN[entry.kind] if own else said_of(entry.kind, links.get(entry.link_id or "")),
        of="" if own or of_id == entry.actor_id else of,
        role=str(entry.data.get("role", "")),
        place=entry.place or "",
        why=hide(str(entry.data.get("reason", ""))),
    )


def _object_id(entry: Entry) -> str:
    return str(entry.data.get("person") or entry.data.get("key") or "")


HANDLERS = [history, export]
