"""The rail of the studio: the places it leads to, and which of them stand in the bar of phones."""

from dataclasses import dataclass
from typing import Final

from parlour.rights import Permission


@dataclass(frozen=True, slots=True)
class Entry:
    """A place that the rail leads to."""

    key: str
    path: str
    icon: str
    label: str
    permission: Permission | None = None
    group: str = ""
    """What it stands under in the rail; places of one group stand together."""
    tab: bool = False
    """Whether it has a place in the bar of phones when there is not room for all."""
    letter: str = ""
    """What goes there after `g`, if it is not the first letter of the key."""

    @property
    def goes(self) -> str:
        """The letter that goes there."""
        return self.letter or self.key[0]


BUILD, BACK, HOUSE = "Build", "Look back", "House"

ENTRIES: Final = (
    Entry("home", "/studio", "home", "Home", Permission.AGENTS_SEE, tab=True),
    Entry(
        "desk",
        "/studio/desk",
        "desk",
        "Desk",
        Permission.CONVERSATIONS_ANSWER,
        tab=True,
    ),
    Entry("agents", "/studio/agents", "agent", "Agents", Permission.AGENTS_SEE, BUILD, tab=True),
    Entry("widgets", "/studio/widgets", "widget", "Widgets", Permission.LINKS_SEE, BUILD),
    Entry("links", "/studio/links", "link", "Links", Permission.LINKS_SEE, BUILD, tab=True),
    Entry(
        "conversations",
        "/studio/conversations",
        "talk",
        "Conversations",
        Permission.CONVERSATIONS_SEE,
        BACK,
        tab=True,
    ),
    Entry(
        "notes", "/studio/notes", "mail", "Notes", Permission.CONVERSATIONS_SEE, BACK, letter="m"
    ),
    Entry(
        "messages",
        "/studio/messages",
        "search",
        "Messages",
        Permission.CONVERSATIONS_SEE,
        BACK,
        letter="e",
    ),
    Entry(
        "metrics",
        "/studio/metrics",
        "chart",
        "Metrics",
        Permission.CONVERSATIONS_SEE,
        BACK,
        letter="i",
    ),
    Entry("sessions", "/studio/sessions", "table", "Logs", Permission.CONVERSATIONS_SEE, BACK),
    Entry("teams", "/studio/teams", "team", "Teams", Permission.TEAMS_SEE, HOUSE),
    Entry("people", "/studio/people", "people", "People", Permission.PEOPLE_SEE, HOUSE),
    Entry(
        "privacy",
        "/studio/privacy",
        "masked",
        "Privacy",
        Permission.PRIVACY_SEE,
        HOUSE,
        letter="v",
    ),
    Entry("keys", "/studio/keys", "key", "API keys", Permission.KEYS_MANAGE, HOUSE),
    Entry(
        "webhooks",
        "/studio/webhooks",
        "branch",
        "Webhooks",
        Permission.WEBHOOKS_SEE,
        HOUSE,
        letter="b",
    ),
    Entry("retention", "/studio/retention", "calendar", "Retention", Permission.PRIVACY_SEE, HOUSE),
    Entry(
        "history", "/studio/history", "clock", "History", Permission.EVENTS_SEE, HOUSE, letter="y"
    ),
)

PATHS: Final = {entry.key: entry.path for entry in ENTRIES}
"""Where each of them is, by its key."""

_TABS: Final = 5
"""Places in the bar of phones, with one's own account."""


def in_bar(entries: list[Entry]) -> list[Entry]:
    """Choose what stands in the bar of phones; the rest stands behind More."""
    if len(entries) < _TABS:
        return entries
    return [entry for entry in entries if entry.tab][: _TABS - 1]
