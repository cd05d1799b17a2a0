"""What needs somebody: agents that fail or cannot be met, links that end, documents left unread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from parlour.agents.model import Agent
from parlour.insights import Failing
from parlour.kit.clock import Moment
from parlour.links.store import Link

_WHY: Final = {
    "unreachable": "the server behind it could not be reached",
    "refused": "the server behind it refused to answer",
    "rate_limited": "the server behind it takes no more questions for now",
    "bad_answer": "what came back could not be read as an answer",
    "timeout": "the answer took too long",
    "misconfigured": "its settings do not work",
    "breaker_open": "the server behind it has failed too often and is left alone for a while",
}
_NAMED: Final = 3
"""How many of many are named."""


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing that needs somebody: what it is, what follows from it, where to see to it."""

    urgency: Literal["stop", "wait", "plain"]
    icon: str
    title: str
    told: str
    path: str = ""
    action: str = ""
    ends: Sequence[tuple[str, Moment]] = ()
    """What ends when, by name."""


def state(agent: Agent) -> Literal["live", "offline", "draft"]:
    """Return how an agent can be met: `draft` is before the first publishing."""
    if agent.published is None:
        return "draft"
    return "live" if agent.live else "offline"


def named(agent: Agent) -> str:
    """Return the name that visitors see."""
    return agent.draft.display_name or agent.name


def of_agents(
    agents: Sequence[Agent],
    doors: Mapping[str, int],
    failing: Mapping[str, Failing],
    reading: Mapping[str, Any],
    at: str,
) -> list[Matter]:
    """Find what is wrong with agents, most urgent first; `at` is the path of the agents' pages.

    `doors` counts the links of each, `reading` holds the states of their documents.
    """
    found: list[Matter] = []
    for agent in agents:
        path = f"{at}/{agent.name}" if at else ""
        links = doors.get(agent.id, 0)
        if agent.id in failing and state(agent) == "live":
            found.append(_failing(agent, failing[agent.id], path))
        if (seen := reading.get(agent.id)) is not None:
            found += _documents(agent, seen, path)
        if links and state(agent) == "draft":
            told = f"{_links(links)} to it; visitors are told that it is not ready yet."
            title = f"{named(agent)} is not published"
            found.append(Matter("wait", "agent", title, told, path, "Publish it"))
        elif links and state(agent) == "offline":
            told = f"{_links(links)} to it; visitors are told that it is away."
            title = f"{named(agent)} is offline"
            found.append(Matter("plain", "plug-off", title, told, path, "Look at it"))
    return sorted(found, key=lambda matter: ("stop", "wait", "plain").index(matter.urgency))


def of_links(ending: Sequence[Link], number: int, at: str) -> list[Matter]:
    """Tell of the links that end within a day; `at` is the path of the links' page."""
    if not number:
        return []
    title = "A link ends within a day" if number == 1 else f"{number:,} links end within a day"
    more = f"and {number - _NAMED:,} more" if number > _NAMED else ""
    ends = [
        (link.name or "A link without a name", link.expires_at)
        for link in ending[:_NAMED]
        if link.expires_at is not None
    ]
    action = "See it" if number == 1 else "See them"
    return [Matter("plain", "clock", title, more, at, action, ends)]


def _failing(agent: Agent, seen: Failing, path: str) -> Matter:
    why = _WHY.get(seen.problem, "the answer broke off")
    if seen.never_answers:
        title = f"{named(agent)} is not answering"
        how = "The last reply" if seen.ended == 1 else f"All {seen.ended} replies"
    else:
        title = f"{named(agent)} fails again and again"
        how = f"{seen.failed} of {seen.ended} replies"
    told = f"{how} failed in the last hour: {why}. No question is lost; visitors can ask again."
    return Matter("stop", "alert", title, told, path, "Look into it")


def _documents(agent: Agent, seen: Any, path: str) -> list[Matter]:
    if seen.state == "failed":
        title = f"The documents of {named(agent)} could not be read"
        return [Matter("stop", "doc", title, seen.error, path, "Look into it")]
    if seen.state == "indexing":
        title = f"The documents of {named(agent)} are being read"
        how = f"{seen.done:,} of {seen.total:,} so far." if seen.total else "It has just begun."
        return [Matter("plain", "doc", title, how, path, "Look at it")]
    if skipped := seen.skipped:
        one = len(skipped) == 1
        what = "A document" if one else f"{len(skipped):,} documents"
        title = f"{what} of {named(agent)} could not be read"
        names = ", ".join(str(each[0]) for each in skipped[:_NAMED])
        more = f" and {len(skipped) - _NAMED:,} more" if len(skipped) > _NAMED else ""
        told = f"{names}{more}. It answers from the others."
        return [Matter("wait", "doc", title, told, path, "See it" if one else "See them")]
    return []


def _links(number: int) -> str:
    return "A link leads" if number == 1 else f"{number:,} links lead"
