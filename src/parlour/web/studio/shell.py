"""The house around every page of the studio: the rail, what was just done, and refusals in it.

How a page is made, in short; `docs/studio-pages.md` shows it:

- A handler with the gate `person(Permission…)` that takes `seat` returns `inside(request, seat,
  "studio/<page>.html", "<entry>", …)`. Its template extends `studio/shell.html` and fills the
  block `room` with the parts of `studio/parts.html`. A new place in the rail is a line in `rail`.
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

from jinja2 import Template
from litestar import Response
from litestar.response import Redirect

from parlour.kit.errors import Problem, Stale
from parlour.rights import Role
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web import edge
from parlour.web.assets import assets
from parlour.web.gates import Asked
from parlour.web.hosts import tools_of
from parlour.web.sheets import template
from parlour.web.studio import telling
from parlour.web.studio.rail import ENTRIES, PATHS, in_bar
from parlour.web.studio.telling import Told

HOME: Final = PATHS["home"]
SIGN_IN: Final = "/studio/sign-in"
PROVIDER: Final = "/studio/sign-in/provider"
SECOND_STEP: Final = "/studio/me/second-step"

_OWN_PATH: Final = re.compile(r"/studio(/[A-Za-z0-9_-]+)*(\?[A-Za-z0-9_=&%+.~:-]*)?\Z", re.ASCII)
"""Where somebody may be sent after sign-in: a plain address inside the studio, nothing else."""

_SAID: Final = {
    "saved": "Saved.",
    "rotated": "It has a new address: hand it out to whoever shall go on.",
    "device-ended": "The visitor is known there no more.",
    "retired": "Only the present address works now.",
    "renamed": "Your name has been changed.",
    "mails": "Which mails you get has been changed.",
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
    "pictured": "Changed in the draft. Visitors see it when you publish.",
    "removed": "Removed from the draft. Visitors notice when you publish.",
    "second-step-off": "Your second step is off: your password alone lets you in.",
    "second-step-reset": "Their second step is off. They can turn it on again themselves.",
    "forgotten": "Forgotten. They come in by the provider anew, by a confirmed address.",
    "too-late": "That took too long. Begin again.",
    "team-made": "Made. Its people see what is said with its agents from now on.",
    "team-deleted": "The team has been deleted.",
    "note-reopened": "Open again.",
    "note-deleted": "The note has been deleted.",
    "hidden-again": "Personal details are hidden again.",
    "canned-made": "Made. It is ready at the desk.",
    "canned-deleted": "The canned reply has been deleted.",
    "webhook-on": "Turned on. What waits for it goes out now.",
    "webhook-off": "Turned off. It is told of nothing until it is on again.",
    "webhook-deleted": "The webhook has been deleted.",
    "share-revoked": "Taken back. Its page has ended, and its guests answer no more.",
    "view-deleted": "The view has been deleted.",
    "revoked": "The key has been revoked. Programs that use it are refused from now on.",
}
"""What a page says was just done, by the word that its address carries."""


ROLES: Final = {
    Role.OWNER: ("Owner", "Everything, with people and API keys."),
    Role.BUILDER: ("Builder", "Makes and changes agents and links."),
    Role.TEAM_LEAD: ("Team lead", "Leads operators; sees agents and links."),
    Role.OPERATOR: ("Operator", "Answers visitors; sees agents and links."),
    Role.ANALYST: ("Analyst", "Looks back at what happened; sees agents and links."),
}
"""Each role's name, and what it is for in a sentence."""


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
        """Make the form that follows a problem; of a second editor's what was chosen is kept."""
        if isinstance(problem, Stale):
            trouble = problem.detail.partition(";")[0]
            said = "Your choice is kept below: look, and save again if you still want it."
            return cls(typed, {}, f"{trouble}. {said}", problem.status)
        errors = {each.field: sentence(each.message) for each in problem.errors if each.field}
        trouble = "" if errors else sentence(problem.detail)
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
    return rendered(
        name,
        status,
        part=_part(request, template(name)),
        entries=entries,
        groups=[(name, list(found)) for name, found in groupby(entries, lambda e: e.group)],
        tabs=in_bar(entries),
        here=here,
        me=seat.person,
        told=told or _told(request, seat),
        may=seat.who.may,
        **values,
    )


def place(key: str) -> str:
    """Return the path of an entry of the rail; empty when there is no such place."""
    return PATHS.get(key, "")


def partly(request: Asked) -> bool:
    """Whether htmx asks, for a part of a page."""
    headers = request.headers
    return headers.get("hx-request") == "true" and "hx-history-restore-request" not in headers


def outside(
    name: str, *, status: int = 200, retry: int | None = None, **values: Any
) -> Response[Any]:
    """Return a page for somebody who is not signed in."""
    answer = rendered(name, status, **values)
    if retry is not None:
        answer.headers["Retry-After"] = str(retry)
    return answer


def go(path: str, said: str = "", **more: Any) -> Redirect:
    """Lead on after something was done; the next page says what."""
    return Redirect(f"{path}?said={said}" if said else path, status_code=303, **more)


def tell(request: Asked, seat: Seat, path: str, told: Told, **more: Any) -> Redirect:
    """Lead on after something was done; the next page says `told`, with a way to undo it."""
    tools: Tools = tools_of(request.scope)
    note = telling.seal(tools.keys, seat.session_id, tools.clock.now(), told)
    path, mark, place = path.partition("#")
    join = "&" if "?" in path else "?"
    return Redirect(f"{path}{join}{telling.NOTE}={note}{mark}{place}", status_code=303, **more)


def seen(mark: str) -> int:
    """Read which state of a thing a form showed; what is no mark of ours is none there ever was."""
    return int(mark) if mark.isascii() and mark.isdigit() and len(mark) < 19 else -1


def is_own(path: str) -> bool:
    """Whether a path, with its query, is a plain address inside the studio."""
    return _OWN_PATH.match(path) is not None


def own_path(path: str) -> str:
    """Return a path to lead to after sign-in: inside the studio, or its home."""
    return path if is_own(path) and SIGN_IN not in path else HOME


def _part(request: Asked, page: Template) -> str:
    """Name the block that is sent: all of the page is `""`."""
    if not partly(request):
        return ""
    target = request.headers.get("hx-target", "").rpartition("#")[2].replace("-", "_")
    return target if target in page.blocks else "room"


def _told(request: Asked, seat: Seat) -> Told | None:
    asked = request.query_params
    if text := _SAID.get(asked.get("said", "")):
        return Told(text)
    tools: Tools = tools_of(request.scope)
    note: str = asked.get(telling.NOTE, "")
    return telling.read(tools.keys, seat.session_id, tools.clock.now(), note)


def rendered(name: str, status: int, *, frames: bool = False, **values: Any) -> Response[Any]:
    """Return a template of the studio as an answer."""
    nonce = edge.nonce()
    values.setdefault("form", NOTHING)
    body = template(name).render(base=assets().base, nonce=nonce, roles=ROLES, **values)
    headers = {
        "Content-Security-Policy": edge.page_policy(nonce, frames=frames),
        "Vary": "HX-Request, HX-Target, Cookie",
    }
    return Response(body.encode(), status_code=status, media_type="text/html", headers=headers)


def sentence(text: str) -> str:
    """Write what a problem says as a sentence."""
    return f"{text[:1].upper()}{text[1:]}." if text else ""
