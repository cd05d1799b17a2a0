"""The links of all agents for programs: searched, page by page, switched and ended together."""

from typing import Annotated, Any, Final

import msgspec
from litestar import get, post
from litestar.params import QueryParameter

from parlour import transcripts
from parlour.agents import store as agents
from parlour.kit.clock import Moment
from parlour.kit.errors import FieldError, Invalid
from parlour.links import keeping, listing
from parlour.links.listing import Condition, Place, View
from parlour.links.store import Link
from parlour.rights import Permission, Who
from parlour.tools import Tools
from parlour.web import finding
from parlour.web.api import asking
from parlour.web.api.asking import After, Limit, Page
from parlour.web.api.links import kind_of, shown
from parlour.web.api.shapes import LinkShown
from parlour.web.api.strict import Strict
from parlour.web.gates import key

_SEE = {"gate": key(Permission.LINKS_SEE)}
_MANAGE = {"gate": key(Permission.LINKS_MANAGE)}
_MOST: Final = 500
"""Links in one call."""

Chosen = Annotated[str | None, QueryParameter(max_length=100)]
# `state` is a word that the framework keeps for itself.
StateNow = Annotated[str | None, QueryParameter(name="state", max_length=100)]
Text = Annotated[
    str | None,
    QueryParameter(max_length=400, description="A part of its name or its agent's, or its URL."),
]


class SwitchLinks(Strict, frozen=True):
    """Which links to switch, and how."""

    ids: list[str]
    enabled: bool


class RevokeLinks(Strict, frozen=True):
    """Which links to end for good."""

    ids: list[str]


class LinksDone(msgspec.Struct, frozen=True):
    """What became of several links."""

    link_ids: list[str]
    """Those that this changed; what was gone or as wished already is not among them."""


@get("/api/links", opt=_SEE)
async def all_links(
    tools: Tools,
    who: Who,
    agent: Chosen = None,
    view: Chosen = None,
    condition: StateNow = None,
    kind: Chosen = None,
    q: Text = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[LinkShown]:
    """List the links of all agents, newest first.

    `view` is `all`, `anyone` (open now), `forever`, `soon` (ends within a day), `unused` (never,
    or not for 60 days) or `review` (open, without an end, unused for 60 days); `state` is `live`,
    `off`, `ended` or `asleep` (its agent does not answer).
    """
    chosen = View(_word("view", view or View.ALL, View))
    so = None if condition is None else Condition(_word("state", condition, Condition))
    if agent is None:
        found = await tools.db.browse(agents.every, who.workspace_id, who.agent_id)
    else:
        found = [await tools.db.read(agents.find, who.workspace_id, agent, who.agent_id)]
    more = {"view": chosen, "condition": so, "kind": kind_of(kind)}
    search = finding.search(tools, found, q or "", who, **more)
    now = tools.clock.now()
    rows = await tools.db.browse(
        listing.page, who.workspace_id, search, now, after=_place(after), limit=limit + 1
    )
    kept, cursor = asking.page(rows, limit, lambda last: f"{last.created_at} {last.id}")
    usage = await tools.db.browse(transcripts.usage_of_links, [each.id for each in kept])
    by_id = {each.id: each for each in found}
    items = [shown(tools, who, by_id[each.agent_id], each, usage.get(each.id)) for each in kept]
    return Page(items, cursor)


@post("/api/links/switch", opt=_MANAGE, status_code=200)
async def switch_links(tools: Tools, who: Who, data: SwitchLinks) -> LinksDone:
    """Switch several links on or off, all of them or none."""
    ids = _some(data.ids)
    return _done(await keeping.switch_all(tools, who, ids, enabled=data.enabled))


@post("/api/links/revoke", opt=_MANAGE, status_code=200)
async def revoke_links(tools: Tools, who: Who, data: RevokeLinks) -> LinksDone:
    """End several links for good, all of them or none."""
    return _done(await keeping.revoke_all(tools, who, _some(data.ids)))


def _done(links: list[Link]) -> LinksDone:
    return LinksDone([each.id for each in links])


def _some(ids: list[str]) -> list[str]:
    if not 1 <= len(ids) <= _MOST:
        message = f"1 to {_MOST} ids"
        raise Invalid(f"ids: {message}", errors=[FieldError("ids", message)])
    return ids


def _word(field: str, word: str, words: Any) -> str:
    known = [each.value for each in words]
    if word not in known:
        message = f"must be one of {', '.join(known)}"
        raise Invalid(f"{field} {message}", errors=[FieldError(field, message)])
    return word


def _place(after: str | None) -> Place | None:
    if after is None:
        return None
    at, _, link_id = asking.place(after).partition(" ")
    if not (at.isascii() and at.isdigit() and len(at) < 16 and link_id):
        raise asking.bad_cursor()
    return Place(Moment(at), link_id)


HANDLERS = [all_links, switch_links, revoke_links]
