"""What needs somebody: agents that fail or cannot be met, links that end, documents left unread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from parlour.agents.model import Agent
from parlour.agents.sharing import by_invitation
from parlour.insights import Failing
from parlour.kit.clock import Moment
from parlour.links.private import Invited
from parlour.links.store import Link
from parlour.reports import letters

NOBODY: Final[Mapping[str, Invited]] = {}
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
    *,
    invited: Mapping[str, Invited] = NOBODY,
) -> list[Matter]:
    """Find what is wrong with agents, most urgent first; `at` is the path of the agents' pages.

    `doors` counts the links of each, `reading` holds the states of their documents, `invited`
    counts their private links.
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
        elif state(agent) == "live":
            found += _private(agent, invited.get(agent.id, Invited()), path)
    return sorted(found, key=lambda matter: ("stop", "wait", "plain").index(matter.urgency))


def of_visitors(waiting: int, at: str) -> list[Matter]:
    """Tell of visitors who wait for a person; `at` is the path of the conversations' list."""
    if not waiting:
        return []
    title = "A visitor waits for a person" if waiting == 1 else f"{waiting:,} visitors wait"
    told = "Their assistant asked for somebody of the team, and is silent until then."
    path = f"{at}?state=waiting"
    return [Matter("stop", "person", title, told, path, "Answer them" if waiting > 1 else "Answer")]


def of_notes(number: int, at: str) -> list[Matter]:
    """Tell of notes that nobody has seen to; `at` is the path of the notes."""
    if not number:
        return []
    title = "Somebody left a note" if number == 1 else f"{number:,} notes wait for somebody"
    told = "Left at a link that was shut: for a new link, or for the team."
    return [Matter("wait", "mail", title, told, at, "Read it" if number == 1 else "Read them")]


def of_webhooks(off: int, failing: int, at: str) -> list[Matter]:
    """Tell of webhooks that were turned off, or take nothing; `at` is the path of their list."""
    found = []
    if off:
        title = "A webhook was turned off" if off == 1 else f"{off:,} webhooks were turned off"
        told = "It took nothing for too long, and is told of nothing until it is turned on again."
        found.append(Matter("stop", "branch", title, told, at, "Look into it"))
    if failing:
        title = "A webhook is failing" if failing == 1 else f"{failing:,} webhooks are failing"
        told = "Nothing is lost: what they do not take is sent again."
        found.append(Matter("wait", "branch", title, told, at, "Look into it"))
    return found


def of_links(ending: Sequence[Link], number: int, at: str, agents: Sequence[Agent]) -> list[Matter]:
    """Tell of the links to `agents` that end within a day; `at` is the path of the links' page."""
    if not number:
        return []
    title = "A link ends within a day" if number == 1 else f"{number:,} links end within a day"
    more = f"and {number - _NAMED:,} more" if number > _NAMED else ""
    whose = {agent.id: f" to {named(agent)}" for agent in agents}
    ends = [
        (link.name or f"{'a' if n else 'A'} link without a name{whose.get(link.agent_id, '')}", end)
        for n, link in enumerate(ending[:_NAMED])
        if (end := link.expires_at) is not None
    ]
    action = "See it" if number == 1 else "See them"
    return [Matter("plain", "clock", title, more, at, action, ends)]


def _private(agent: Agent, seen: Invited, path: str) -> list[Matter]:
    at = path and f"{path}/sharing"
    if by_invitation(agent) and not seen.links:
        title = f"{named(agent)} is private, and nobody has a private link"
        told = "Whoever comes by another link reads that it is private."
        return [Matter("wait", "key", title, told, at, "Make private links")]
    if seen.used_up:
        one = seen.used_up == 1
        many = "A private link" if one else f"{seen.used_up:,} private links"
        title = f"{many} to {named(agent)} {'is' if one else 'are'} used up"
        told = f"Who comes anew reads so. Give {'it' if one else 'them'} more uses, or delete "
        told += "it." if one else "them."
        return [Matter("plain", "key", title, told, at, "See it" if one else "See them")]
    return []


def _failing(agent: Agent, seen: Failing, path: str) -> Matter:
    why = letters.why(seen.problem)
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
