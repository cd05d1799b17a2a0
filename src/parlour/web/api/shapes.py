"""The forms in which programs send and get things: field by field, unknown fields refused."""

import math
import re
from datetime import datetime
from typing import Any, Final

import msgspec

from parlour.agents import keeping
from parlour.agents.model import Agent, Version
from parlour.kit.clock import Moment, moment_of, rfc3339
from parlour.kit.errors import FieldError, Invalid
from parlour.links import telling
from parlour.links.store import Link
from parlour.staff import ApiKey
from parlour.widgets.inks import Ink, ink
from parlour.widgets.model import Widget

_TIME: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)\Z", re.ASCII
)
"""RFC 3339; Python's own reader takes more than programs agree on."""


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A body that a program sends: what it does not know of is refused, not ignored."""


class AgentShown(msgspec.Struct, frozen=True):
    """An agent as programs see it."""

    id: str
    name: str
    backend: str
    display_name: str
    description: str
    welcome_message: str
    starters: list[str]
    placeholder: str
    live: bool
    published: int | None
    """The number of the version visitors get; null before the first publishing."""
    config: dict[str, Any] | None
    """How the backend is set up, without secrets; null for who may not manage agents."""
    created_at: str
    updated_at: str
    updated_by: str
    """Who changed it last; empty when that was not noted."""


class AgentMade(AgentShown, frozen=True):
    """An agent just made or edited, with the secrets that this made."""

    secrets: dict[str, str]
    """Shown this once and never again, such as the secret of a webhook."""


class VersionShown(msgspec.Struct, frozen=True):
    """A published version of an agent."""

    number: int
    published_at: str
    published_by: str
    """Who published it; empty when that was not noted."""
    restored_from: int | None
    """The earlier version that it brought back."""
    backend: str
    display_name: str
    description: str
    welcome_message: str
    starters: list[str]
    placeholder: str
    config: dict[str, Any] | None


class UsageStats(msgspec.Struct, frozen=True):
    """What has come through a link."""

    total_messages: int = 0
    unique_users: int = 0
    unique_ips: None = None
    """Always null: addresses of visitors are not kept."""
    last_used_at: str | None = None


class LinkShown(msgspec.Struct, frozen=True):
    """A link as programs see it."""

    id: str
    agent_name: str
    kind: str
    token: str | None
    """What opens the link; null for who may not manage links."""
    url: str | None
    """The address to give to visitors; null for who may not manage links."""
    name: str | None
    enabled: bool
    require_email: bool
    expires_at: str | None
    welcome_message: str | None
    widget_id: str | None
    """The widget that says how its agent looks; null for the agent's own look."""
    state: str
    """`live`, `off`, `ended`, `not_published` or `offline`: the first that keeps people out."""
    state_words: str
    who_can_open: str
    summary: str
    """Its policy as a sentence, with times in UTC."""
    uses: int
    """How many visitors have come by it."""
    created_at: str
    created_by: str
    updated_at: str
    updated_by: str | None
    usage_stats: UsageStats


class Contrast(msgspec.Struct, frozen=True):
    """How an accent stands out where it is shown; 4.5 is needed, and reached by nudging."""

    light: float
    dark: float
    shown_light: str
    shown_dark: str
    """What visitors see of it, in each theme."""
    nudged: bool
    """The colour that was asked for could not be read, and the light theme shows another."""


class WidgetShown(msgspec.Struct, frozen=True):
    """A widget as programs see it."""

    id: str
    agent_name: str
    name: str
    title: str | None
    """The agent's name as visitors read it; null for the agent's own."""
    welcome_message: str | None
    accent: str | None
    """Such as `#1c4a63`; null for the house's ink."""
    contrast: Contrast | None
    is_first: bool
    """Every agent has one from the start, which stays as long as its agent."""
    created_at: str | None
    created_by: str | None
    updated_at: str | None
    updated_by: str | None
    """All four are null of a first widget that nobody has changed."""


class KeyShown(msgspec.Struct, frozen=True):
    """An API key as programs see it: without the key."""

    id: str
    name: str
    role: str
    agent_name: str | None
    """The only agent in scope; null when all are."""
    view_personal: bool
    """Whether the personal details of visitors are told to it; they are masked otherwise."""
    created_at: str
    last_used_at: str | None
    expires_at: str | None
    """From when on it is refused; null when it has no end."""


class KeyMade(KeyShown, frozen=True):
    """An API key just made."""

    key: str
    """The key itself, shown this once and never again."""


class Skipped(msgspec.Struct, frozen=True):
    """A file that could not be read, and why."""

    path: str
    reason: str


class IndexShown(msgspec.Struct, frozen=True):
    """How far an agent's documents have been read."""

    state: str
    """`none` before the first time, `indexing`, `ready` or `failed`."""
    done: int = 0
    total: int = 0
    current: str = ""
    """The file at hand."""
    documents: int = 0
    passages: int = 0
    skipped: list[Skipped] = []
    error: str = ""
    started_at: str | None = None
    at: str | None = None
    """When it last got on."""


Usage = tuple[int, int, Moment]
"""Messages, visitors, and when a link was last used."""


def _texts(agent: Agent | Version) -> dict[str, Any]:
    content = agent.draft if isinstance(agent, Agent) else agent.content
    return {
        "backend": content.backend,
        "display_name": content.display_name,
        "description": content.description,
        "welcome_message": content.welcome_message,
        "starters": list(content.starters),
        "placeholder": content.placeholder,
    }


def _agent(agent: Agent, *, manages: bool) -> dict[str, Any]:
    return {
        "id": agent.id,
        "name": agent.name,
        "live": agent.live,
        "published": agent.published,
        "config": keeping.shown_config(agent.draft) if manages else None,
        "created_at": rfc3339(agent.created_at),
        "updated_at": rfc3339(agent.updated_at),
        "updated_by": agent.updated_by,
        **_texts(agent),
    }


def agent(found: Agent, *, manages: bool) -> AgentShown:
    """Show an agent's draft, and whether visitors can reach it."""
    return AgentShown(**_agent(found, manages=manages))


def agent_made(made: keeping.Made) -> AgentMade:
    """Show an agent with its new secrets to whoever made or changed it."""
    return AgentMade(**_agent(made.agent, manages=True), secrets=made.secrets)


def version(found: Version, *, manages: bool) -> VersionShown:
    """Show a published version."""
    return VersionShown(
        number=found.number,
        published_at=rfc3339(found.published_at),
        published_by=found.published_by,
        restored_from=found.restored_from,
        config=keeping.shown_config(found.content) if manages else None,
        **_texts(found),
    )


def link(
    found: Link,
    agent: Agent,
    now: Moment,
    opens: tuple[str, str] | None,
    usage: Usage | None = None,
) -> LinkShown:
    """Show a link; `opens` is its token and address, for who may know them."""
    token, url = opens or (None, None)
    stats = UsageStats()
    if usage is not None:
        messages, visitors, last = usage
        stats = UsageStats(messages, visitors, None, rfc3339(last))
    policy = found.policy(published=agent.published is not None, live=agent.live)
    state = telling.state(policy, now)
    return LinkShown(
        id=found.id,
        agent_name=agent.name,
        kind=found.kind.word,
        token=token,
        url=url,
        name=found.name,
        enabled=found.enabled,
        require_email=False,
        expires_at=written(found.expires_at),
        welcome_message=found.welcome_message,
        widget_id=found.widget_id,
        state=state.code,
        state_words=state.words,
        who_can_open=telling.WHO,
        summary=telling.plain(telling.sentence(policy, now)),
        uses=found.uses,
        created_at=rfc3339(found.created_at),
        created_by=found.created_by,
        updated_at=rfc3339(found.updated_at),
        updated_by=found.updated_by,
        usage_stats=stats,
    )


def widget(found: Widget, agent_name: str) -> WidgetShown:
    """Show a widget, and how well its accent can be read."""
    made = None if found.accent is None else ink(found.accent)
    return WidgetShown(
        id=found.id,
        agent_name=agent_name,
        name=found.name,
        title=found.title,
        welcome_message=found.welcome_message,
        accent=None if found.accent is None else f"#{found.accent}",
        contrast=None if made is None else contrast(made),
        is_first=found.is_first,
        created_at=written(found.created_at or None),
        created_by=found.created_by or None,
        updated_at=written(found.updated_at or None),
        updated_by=found.updated_by or None,
    )


def contrast(made: Ink) -> Contrast:
    """Show how an accent stands out; numbers are rounded down, never up to what they are not."""
    return Contrast(
        light=math.floor(made.contrast_light * 10) / 10,
        dark=math.floor(made.contrast_dark * 10) / 10,
        shown_light=f"#{made.light}",
        shown_dark=f"#{made.dark}",
        nudged=made.nudged,
    )


def _key(found: ApiKey, agent_name: str | None) -> dict[str, Any]:
    return {
        "id": found.id,
        "name": found.name,
        "role": found.role.value,
        "agent_name": agent_name,
        "view_personal": found.view_personal,
        "created_at": rfc3339(found.created_at),
        "last_used_at": written(found.last_used_at),
        "expires_at": written(found.expires_at),
    }


def key(found: ApiKey, agent_name: str | None) -> KeyShown:
    """Show an API key without its secret."""
    return KeyShown(**_key(found, agent_name))


def key_made(found: ApiKey, agent_name: str | None, secret: str) -> KeyMade:
    """Show an API key with its secret, this once."""
    return KeyMade(**_key(found, agent_name), key=secret)


def index(row: Any) -> IndexShown:
    """Show the state of an agent's library; `row` is None before its documents were ever read."""
    if row is None:
        return IndexShown("none")
    return IndexShown(
        state=row.state,
        done=row.done,
        total=row.total,
        current=row.current,
        documents=row.documents,
        passages=row.passages,
        skipped=[Skipped(path, reason) for path, reason in row.skipped],
        error=row.error,
        started_at=rfc3339(row.started_at),
        at=rfc3339(row.at),
    )


def written(moment: Moment | None) -> str | None:
    """Write a moment, or null."""
    return None if moment is None else rfc3339(moment)


def moment(field: str, text: str | None) -> Moment | None:
    """Read an RFC 3339 time of a body; Invalid without a time zone or outside the years we know."""
    if text is None:
        return None
    try:
        if not _TIME.match(text):
            raise ValueError(text)
        read = moment_of(datetime.fromisoformat(text.upper()))
        rfc3339(read)
    except (ValueError, OverflowError, OSError):
        message = "a time with its zone, such as 2026-11-20T18:00:00Z"
        raise Invalid(f"{field}: {message}", errors=[FieldError(field, message)]) from None
    return read
