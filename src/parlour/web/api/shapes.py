"""The forms in which programs get things, field by field."""

from typing import Any

import msgspec

from parlour import pictures
from parlour.agents import keeping
from parlour.agents.model import Agent, Version
from parlour.agents.variables import Definition
from parlour.kit.clock import Moment, rfc3339
from parlour.links import telling
from parlour.links.store import Link
from parlour.staff import ApiKey
from parlour.web import snippets
from parlour.web.api import hours
from parlour.web.api.moments import written
from parlour.web.policies import policy_of


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
    variables: list[Definition]
    """What is collected in conversations."""
    follow_ups: bool
    """Whether answers offer what one may ask next."""
    avatar: str | None
    """Where its picture is served, such as `/pictures/….webp`; null without one."""
    accent: str | None
    """Its colour, such as `#1c4a63`; null for the house's."""
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
    variables: list[Definition]
    follow_ups: bool
    avatar: str | None
    accent: str | None
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
    require_email: bool | None
    """Whether visitors confirm an e-mail address first; null leaves it to the agent."""
    emails: tuple[str, ...] | None
    """Whose addresses are good; null leaves it to the agent."""
    expires_at: str | None
    welcome_message: str | None
    widget_id: str | None
    """The widget that says how its agent looks; null for the agent's own look."""
    state: str
    """The first that keeps people out, or `live`: `off`, `ended`, `not_published`, `offline`,
    `by_invitation` (its agent answers only by private links now), `used_up`. `closed` is outside
    its hours."""
    state_words: str
    who_can_open: str
    summary: str
    """Its policy as a sentence, with times in UTC."""
    uses: int
    """How often it was used: by how many visitors, each counted again after a use is over."""
    max_uses: int
    """How often a private link may be used; 0 is without a maximum."""
    rate_limit_per_minute: int | None
    """Messages of one visitor in any minute; 0 is without a limit, null as its agent says."""
    daily_token_limit: int | None
    """Tokens of one visitor in a day, UTC; likewise."""
    budget_tokens: int | None
    """Tokens of all its visitors in a period; null is without a budget of its own."""
    budget_period: str | None
    """`day`, `month` (also null) or `all`, in UTC."""
    schedule: hours.ScheduleShown | None
    """When it is open; null as its agent says."""
    seats: int
    """How many visitors may talk at once by it; 0 is any number."""
    origins: tuple[str, ...] | None
    """The sites in whose pages its chat may stand; null leaves it to the widget."""
    slug: str | None
    """A word that leads to it, too: `/chat/<slug>`; of permanent links only."""
    title: str | None
    about: str | None
    """What messengers show of it, for everybody; null tells nothing."""
    snippet: str | None
    """The lines of HTML that put its chat into such a page; for who may manage it, as `url`."""
    last_used_at: str | None
    """When a visitor last said something by it, to the minute."""
    created_at: str
    created_by: str
    updated_at: str
    updated_by: str | None
    usage_stats: UsageStats


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
        "variables": list(content.variables),
        "follow_ups": content.follow_ups,
        "avatar": pictures.path(content.avatar) or None,
        "accent": f"#{content.accent}" if content.accent else None,
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
    policy = policy_of(found, agent)
    state = telling.state(policy, now)
    return LinkShown(
        id=found.id,
        agent_name=agent.name,
        kind=found.kind.word,
        token=token,
        url=url,
        name=found.name,
        enabled=found.enabled,
        require_email=found.require_email,
        emails=found.emails,
        expires_at=written(found.expires_at),
        welcome_message=found.welcome_message,
        widget_id=found.widget_id,
        state=state.code,
        state_words=state.words,
        who_can_open=telling.who(policy),
        summary=telling.plain(telling.sentence(policy, now)),
        uses=found.uses,
        max_uses=found.max_uses,
        rate_limit_per_minute=found.rate_limit_per_minute,
        daily_token_limit=found.daily_token_limit,
        budget_tokens=found.budget_tokens,
        budget_period=found.budget_period,
        schedule=None if found.schedule is None else hours.shown(found.schedule),
        seats=found.seats,
        origins=found.origins,
        slug=found.slug,
        title=found.title,
        about=found.about,
        snippet=url and snippets.snippet(url, agent.draft.display_name),
        last_used_at=written(found.last_used_at),
        created_at=rfc3339(found.created_at),
        created_by=found.created_by,
        updated_at=rfc3339(found.updated_at),
        updated_by=found.updated_by,
        usage_stats=stats,
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
