"""How an agent is shared, for programs: read the terms on which visitors come, change them."""

from typing import Annotated, Literal

import msgspec
from litestar import Response, get, put
from msgspec import UNSET, Meta, UnsetType

from parlour.agents import sharing
from parlour.agents.sharing import Language
from parlour.kit.hours import ALWAYS
from parlour.rights import Permission, Who
from parlour.tools import Tools
from parlour.web.api import asking, hours
from parlour.web.api.agents import find
from parlour.web.api.sharing_shapes import SharingShown, shown
from parlour.web.api.strict import Strict
from parlour.web.gates import Asked, key

Characters = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
Minutes = Annotated[int, msgspec.Meta(ge=1, le=sharing.LONGEST_USE)]


class SharingEdit(Strict, frozen=True):
    """What to change of the terms: absent stays; null is what the settings say."""

    mode: Literal["anyone", "private"] | UnsetType = UNSET
    verify: Literal["off", "required", "after"] | UnsetType = UNSET
    verify_after: Annotated[int, Meta(ge=1, le=100)] | UnsetType = UNSET
    emails: tuple[str, ...] | UnsetType = UNSET
    use_idle_minutes: Minutes | UnsetType = UNSET
    use_longest_minutes: Minutes | UnsetType = UNSET
    language: Language | UnsetType | None = UNSET
    words: dict[str, str] | UnsetType = UNSET
    """All of them: what is absent goes back to the house's sentence."""
    message_chars: Characters | UnsetType | None = UNSET
    rate_limit_per_minute: sharing.Rate | UnsetType | None = UNSET
    rate_limit_per_place: sharing.Rate | UnsetType | None = UNSET
    rate_limit_per_link: sharing.Rate | UnsetType | None = UNSET
    daily_token_limit: sharing.Tokens | UnsetType = UNSET
    daily_limit_by: Literal["identity", "session", "ip"] | UnsetType = UNSET
    budget_tokens: sharing.Tokens | UnsetType = UNSET
    budget_period: Literal["day", "month", "all"] | UnsetType = UNSET
    when_spent: str | UnsetType | None = UNSET
    turn_tokens: int | UnsetType | None = UNSET
    schedule: hours.ScheduleShown | UnsetType | None = UNSET
    """All of it; null opens at any hour."""
    seats: Annotated[int, Meta(ge=0, le=sharing.MOST_SEATS)] | UnsetType = UNSET
    seat_minutes: Annotated[int, Meta(ge=1, le=sharing.LONGEST_SEAT)] | UnsetType = UNSET
    asks_person: bool | UnsetType = UNSET
    memory: bool | UnsetType = UNSET
    voice: bool | UnsetType = UNSET
    files: tuple[Literal["image", "pdf", "text"], ...] | UnsetType = UNSET
    file_bytes: (
        Annotated[int, Meta(ge=sharing.SMALLEST_FILE, le=sharing.LARGEST_FILE)] | UnsetType
    ) = UNSET
    files_most: Annotated[int, Meta(ge=1, le=sharing.MOST_FILES)] | UnsetType = UNSET
    labels: dict[str, dict[str, str]] | UnsetType = UNSET
    """All of them: a tool that is absent has no name for visitors."""


@get("/api/agents/{name:str}/sharing", opt={"gate": key(Permission.LINKS_SEE)})
async def terms(tools: Tools, who: Who, name: str) -> Response[SharingShown]:
    """Read the terms on which visitors come to an agent."""
    found = await find(tools, who, name)
    return asking.tagged(shown(found, await sharing.terms(tools, found)), found.updated_at)


@put("/api/agents/{name:str}/sharing", opt={"gate": key(Permission.LINKS_MANAGE)})
async def change_terms(
    request: Asked, tools: Tools, who: Who, name: str, data: SharingEdit
) -> Response[SharingShown]:
    """Change the terms on which visitors come to an agent; they are in force at once."""
    found = await find(tools, who, name)
    given = {field: getattr(data, field) for field in data.__struct_fields__}
    wanted = {field: value for field, value in given.items() if value is not UNSET}
    if data.schedule is not UNSET:
        wanted["schedule"] = ALWAYS if data.schedule is None else hours.read(data.schedule)
    seen = asking.seen(request, found.updated_at)
    changed, now = await sharing.change(tools, who, found, wanted, seen)
    return asking.tagged(shown(changed, now), changed.updated_at)


HANDLERS = [terms, change_terms]
