"""Who is acting, the roles people have, and what each role may do: one table, pure."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


class Role(StrEnum):
    """What a person or an API key is in a workspace."""

    OWNER = "owner"
    BUILDER = "builder"
    TEAM_LEAD = "team_lead"
    OPERATOR = "operator"
    ANALYST = "analyst"


class Permission(StrEnum):
    """`resource:action`, in alphabetical order; `see` is to read, `manage` to make and change.

    `share` is to give others a way into a conversation; who may, may answer there, too: nobody
    hands out more than they have. `reveal` is to ask for personal details with a reason, as far
    as the workspace lets the role, `forget` to erase for good.
    """

    AGENTS_MANAGE = "agents:manage"
    AGENTS_SEE = "agents:see"
    CONVERSATIONS_ALL = "conversations:all"
    """See the conversations of every team; without it people see those that their teams see."""
    CONVERSATIONS_ANSWER = "conversations:answer"
    CONVERSATIONS_FORGET = "conversations:forget"
    CONVERSATIONS_REVEAL = "conversations:reveal"
    CONVERSATIONS_SEE = "conversations:see"
    CONVERSATIONS_SHARE = "conversations:share"
    EVENTS_SEE = "events:see"
    KEYS_MANAGE = "keys:manage"
    LINKS_MANAGE = "links:manage"
    LINKS_SEE = "links:see"
    METRICS_SEE = "metrics:see"
    PEOPLE_MANAGE = "people:manage"
    PEOPLE_SEE = "people:see"
    PRIVACY_MANAGE = "privacy:manage"
    PRIVACY_SEE = "privacy:see"
    TEAMS_LEAD = "teams:lead"
    """Say who is in a team, and how it is told; without `TEAMS_MANAGE`, in one's own teams."""
    TEAMS_MANAGE = "teams:manage"
    TEAMS_SEE = "teams:see"
    WEBHOOKS_MANAGE = "webhooks:manage"
    WEBHOOKS_SEE = "webhooks:see"


_SEEING = frozenset(
    {
        Permission.AGENTS_SEE,
        Permission.LINKS_SEE,
        Permission.CONVERSATIONS_SEE,
        Permission.TEAMS_SEE,
    }
)
_ANSWERING = _SEEING | {
    Permission.CONVERSATIONS_ANSWER,
    Permission.CONVERSATIONS_REVEAL,
    Permission.CONVERSATIONS_SHARE,
}
_BUILDING = _ANSWERING | {
    Permission.AGENTS_MANAGE,
    Permission.LINKS_MANAGE,
    Permission.CONVERSATIONS_ALL,
}

MAY: dict[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    Role.BUILDER: _BUILDING,
    Role.TEAM_LEAD: _ANSWERING | {Permission.CONVERSATIONS_FORGET, Permission.TEAMS_LEAD},
    Role.OPERATOR: _ANSWERING,
    Role.ANALYST: _SEEING,
}


_ANALYTICS = frozenset({Permission.METRICS_SEE})
"""What a person may who was given analytics, whatever their role."""


_WIDER = frozenset(
    {
        Permission.EVENTS_SEE,
        Permission.KEYS_MANAGE,
        Permission.METRICS_SEE,
        Permission.PEOPLE_MANAGE,
        Permission.PEOPLE_SEE,
        Permission.PRIVACY_MANAGE,
        Permission.PRIVACY_SEE,
        Permission.TEAMS_LEAD,
        Permission.TEAMS_MANAGE,
        Permission.TEAMS_SEE,
        Permission.WEBHOOKS_MANAGE,
        Permission.WEBHOOKS_SEE,
    }
)
"""What reaches beyond any one agent, and so beyond a key that is for one agent alone."""


@dataclass(frozen=True, slots=True)
class Who:
    """The one who acts, as far as deciding and recording need it."""

    kind: Literal["key", "person", "host", "visitor", "guest", "system"]
    """An API key; a person in the studio; somebody at the host's command line; a visitor; whoever
    came by a share, by whose id they go; the house itself."""
    id: str
    name: str
    workspace_id: str
    role: Role | None = None
    agent_id: str | None = None
    """Set when only this one agent is in scope."""
    sees_personal: bool = False
    """Whether this one is shown the personal details of visitors; they are masked for others."""
    analytics: bool = False
    """Whether this one sees the figures of the server, whatever the role."""
    elsewhere: frozenset[str] = frozenset()
    """The agents that only other teams look after: what was said with these is not to be seen."""
    place: str = field(default="", compare=False)
    """The network address from where somebody of the staff, or their program, acts, for the record;
    empty at the command line, for whatever acts by itself, and always for visitors."""

    def sees(self, agent_id: str) -> bool:
        """Whether what was said with an agent is in this one's scope."""
        return self.agent_id in (None, agent_id) and agent_id not in self.elsewhere

    def may(self, permission: Permission) -> bool:
        """Whether this one may do what the permission says, within scope."""
        if self.agent_id is not None and permission in _WIDER:
            return False
        if self.analytics and permission in _ANALYTICS:
            return True
        return self.role is not None and permission in MAY[self.role]


def sees_personal(role: Role, *, view_personal: bool, analytics: bool) -> bool:
    """Whether a person is shown personal details: by that right, or as a lead with analytics."""
    return view_personal or (analytics and role is Role.TEAM_LEAD)


def host(workspace_id: str) -> Who:
    """Somebody at the command line: whoever can read the data folder is the owner."""
    return Who("host", "host", "command line", workspace_id, Role.OWNER, sees_personal=True)
