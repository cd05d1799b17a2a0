"""Finding and doing from anywhere: pages, actions, agents, links, conversations, people."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from litestar import Response, get

from parlour import transcripts
from parlour.agents import store as agents
from parlour.agents.model import Agent
from parlour.links import listing as links
from parlour.rights import Permission
from parlour.staff import store as staff
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.transcripts import searching
from parlour.web.counting import spared
from parlour.web.finding import search
from parlour.web.gates import Asked, person
from parlour.web.studio import rail, shell, today

_MOST: Final = 6
"""How many of a kind are shown."""
_LONGEST: Final = 200

May = Callable[[Permission], bool]


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that fits: where it leads to, and what it is beside its name."""

    label: str
    path: str
    icon: str
    told: str = ""
    spoken: bool = False
    """Whether the label is something that was said, with marks of Markdown in it."""


@dataclass(frozen=True, slots=True)
class Action:
    """Something that can be done, on a page that belongs to an entry of the rail."""

    label: str
    place: str
    below: str
    """Where the page is, behind the entry's path."""
    permission: Permission
    words: str = ""
    """Other words for it."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page that the rail does not lead to, and who may open it."""

    label: str
    path: str
    icon: str
    permission: Permission | None = None
    words: str = ""
    """Other words for it."""


ACTIONS: Final = (
    Action("Create a link", "links", "/new", Permission.LINKS_MANAGE, "new share public url"),
    Action("Make a widget", "widgets", "/new", Permission.LINKS_MANAGE, "new create embed site"),
    Action("Make an agent", "agents", "/new", Permission.AGENTS_MANAGE, "new create bot"),
    Action("Make a team", "teams", "#new", Permission.TEAMS_MANAGE, "new add group"),
    Action("Invite a colleague", "people", "#invite", Permission.PEOPLE_MANAGE, "new add person"),
    Action("Make an API key", "keys", "#new", Permission.KEYS_MANAGE, "new create token"),
)

PAGES: Final = (
    Page("Canned replies", "/studio/canned", "book", Permission.CONVERSATIONS_ANSWER, "answers"),
    Page("Receipts", "/studio/receipts", "doc", Permission.CONVERSATIONS_FORGET, "forgotten"),
    Page(
        "How is counted",
        "/studio/metrics/terms",
        "chart",
        Permission.CONVERSATIONS_SEE,
        "time zone currency cost tokens",
    ),
    Page("You", "/studio/me", "person", words="account password sessions sign out"),
    Page("Second step", "/studio/me/second-step", "lock", words="two factor recovery codes"),
)


@get("/studio/find", opt={"gate": person()})
async def find(request: Asked, tools: Tools, seat: Seat, q: str = "") -> Response[Any]:
    """Show what fits the words, as a page; to the palette, as its list."""
    await spared(request, tools, "searches")
    text = " ".join(q[:_LONGEST].split())
    groups = [
        ("Do", actions(seat.who.may, text)),
        ("Go to", pages(seat.who.may, text)),
        *(await _things(tools, seat, text) if text else []),
    ]
    found = [(name, each[:_MOST]) for name, each in groups if each]
    return shell.inside(request, seat, "studio/find.html", "", q=text, found=found)


def actions(may: May, text: str) -> list[Found]:
    """Return the actions that fit and are allowed."""
    return [
        Found(each.label, shell.place(each.place) + each.below, "plus")
        for each in ACTIONS
        if shell.place(each.place) and may(each.permission) and fits(text, each.label, each.words)
    ]


def pages(may: May, text: str) -> list[Found]:
    """Return the pages that fit and are allowed."""
    in_rail = [Page(e.label, e.path, e.icon, e.permission) for e in rail.ENTRIES]
    return [
        Found(each.label, each.path, each.icon)
        for each in (*in_rail, *PAGES)
        if each.permission is None or may(each.permission)
        if fits(text, each.label, each.words)
    ]


def fits(text: str, *told: str) -> bool:
    """Whether every word that was typed begins a word of what is told."""
    words = " ".join(told).casefold().split()
    return all(any(word.startswith(typed) for word in words) for typed in text.casefold().split())


async def _things(tools: Tools, seat: Seat, text: str) -> list[tuple[str, list[Found]]]:
    workspace, may = seat.person.workspace_id, seat.who.may
    every = await tools.db.browse(agents.every, workspace)
    names = {agent.id: today.named(agent) for agent in every}
    found: list[tuple[str, list[Found]]] = []
    if shell.place("agents") and may(Permission.AGENTS_SEE):
        fit = [agent for agent in every if fits(text, names[agent.id], agent.name)]
        at = shell.place("agents")
        shown = [Found(names[a.id], f"{at}/{a.name}", "agent", a.name) for a in fit]
        found.append(("Agents", shown))
    if shell.place("links") and may(Permission.LINKS_SEE):
        found.append(("Links", await _links(tools, seat, every, text)))
    if shell.place("conversations") and may(Permission.CONVERSATIONS_SEE):
        hits = await tools.db.browse(searching.search, seat.who, text, _MOST)
        found.append(("Conversations", [_talk(hit, names) for hit in hits]))
    if may(Permission.PEOPLE_SEE):
        people = await tools.db.browse(staff.every_person, workspace)
        found.append(("People", _people(people, text)))
    return found


async def _links(tools: Tools, seat: Seat, every: list[Agent], text: str) -> list[Found]:
    # By its own name or address: those of an agent are one step behind the agent.
    workspace, now = seat.person.workspace_id, tools.clock.now()
    wanted = replace(search(tools, every, text, seat.who), named=())
    fitting = await tools.db.browse(links.page, workspace, wanted, now, limit=_MOST)
    names = {agent.id: today.named(agent) for agent in every}
    at = shell.place("links")
    called = {
        link.id: transcripts.link_name(seat.who, link.name) or "A link without a name"
        for link in fitting
    }
    return [
        Found(called[link.id], f"{at}/{link.id}", "link", names[link.agent_id]) for link in fitting
    ]


def _talk(hit: searching.Hit, names: dict[str, str]) -> Found:
    """Show a conversation by what was found in it, beside whom it was with."""
    talk = hit.talk
    whose = f"{talk.visitor} · {names.get(talk.agent_id, talk.agent_name)}"
    path = f"{shell.place('conversations')}/{talk.id}"
    if hit.excerpt:
        return Found(hit.excerpt, path, "talk", whose, spoken=True)
    return Found(talk.visitor, path, "talk", names.get(talk.agent_id, talk.agent_name))


def _people(people: Iterable[Any], text: str) -> list[Found]:
    at = shell.place("people")
    fit = [each for each in people if fits(text, each.name, each.email)]
    return [Found(each.name, f"{at}/{each.id}", "person", each.email) for each in fit]


HANDLERS = [find]
