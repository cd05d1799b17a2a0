"""Telling somebody in the studio that a request failed: a page, a message over it, or sign-in."""

from typing import Any, Final
from urllib.parse import quote, urlsplit

from litestar import Response
from litestar.response import Redirect

from parlour.kit.errors import Problem
from parlour.web import problems
from parlour.web.gates import Asked
from parlour.web.studio.shell import (
    HOME,
    SECOND_STEP,
    SIGN_IN,
    go,
    inside,
    outside,
    own_path,
    partly,
    rendered,
    sentence,
)
from parlour.web.studio.telling import Told

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
_TOLD: Final = {
    "invitation_taken": ("This invitation was taken", "Whoever took it signs in at the studio."),
}
"""What is told by its code, because its status alone would mislead."""


def refuse(request: Asked, error: Exception) -> Response[Any]:
    """Answer a request to the studio that failed: by a page, or the way to sign in."""
    problem = problems.as_problem(error)
    if (page := _without_slash(request)) is not None:
        return Redirect(page, status_code=303)
    if problem.status == 401:
        return _to_sign_in(request)
    if problem.code == "second_step_missing":
        return go(SECOND_STEP)
    of_status = _REFUSED.get(problem.status, _REFUSED[500 if problem.status >= 500 else 422])
    title, hint = _TOLD.get(problem.code, of_status)
    told = "" if problem.status in {404, 405, 500} else sentence(problem.detail)
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


def _without_slash(request: Asked) -> str | None:
    """Return the page that is meant by an address with a slash at its end; None for any other."""
    path = request.scope["raw_path"].decode("ascii", "replace")
    plain = path.rstrip("/")
    if request.method != "GET" or path == plain or own_path(plain) != plain:
        return None
    return plain


def _over_the_page(problem: Problem, said: str, reference: str) -> Response[Any]:
    """Tell htmx of a failure: a message over the page, which stays as it is."""
    trouble = Told(f"{said} Reference: {reference}" if reference else said, trouble=True)
    answer = rendered("studio/trouble.html", problem.status, told=trouble)
    answer.headers |= {"HX-Retarget": "#told", "HX-Reswap": "innerHTML", "HX-Push-Url": "false"}
    if problem.retry_after is not None:
        answer.headers["Retry-After"] = str(problem.retry_after)
    return answer


def _to_sign_in(request: Asked) -> Response[Any]:
    if request.headers.get("accept") == "text/event-stream":
        # A page that follows something stops asking; whatever its person does next leads there.
        return Response(None, status_code=204)
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
