"""The terms on which visitors come to an agent, as programs see them."""

from typing import Literal

import msgspec

from parlour.agents.model import Agent
from parlour.agents.sharing import Language, Sharing
from parlour.web.api import hours


class SharingShown(msgspec.Struct, frozen=True):
    """The terms on which visitors come to an agent."""

    agent_name: str
    mode: Literal["anyone", "private"]
    """`anyone` who has a link, or only those who were given a private one."""
    verify: Literal["off", "required", "after"]
    """Whether visitors confirm an e-mail address: never, first, or after some messages."""
    verify_after: int
    """After how many messages, where `verify` is `after`."""
    emails: tuple[str, ...]
    """Addresses and `@domains` that may come in where one is asked for; empty: every one."""
    use_idle_minutes: int
    """Minutes after the visitor's last message in which a use of a link with a maximum is over."""
    use_longest_minutes: int
    """Minutes after its first message in which it is over in any case."""
    language: Language | None
    """Of the pages, for a visitor whose browser names none that they are written in."""
    words: dict[str, str]
    """What the owner says instead of the house's sentence, by the code of the refusal."""
    message_chars: int | None
    """Longest message in characters, never more than the setting; null as the setting says."""
    rate_limit_per_minute: int | None
    """Messages of one visitor in any minute; 0 is without a limit, null as the setting says."""
    rate_limit_per_place: int | None
    """Messages from one place, an IPv4 address or an IPv6 network, in any minute; likewise."""
    rate_limit_per_link: int | None
    """Messages by each link in any minute; likewise."""
    daily_token_limit: int
    """Tokens of one visitor in a day, UTC; 0 is without a limit."""
    daily_limit_by: Literal["identity", "session", "ip"]
    """Whom that counts; who has proved no address is counted by session."""
    budget_tokens: int
    """Tokens of all visitors in a period; 0 is without a budget."""
    budget_period: Literal["day", "month", "all"]
    when_spent: str | None
    """The agent of documents that answers when a budget is spent; null refuses visitors."""
    turn_tokens: int | None
    """What is reserved for an answer; null as the setting says."""
    schedule: hours.ScheduleShown
    """When its links are open, unless one has hours of its own."""
    seats: int
    """How many visitors may talk at once by all its links together; 0 is any number."""
    seat_minutes: int
    """A visitor has left so many minutes after the last message of the conversation."""
    asks_person: bool
    """Whether visitors may ask for a person of the team; the agent may in any case."""
    memory: bool
    """Whether the agent remembers visitors who proved who they are, each for themselves alone."""
    voice: bool
    """Whether visitors may speak into the message box, in browsers that understand speech."""
    files: tuple[str, ...]
    """What visitors may send along, as far as the backend takes it: `image`, `pdf`, `text`."""
    file_bytes: int
    """Bytes of one file."""
    files_most: int
    """Files with one message."""
    labels: dict[str, dict[str, str]]
    """What visitors read while a tool is used: by its name, then by language; `""` is for all."""


def shown(agent: Agent, terms: Sharing) -> SharingShown:
    """Return the terms of an agent as programs see them."""
    return SharingShown(
        agent_name=agent.name,
        mode=terms.mode.value,
        verify=terms.verify,
        verify_after=terms.verify_after,
        emails=terms.emails,
        use_idle_minutes=terms.use_idle_minutes,
        use_longest_minutes=terms.use_longest_minutes,
        language=terms.language,
        words=terms.words,
        message_chars=terms.message_chars,
        rate_limit_per_minute=terms.rate_limit_per_minute,
        rate_limit_per_place=terms.rate_limit_per_place,
        rate_limit_per_link=terms.rate_limit_per_link,
        daily_token_limit=terms.daily_token_limit,
        daily_limit_by=terms.daily_limit_by,
        budget_tokens=terms.budget_tokens,
        budget_period=terms.budget_period,
        when_spent=terms.when_spent,
        turn_tokens=terms.turn_tokens,
        schedule=hours.shown(terms.schedule),
        seats=terms.seats,
        seat_minutes=terms.seat_minutes,
        asks_person=terms.asks_person,
        memory=terms.memory,
        voice=terms.voice,
        files=terms.files,
        file_bytes=terms.file_bytes,
        files_most=terms.files_most,
        labels=terms.labels,
    )
