"""Every kind of event that a webhook can be told of: when it happens, and what its details are."""

from dataclasses import dataclass
from typing import Final

from parlour.events import Kind


@dataclass(frozen=True, slots=True)
class Told:
    """What a kind of event tells."""

    when: str
    details: str = ""
    """The fields of `details`, separated by spaces."""


TOLD: Final[dict[Kind, Told]] = {
    Kind.CONVERSATION_STARTED: Told("A visitor said something for the first time."),
    Kind.MESSAGE_CREATED: Told(
        "A visitor, a guest or a person of the team said something.", "message"
    ),
    Kind.MESSAGE_EDITED: Told("A visitor said their last message in other words.", "message"),
    Kind.MESSAGE_REGENERATED: Told("A visitor asked for another answer.", "message turn"),
    Kind.MESSAGE_RATED: Told("A visitor rated an answer.", "message rating reasons"),
    Kind.TURN_ENDED: Told(
        "A reply of an agent has ended, however it did.", "turn state problem input output wait"
    ),
    Kind.CONVERSATION_CLOSED: Told("A visitor began anew: this conversation is over."),
    Kind.CONVERSATION_COMPLETED: Told("The team, or the agent, has done with it.", "reason turn"),
    Kind.CONVERSATION_REOPENED: Told("What the team had done with goes on."),
    Kind.CONVERSATION_READ: Told("One of the staff read it.", "masked form"),
    Kind.CONVERSATION_DOWNLOADED: Told("One of the staff took it away as a file.", "masked form"),
    Kind.CONVERSATION_REVEALED: Told(
        "One of the staff had personal details shown, with a reason.", "reason ends_at"
    ),
    Kind.CONVERSATION_HIDDEN: Told("Personal details are hidden again."),
    Kind.CONVERSATION_ERASED: Told("A conversation was forgotten: forget it, too.", "receipt"),
    Kind.VISITOR_VERIFIED: Told("A visitor proved who they are.", "proof notice memory"),
    Kind.VISITOR_CROSSED: Told("A visitor goes on in another browser, too."),
    Kind.VISITOR_SESSION_ENDED: Told(
        "A visitor is known in one browser no more.", "visitor_id device_id trace"
    ),
    Kind.MEMORY_UPDATED: Told(
        "What an agent remembers of a visitor was brought up to date.", "memory"
    ),
    Kind.MEMORY_DELETED: Told("What an agent remembered of a visitor was deleted.", "visitor"),
    Kind.VISITOR_ERASED: Told(
        "A visitor was forgotten with everything: forget them, too.",
        "visitor conversations messages receipt",
    ),
    Kind.HANDOFF_REQUESTED: Told("A person is asked for.", "handoff by"),
    Kind.HANDOFF_ESCALATED: Told("Nobody has seen to it yet.", "handoff"),
    Kind.HANDOFF_ACKNOWLEDGED: Told("Somebody of the team is coming.", "handoff"),
    Kind.HANDOFF_ENDED: Told("It is over.", "handoff outcome"),
    Kind.HOLD_TAKEN: Told("A person answers instead of the agent.", "from"),
    Kind.HOLD_HANDED_OVER: Told("Another person goes on.", "to person"),
    Kind.HOLD_RELEASED: Told("The agent goes on.", "by lapsed waits completed"),
    Kind.INTERNAL_NOTE_ADDED: Told("The team wrote itself a note.", "note"),
    Kind.INTERNAL_NOTE_DELETED: Told("Such a note was deleted.", "note"),
    Kind.SHARE_CREATED: Told("A conversation was shared.", "share mode show_personal expires_at"),
    Kind.SHARE_OPENED: Told("A guest opened a share.", "share mode reader"),
    Kind.SHARE_REVOKED: Told("A share was taken back.", "share mode show_personal expires_at"),
    Kind.NOTE_LEFT: Told("Somebody left a note at a shut door.", "note"),
    Kind.NOTE_DONE: Told("A note was seen to.", "note"),
    Kind.NOTE_REOPENED: Told("A note was opened again.", "note"),
    Kind.NOTE_DELETED: Told("A note was deleted.", "note"),
    Kind.LINK_CREATED: Told("A link was made."),
    Kind.LINK_CHANGED: Told("A link was changed, switched on or off.", "fields"),
    Kind.LINK_ROTATED: Told("A link has a new address.", "old_works_until old_address fields"),
    Kind.LINK_REVOKED: Told("A link was revoked."),
    Kind.LINK_EXHAUSTED: Told("A link has no uses left."),
    Kind.BUDGET_SPENT: Told("A budget of tokens is spent.", "of"),
    Kind.AGENT_CREATED: Told("An agent was made."),
    Kind.AGENT_CHANGED: Told("The draft of an agent was changed.", "fields"),
    Kind.AGENT_PUBLISHED: Told("Visitors get another version of an agent.", "version"),
    Kind.AGENT_ROLLED_BACK: Told("An earlier version of an agent was brought back.", "version"),
    Kind.AGENT_LIVE: Told("An agent answers again."),
    Kind.AGENT_OFFLINE: Told("An agent was taken offline."),
    Kind.SHARING_CHANGED: Told("Who may come to an agent was changed.", "fields"),
    Kind.AGENT_DELETED: Told("An agent was deleted."),
    Kind.DOCUMENT_UPLOADED: Told("A document was uploaded to an agent.", "name"),
    Kind.DOCUMENT_REMOVED: Told("A document of an agent was removed.", "name"),
    Kind.WIDGET_CREATED: Told("A widget was made.", "widget"),
    Kind.WIDGET_CHANGED: Told("A widget was changed.", "widget fields"),
    Kind.WIDGET_DELETED: Told("A widget was deleted.", "widget"),
    Kind.IDENTITY_KEY_CREATED: Told("An identity key was made.", "key algorithm"),
    Kind.IDENTITY_KEY_REVOKED: Told("An identity key was revoked.", "key"),
    Kind.KEY_CREATED: Told("An API key was made.", "key role view_personal"),
    Kind.KEY_REVOKED: Told("An API key was revoked.", "key"),
    Kind.PERSON_INVITED: Told("Somebody was invited.", "invitation role"),
    Kind.INVITATION_WITHDRAWN: Told("An invitation was withdrawn.", "invitation"),
    Kind.RETENTION_CHANGED: Told("It was changed for how long things are kept.", "days from"),
    Kind.RETENTION_SWEPT: Told(
        "What was too old to be kept was deleted.", "conversations messages visitors notes memories"
    ),
    Kind.BACKUP_RESTORED: Told(
        "A backup was restored: all is as it was when that was made.", "made_at"
    ),
    Kind.PERSON_JOINED: Told("Somebody is of the staff now.", "person role"),
    Kind.PERSON_CHANGED: Told(
        "Somebody's role, rights or name changed.", "person from role view_personal name"
    ),
    Kind.PERSON_MAILS_CHANGED: Told("Somebody gets other mails.", "person digest alerts"),
    Kind.PERSON_PASSWORD_CHANGED: Told("Somebody has another password.", "person"),
    Kind.PERSON_DISABLED: Told("Somebody was shut out.", "person"),
    Kind.PERSON_ENABLED: Told("Somebody was let in again.", "person"),
    Kind.SECOND_STEP_ON: Told("Somebody has a second step now.", "person"),
    Kind.SECOND_STEP_OFF: Told("Somebody has no second step any more.", "person"),
    Kind.RECOVERY_CODES_MADE: Told("Somebody made new recovery codes.", "person"),
    Kind.IDENTITY_BOUND: Told("Somebody came in by the provider for the first time.", "person"),
    Kind.IDENTITY_FORGOTTEN: Told("The provider's account of somebody was forgotten.", "person"),
    Kind.SESSION_STARTED: Told("Somebody signed in.", "session"),
    Kind.SESSION_REFUSED: Told("Somebody was refused after several wrong codes.", "person wrong"),
    Kind.SESSION_ENDED: Told("A session of somebody ended.", "person session sessions"),
    Kind.TEAM_CREATED: Told("A team was made.", "team name people agents"),
    Kind.TEAM_CHANGED: Told("A team was changed.", "team name people agents mails webhook"),
    Kind.TEAM_DELETED: Told("A team was deleted.", "team name people agents"),
    Kind.CANNED_CREATED: Told("A canned reply was made.", "shortcut canned_reply"),
    Kind.CANNED_CHANGED: Told("A canned reply was changed.", "shortcut canned_reply"),
    Kind.CANNED_DELETED: Told("A canned reply was deleted.", "shortcut canned_reply"),
    Kind.PRIVACY_CHANGED: Told("What is personal here was changed.", "patterns reveal"),
    Kind.METRICS_CHANGED: Told("How is counted was changed.", "zone currency priced"),
    Kind.WEBHOOK_CREATED: Told("A webhook was made.", "webhook name kinds"),
    Kind.WEBHOOK_CHANGED: Told("A webhook was changed.", "webhook name fields"),
    Kind.WEBHOOK_SECRET_ROTATED: Told("A webhook has a new secret.", "webhook name"),
    Kind.WEBHOOK_DISABLED: Told("A webhook was turned off because it failed.", "webhook name why"),
    Kind.WEBHOOK_REPLAYED: Told("A webhook is told again of something.", "webhook name deliveries"),
    Kind.WEBHOOK_DROPPED: Told("What waited for a webhook was dropped.", "webhook name deliveries"),
    Kind.WEBHOOK_DELETED: Told("A webhook was deleted.", "webhook name"),
}
"""In the order in which they are offered: what visitors and the team do, then the house."""

USUAL: Final = (
    Kind.CONVERSATION_STARTED,
    Kind.MESSAGE_CREATED,
    Kind.TURN_ENDED,
    Kind.HANDOFF_REQUESTED,
)
"""What most want to know of."""

GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "What is said": ("conversation", "message", "turn"),
    "Visitors": ("visitor", "memory", "note"),
    "The team": ("handoff", "hold", "internal_note", "share"),
    "Links and agents": ("link", "budget", "agent", "document", "widget", "identity_key"),
    "The house": ("key", "person", "invitation", "session", "team", "canned_reply", "privacy",
                  "retention", "backup", "metrics", "webhook"),
}  # fmt: skip
"""How they are put together on a page: by the first word of each."""


def grouped() -> dict[str, list[tuple[Kind, Told]]]:
    """Return every kind with what it tells, in its group."""
    found: dict[str, list[tuple[Kind, Told]]] = {name: [] for name in GROUPS}
    for kind, told in TOLD.items():
        first = kind.value.partition(".")[0]
        name = next((name for name, words in GROUPS.items() if first in words), "The house")
        found[name].append((kind, told))
    return found
