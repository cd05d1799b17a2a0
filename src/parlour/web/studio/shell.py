"""The house around every page of the studio: the rail, what was just done, and refusals in it.

How a page is made, in short; `docs/studio-pages.md` shows it:

- A handler with the gate `person(Permission…)` that takes `seat` returns `inside(request, seat,
  "studio/<page>.html", "<entry>", …)`. Its template extends `studio/shell.html` and fills the
  block `room` with the parts of `studio/parts.html`. A new place in the rail is a line in ENTRIES.
- Every page and form works as plain HTML. Where htmx asks, the same handler answers the same way,
  and `inside` sends a part of the page: to a request that targets `#rows` the block `rows`, if the
  template has one, else the block `room`, which belongs into `#page`, or into `#dialog`.
- After a POST: `go(path, "word")` for one of the fixed sentences, `tell(request, seat, path,
  Told(…))` for any other, with a way to undo it. Without leaving: `inside(…, told=Told(…))`.
- A form that does not fit is shown again by `Filled.after(problem, typed)`. Whatever else is
  raised becomes a page, or for htmx a message over the page, which stays; who is not signed in
  any more is led to sign-in and back.
"""

import re
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final
from urllib.parse import quote, urlsplit

from jinja2 import Template
from litestar import Response
from litestar.response import Redirect

from parlour.kit.errors import Problem
from parlour.rights import Permission, Role
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web import edge, problems
from parlour.web.assets import assets
from parlour.web.gates import Asked
from parlour.web.sheets import template
from parlour.web.studio import telling
from parlour.web.studio.telling import Told

HOME: Final = "/studio"
SIGN_IN: Final = "/studio/sign-in"
PROVIDER: Final = "/studio/sign-in/provider"
SECOND_STEP: Final = "/studio/me/second-step"

_OWN_PATH: Final = re.compile(r"/studio(/[A-Za-z0-9_-]+)*(\?[A-Za-z0-9_=&%+.~:-]*)?\Z", re.ASCII)
"""Where somebody may be sent after sign-in: a plain address inside the studio, nothing else."""

_SAID: Final = {
    "saved": "Saved.",
    "renamed": "Your name has been changed.",
    "password": "Your password has been changed. You were signed out everywhere else.",
    "ended": "Signed out there.",
    "ended-all": "Signed out everywhere.",
    "ended-others": "Signed out everywhere else.",
    "shut-out": "Shut out. Every session has ended.",
    "let-in": "Let in again.",
    "withdrawn": "The invitation has been withdrawn.",
    "agent-made": "Made. It is a draft: try it here, and publish it when it is right.",
    "uploaded": "Uploaded to the draft. Visitors notice when you publish.",
    "agent-saved": "Saved in the draft. Visitors get it when you publish.",
    "published": "Published. Visitors get it from now on.",
    "discarded": "The draft is as what visitors get.",
    "removed": "Removed from the draft. Visitors notice when you publish.",
    "second-step-off": "Your second step is off: your password alone lets you in.",
    "second-step-reset": "Their second step is off. They can turn it on again themselves.",
    "forgotten": "Forgotten. They come in by the provider anew, by a confirmed address.",
    "too-late": "That took too long. Begin again.",
    "revoked": "The key has been revoked. Programs that use it are refused from now on.",
}
"""What a page says was just done, by the word that its address carries."""

_REFUSED: Final = {
    403: ("This is not yours to see", "Ask an owner if you need it."),
    404: ("There is nothing here", "It may have been removed, or the address has a typing error."),
    405: ("That did not work", "Go back and try it from the page."),
    413: ("That is too large", "Go back and send less."),
    422: ("That did not fit", "Go back, change it, and send it again."),
    429: ("Too many tries", "Wait a little and try again."),
    500: ("Something went wrong", "Nothing was changed. Try again."),
    503: ("Not available just now", "Nothing was changed. Try again in a moment."),
    507: ("No room left", "The disk takes no more. What is there can still be read."),
}

ROLES: Final = {
    Role.OWNER: ("Owner", "Everything, with people and API keys."),
    Role.BUILDER: ("Builder", "Makes and changes agents and links."),
    Role.TEAM_LEAD: ("Team lead", "Leads operators; sees agents and links."),
    Role.OPERATOR: ("Operator", "Answers visitors; sees agents and links."),
    Role.ANALYST: ("Analyst", "Looks back at what happened; sees agents and links."),
}
"""Each role's name, and what it is for in a sentence."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A place that the rail leads to."""

    key: str
    path: str
    icon: str
    label: str
    permission: Permission | None = None
    group: str = ""
    """What it stands under in the rail; places of one group stand together."""
    tab: bool = False
    """Whether it has a place in the bar of phones when there is not room for all."""
    letter: str = ""
    """What goes there after `g`, if it is not the first letter of the key."""

    @property
    def goes(self) -> str:
        """The letter that goes there."""
        return self.letter or self.key[0]


BUILD, BACK, HOUSE = "Build", "Look back", "House"
ENTRIES: Final = (
    Entry("home", HOME, "home", "Home", Permission.AGENTS_SEE, tab=True),
    Entry("agents", "/studio/agents", "agent", "Agents", Permission.AGENTS_SEE, BUILD, tab=True),
    Entry("widgets", "/studio/widgets", "widget", "Widgets", Permission.LINKS_SEE, BUILD),
    Entry("links", "/studio/links", "link", "Links", Permission.LINKS_SEE, BUILD, tab=True),
    Entry(
        "conversations",
        "/studio/conversations",
        "talk",
        "Conversations",
        Permission.CONVERSATIONS_SEE,
        BACK,
        tab=True,
    ),
    Entry("people", "/studio/people", "people", "People", Permission.PEOPLE_SEE, HOUSE),
    Entry("keys", "/studio/keys", "key", "API keys", Permission.KEYS_MANAGE, HOUSE),
    Entry(
        "history", "/studio/history", "clock", "History", Permission.EVENTS_SEE, HOUSE, letter="y"
    ),
)
_PATHS: Final = {entry.key: entry.path for entry in ENTRIES}
_TABS: Final = 5
"""Places in the bar of phones, with one's own account."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it is shown again: what was typed, and what to change in it."""

    typed: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    trouble: str = ""
    """What is wrong with the whole, when it is not one field."""
    status: int = 200
    retry: int | None = None
    """Seconds after which trying again makes sense."""

    @classmethod
    def after(cls, problem: Problem, typed: dict[str, str]) -> "Filled":
        """Make the form that follows a problem."""
        errors = {each.field: _sentence(each.message) for each in problem.errors if each.field}
        trouble = "" if errors else _sentence(problem.detail)
        return cls(typed, errors, trouble, problem.status, problem.retry_after)


NOTHING: Final = Filled()


def inside(
    request: Asked,
    seat: Seat,
    name: str,
    here: str,
    *,
    status: int = 200,
    told: Told | None = None,
    **values: Any,
) -> Response[bytes]:
    """Return a page of the studio for who is signed in; `here` is the entry it belongs to.

    For htmx it is the part of the page that was asked for. `told` says what was just done.
    """
    entries = [e for e in ENTRIES if e.permission is None or seat.who.may(e.permission)]
    return _page(
        name,
        status,
        part=_part(request, template(name)),
        entries=entries,
        groups=[(name, list(found)) for name, found in groupby(entries, lambda e: e.group)],
        tabs=_tabs(entries),
        here=here,
        me=seat.person,
        told=told or _told(request, seat),
        may=seat.who.may,
        **values,
    )


def place(key: str) -> str:
    """Return the path of an entry of the rail; empty when there is no such place."""
    return _PATHS.get(key, "")


def partly(request: Asked) -> bool:
    """Whether htmx asks, for a part of a page."""
    headers = request.headers
    return headers.get("hx-request") == "true" and "hx-history-restore-request" not in headers


def outside(
    name: str, *, status: int = 200, retry: int | None = None, **values: Any
) -> Response[Any]:
    """Return a page for somebody who is not signed in."""
    answer = _page(name, status, **values)
    if retry is not None:
        answer.headers["Retry-After"] = str(retry)
    return answer


def go(path: str, said: str = "", **more: Any) -> Redirect:
    """Lead on after something was done; the next page says what."""
    return Redirect(f"{path}?said={said}" if said else path, status_code=303, **more)


def tell(request: Asked, seat: Seat, path: str, told: Told, **more: Any) -> Redirect:
    """Lead on after something was done; the next page says `told`, with a way to undo it."""
    tools: Tools = request.app.state.tools
    note = telling.seal(tools.keys, seat.session_id, tools.clock.now(), told)
    join = "&" if "?" in path else "?"
    return Redirect(f"{path}{join}{telling.NOTE}={note}", status_code=303, **more)


def seen(mark: str) -> int:
    """Read which state of a thing a form showed; what is no mark of ours is none there ever was."""
    return int(mark) if mark.isascii() and mark.isdigit() and len(mark) < 19 else -1


def own_path(path: str) -> str:
    """Return a path to lead to after sign-in: inside the studio, or its home."""
    return path if _OWN_PATH.match(path) and SIGN_IN not in path else HOME


def refuse(request: Asked, error: Exception) -> Response[Any]:
    """Answer a request to the studio that failed: by a page, or the way to sign in."""
    problem = problems.as_problem(error)
    if problem.status == 401:
        return _to_sign_in(request)
    if problem.code == "second_step_missing":
        return go(SECOND_STEP)
    title, hint = _REFUSED.get(problem.status, _REFUSED[500 if problem.status >= 500 else 422])
    told = "" if problem.status in {404, 405, 500} else _sentence(problem.detail)
    reference = problem.detail.rpartition(" ")[2] if problem.code == "internal" else ""
    values: dict[str, Any] = {"title": title, "words": told, "hint": hint, "reference": reference}
    seat = request.scope.get("state", {}).get("seat")
    if partly(request):
        return _over_the_page(problem, f"{title}. {told or hint}", reference)
    if seat is None:
        return outside(
            "studio/refused.html", status=problem.status, retry=problem.retry_after, **values
        )
    return inside(request, seat, "studio/problem.html", "", status=problem.status, **values)


def _over_the_page(problem: Problem, said: str, reference: str) -> Response[Any]:
    """Tell htmx of a failure: a message over the page, which stays as it is."""
    trouble = Told(f"{said} Reference: {reference}" if reference else said, trouble=True)
    answer = _page("studio/trouble.html", problem.status, told=trouble)
    answer.headers |= {"HX-Retarget": "#told", "HX-Reswap": "innerHTML", "HX-Push-Url": "false"}
    if problem.retry_after is not None:
        answer.headers["Retry-After"] = str(problem.retry_after)
    return answer


def _to_sign_in(request: Asked) -> Response[Any]:
    if partly(request):
        shown = urlsplit(request.headers.get("hx-current-url", ""))
        back = quote(own_path(_whole(shown.path, shown.query)), safe="")
        lost = "lost=1&" if request.method != "GET" else ""
        return Response(
            b"", status_code=401, headers={"HX-Redirect": f"{SIGN_IN}?{lost}next={back}"}
        )
    path = request.url.path
    if request.method != "GET":
        # What was sent is lost; the page it was sent from is the nearest one above.
        back = own_path(_page_above(request))
        return Redirect(f"{SIGN_IN}?lost=1&next={quote(back, safe='')}", status_code=303)
    back = own_path(_whole(path, request.url.query))
    ask = f"?next={quote(back, safe='')}" if back != HOME else ""
    return Redirect(SIGN_IN + ask, status_code=303)


def _page_above(request: Asked) -> str:
    """Return the longest beginning of a request's address that is the address of a page."""
    routes = request.app.routes
    pages = {each.path_format for each in routes if "GET" in getattr(each, "methods", ())}
    template = str(request.scope.get("path_template") or "").split("/")
    path = request.url.path.split("/")
    lengths = [n for n in range(len(template), 2, -1) if "/".join(template[:n]) in pages]
    return "/".join(path[: lengths[0]]) if lengths else HOME


def _whole(path: str, query: str) -> str:
    return f"{path}?{query}" if query else path


def _part(request: Asked, page: Template) -> str:
    """Name the block that is sent: all of the page is `""`."""
    if not partly(request):
        return ""
    target = request.headers.get("hx-target", "").rpartition("#")[2].replace("-", "_")
    return target if target in page.blocks else "room"


def _tabs(entries: list[Entry]) -> list[Entry]:
    """Choose what stands in the bar of phones; the rest stands behind More."""
    if len(entries) < _TABS:
        return entries
    return [entry for entry in entries if entry.tab][: _TABS - 1]


def _told(request: Asked, seat: Seat) -> Told | None:
    asked = request.query_params
    if text := _SAID.get(asked.get("said", "")):
        return Told(text)
    tools: Tools = request.app.state.tools
    note: str = asked.get(telling.NOTE, "")
    return telling.read(tools.keys, seat.session_id, tools.clock.now(), note)


def _page(name: str, status: int, *, frames: bool = False, **values: Any) -> Response[Any]:
    nonce = edge.nonce()
    values.setdefault("form", NOTHING)
    body = template(name).render(base=assets().base, nonce=nonce, roles=ROLES, **values)
    headers = {
        "Content-Security-Policy": edge.page_policy(nonce, frames=frames),
        "Vary": "HX-Request, HX-Target, Cookie",
    }
    return Response(body.encode(), status_code=status, media_type="text/html", headers=headers)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""
