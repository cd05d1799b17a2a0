"""Who is acting, the roles people have, and what each role may do: one table, pure."""

from dataclasses import dataclass
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
    """`resource:action`, in alphabetical order; `see` is to read, `manage` to make and change."""

    AGENTS_MANAGE = "agents:manage"
    AGENTS_SEE = "agents:see"
    CONVERSATIONS_SEE = "conversations:see"
    EVENTS_SEE = "events:see"
    KEYS_MANAGE = "keys:manage"
    LINKS_MANAGE = "links:manage"
    LINKS_SEE = "links:see"
    METRICS_SEE = "metrics:see"
    PEOPLE_MANAGE = "people:manage"
    PEOPLE_SEE = "people:see"


_SEEING = frozenset({Permission.AGENTS_SEE, Permission.LINKS_SEE, Permission.CONVERSATIONS_SEE})
_BUILDING = _SEEING | {Permission.AGENTS_MANAGE, Permission.LINKS_MANAGE}

MAY: dict[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    Role.BUILDER: _BUILDING,
    Role.TEAM_LEAD: _SEEING,
    Role.OPERATOR: _SEEING,
    Role.ANALYST: _SEEING,
}


_WIDER = frozenset(
    {
        Permission.EVENTS_SEE,
        Permission.KEYS_MANAGE,
        Permission.METRICS_SEE,
        Permission.PEOPLE_MANAGE,
        Permission.PEOPLE_SEE,
    }
)
"""What reaches beyond any one agent, and so beyond a key that is for one agent alone."""


@dataclass(frozen=True, slots=True)
class Who:
    """The one who acts, as far as deciding and recording need it."""

    kind: Literal["key", "person", "host", "visitor", "system"]
    """An API key; a person in the studio; somebody at the host's command line; a visitor; the
    house itself."""
    id: str
    name: str
    workspace_id: str
    role: Role | None = None
    agent_id: str | None = None
    """Set when only this one agent is in scope."""
    sees_personal: bool = False
    """Whether this one is shown the personal details of visitors; they are masked for others."""

    def may(self, permission: Permission) -> bool:
        """Whether this one may do what the permission says, within scope."""
        if self.agent_id is not None and permission in _WIDER:
            return False
        return self.role is not None and permission in MAY[self.role]


def host(workspace_id: str) -> Who:
    """Somebody at the command line: whoever can read the data folder is the owner."""
    return Who("host", "host", "command line", workspace_id, Role.OWNER, sees_personal=True)
