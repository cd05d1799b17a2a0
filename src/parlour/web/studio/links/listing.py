"""The table of all links: saved lists, filters, search, and switching one or many of them."""

from dataclasses import dataclass, replace
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl, urlencode

import msgspec
from litestar import Response, get, post

from parlour.agents import store as agents
from parlour.agents.model import Agent
from parlour.links import keeping, listing
from parlour.links.listing import Condition, Place, View
from parlour.links.rules import Kind
from parlour.links.store import Link
from parlour.rights import Permission
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web import finding
from parlour.web.gates import Asked, person
from parlour.web.studio import shell
from parlour.web.studio.links.forms import FORM
from parlour.web.studio.links.rows import rows
from parlour.web.studio.telling import Told

LIST: Final = "/studio/links"
_SEE = {"gate": person(Permission.LINKS_SEE)}
_MANAGE = {"gate": person(Permission.LINKS_MANAGE)}
_AT_ONCE: Final = 50

VIEWS: Final = {
    View.ALL: "All",
    View.ANYONE: "Open to anyone",
    View.FOREVER: "Never ends",
    View.SOON: "Ends soon",
    View.UNUSED: "Unused",
}
"""The saved lists, in words."""
STATES: Final = {
    Condition.LIVE: "Live",
    Condition.OFF: "Switched off",
    Condition.ENDED: "Ended",
    Condition.ASLEEP: "Agent away",
}


class Switch(msgspec.Struct, frozen=True):
    """The switch of one link, and the page it stands on."""

    on: str = ""
    back: str = LIST


@dataclass(frozen=True, slots=True)
class Looked:
    """Which links somebody looks at, as the address of the page says."""

    view: View = View.ALL
    agent: str = ""
    kind: Kind | None = None
    so: Condition | None = None
    q: str = ""
    after: str = ""

    @classmethod
    def at(cls, query: str) -> "Looked":
        """Read an address; words that are none of ours are passed over."""
        given = dict(parse_qsl(query))
        return cls(
            view=View(given["view"]) if given.get("view") in list(View) else View.ALL,
            agent=given.get("agent", "")[:100],
            kind=next((kind for kind in Kind if kind.word == given.get("kind")), None),
            so=Condition(given["so"]) if given.get("so") in list(Condition) else None,
            q=given.get("q", "")[:400],
            after=given.get("after", ""),
        )

    @property
    def path(self) -> str:
        """The address that says so."""
        words = {
            "view": "" if self.view is View.ALL else self.view.value,
            "agent": self.agent,
            "kind": self.kind.word if self.kind else "",
            "so": self.so.value if self.so else "",
            "q": self.q,
            "after": self.after,
        }
        query = urlencode({name: each for name, each in words.items() if each})
        return f"{LIST}?{query}" if query else LIST

    @property
    def narrowed(self) -> bool:
        """Whether any filter is set."""
        return replace(self, view=View.ALL, after="") != Looked()

    def by(self, view: View) -> str:
        """Return the address of another list, with the same filters."""
        return replace(self, view=view, after="").path


@get(LIST, opt=_SEE)
async def links(request: Asked, tools: Tools, seat: Seat) -> Response[Any]:
    """List the links of all agents."""
    return await _page(request, tools, seat, Looked.at(request.url.query))


@post(LIST + "/{link_id:str}/switch", opt=_MANAGE)
async def switch(
    request: Asked, tools: Tools, seat: Seat, link_id: str, data: Annotated[Switch, FORM]
) -> Response[Any]:
    """Switch a link on or off; the message offers the way back."""
    on, back = data.on == "1", shell.own_path(data.back)
    changed = await keeping.switch_all(tools, seat.who, [link_id], enabled=on)
    told = Told("Nothing changed: somebody else was first.")
    if changed:
        name = f"“{changed[0].name}”" if changed[0].name else "The link"
        fields = {"on": "" if on else "1", "back": back}
        said = f"{name} is switched {'on' if on else 'off'}."
        told = Told(said, undo=f"{LIST}/{link_id}/switch", fields=fields)
    if shell.partly(request):
        return await _page(request, tools, seat, _looked(back), told=told)
    return shell.tell(request, seat, back, told)


@post(LIST + "/bulk", opt=_MANAGE)
async def bulk(request: Asked, tools: Tools, seat: Seat) -> Response[Any]:
    """Switch or end the links that were picked; ending is asked about first."""
    form = await request.form()
    ids = [each for given in form.getall("ids", []) for each in str(given).split(",") if each]
    ids, act = ids[: 2 * _AT_ONCE], str(form.get("act", ""))
    back = shell.own_path(str(form.get("back", LIST)))
    if act == "revoke" and ids and not form.get("sure"):
        return shell.inside(
            request, seat, "studio/links-revoke.html", "links", ids=",".join(ids),
            many=len(ids), back=back,
        )  # fmt: skip
    return shell.tell(request, seat, back, await _done(tools, seat, act, ids))


async def _done(tools: Tools, seat: Seat, act: str, ids: list[str]) -> Told:
    changed: list[Link] = []
    if ids and act == "revoke":
        changed = await keeping.revoke_all(tools, seat.who, ids)
    elif ids and act in {"enable", "disable"}:
        changed = await keeping.switch_all(tools, seat.who, ids, enabled=act == "enable")
    if not changed:
        return Told("Nothing changed." if ids else "Pick some links first.")
    many = f"{len(changed)} {'link is' if len(changed) == 1 else 'links are'}"
    if act == "revoke":
        return Told(f"{many} revoked.")
    on = act == "enable"
    fields = {
        "act": "disable" if on else "enable",
        "ids": ",".join(each.id for each in changed),
    }
    return Told(f"{many} switched {'on' if on else 'off'}.", undo=LIST + "/bulk", fields=fields)


def _looked(path: str) -> Looked:
    place, _, query = path.partition("?")
    return Looked.at(query) if place == LIST else Looked()


async def _page(
    request: Asked, tools: Tools, seat: Seat, looked: Looked, told: Told | None = None
) -> Response[Any]:
    workspace, now = seat.person.workspace_id, tools.clock.now()
    every = await tools.db.browse(agents.every, workspace)
    named: dict[str, Agent] = {each.id: each for each in every}
    wanted = [each for each in every if looked.agent in ("", each.name)]
    search = finding.search(
        tools, wanted, looked.q, seat.who, view=looked.view, kind=looked.kind, condition=looked.so
    )
    found = await tools.db.browse(
        listing.page, workspace, search, now, after=_place(looked.after), limit=_AT_ONCE + 1
    )
    kept = found[:_AT_ONCE]
    after = f"{kept[-1].created_at}.{kept[-1].id}" if len(found) > _AT_ONCE else ""
    return shell.inside(
        request,
        seat,
        "studio/links.html",
        "links",
        told=told,
        looked=looked,
        rows=await rows(tools, seat, kept, named),
        tallies=await tools.db.browse(
            listing.tallies, workspace, finding.search(tools, every, "", seat.who), now
        ),
        agents=every,
        views=VIEWS,
        states=STATES,
        kinds=list(Kind),
        review=View.REVIEW,
        first=not looked.after,
        older=replace(looked, after=after).path if after else "",
        manages=seat.who.may(Permission.LINKS_MANAGE),
    )


def _place(after: str) -> Place | None:
    """Read where a page begins; an old or mistyped address shows the first one."""
    at, _, link_id = after.partition(".")
    if not (at.isascii() and at.isdigit() and len(at) < 16 and link_id.isascii()):
        return None
    return Place(int(at), link_id)


HANDLERS = [links, switch, bulk]
