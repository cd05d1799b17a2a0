"""What programs say of links: on which terms new ones are, and what to change of one."""

from typing import Any

from msgspec import UNSET, UnsetType

from parlour.links.keeping import Wish
from parlour.links.rules import Kind
from parlour.web.api import moments
from parlour.web.api.hours import ScheduleShown
from parlour.web.api.hours import read as read_hours
from parlour.web.api.strict import Strict


class Terms(Strict, frozen=True):
    """On which terms a new link is, of whatever kind."""

    hours: float | None = None
    expires_at: str | None = None
    welcome_message: str | None = None
    enabled: bool = True
    require_email: bool | None = None
    """Whether visitors confirm an e-mail address first; null leaves it to the agent."""
    emails: tuple[str, ...] | None = None
    """Whose addresses are good: addresses and `@domains`; null leaves it to the agent."""
    rate_limit_per_minute: int | None = None
    """Messages of one visitor in any minute; 0 is without a limit, null as the agent says."""
    daily_token_limit: int | None = None
    """Tokens of one visitor in a day, UTC; likewise."""
    budget_tokens: int | None = None
    """Tokens of all its visitors in a period; null is without a budget of its own."""
    budget_period: str | None = None
    """`day`, `month` (also null) or `all`, in UTC."""
    schedule: ScheduleShown | None = None
    """When it is open; null as the agent says."""
    seats: int = 0
    """How many visitors may talk at once by it; 0 is any number."""
    origins: tuple[str, ...] | None = None
    """The sites in whose pages its chat may stand, such as `https://www.example.org`; null leaves
    it to the widget."""
    title: str | None = None
    about: str | None = None
    """What messengers show of it, for everybody; null tells nothing."""

    def wish(self, kind: Kind, name: str | None, max_uses: int = 0) -> Wish:
        """Return the link that is meant; Invalid for a moment that is none."""
        said = {field: getattr(self, field) for field in Terms.__struct_fields__}
        said["expires_at"] = moments.moment("expires_at", self.expires_at)
        said["schedule"] = None if self.schedule is None else read_hours(self.schedule)
        return Wish(kind=kind, name=name, max_uses=max_uses, **said)


class Edit(Strict, frozen=True):
    """What to change of a link, of whatever kind: absent stays, null is cleared."""

    expires_at: str | UnsetType | None = UNSET
    welcome_message: str | UnsetType | None = UNSET
    enabled: bool | UnsetType = UNSET
    require_email: bool | UnsetType | None = UNSET
    emails: tuple[str, ...] | UnsetType | None = UNSET
    rate_limit_per_minute: int | UnsetType | None = UNSET
    daily_token_limit: int | UnsetType | None = UNSET
    budget_tokens: int | UnsetType | None = UNSET
    budget_period: str | UnsetType | None = UNSET
    schedule: ScheduleShown | UnsetType | None = UNSET
    """All of it; null leaves it to the agent again."""
    seats: int | UnsetType = UNSET
    origins: tuple[str, ...] | UnsetType | None = UNSET
    title: str | UnsetType | None = UNSET
    about: str | UnsetType | None = UNSET

    def wanted(self) -> dict[str, Any]:
        """Return what shall change; Invalid for a moment that is none."""
        given: dict[str, Any] = {field: getattr(self, field) for field in self.__struct_fields__}
        wanted = {field: value for field, value in given.items() if value is not UNSET}
        if "expires_at" in wanted:
            wanted["expires_at"] = moments.moment("expires_at", wanted["expires_at"])
        if isinstance(self.schedule, ScheduleShown):
            wanted["schedule"] = read_hours(self.schedule)
        return wanted
