"""How failures are told to programs: RFC 9457 problem documents with a stable code."""

from typing import Any

import orjson
import structlog
from litestar import Response
from litestar.exceptions import HTTPException, ValidationException

from parlour.agents.variables import Unfit
from parlour.entrance import Refused
from parlour.kit.clock import rfc3339
from parlour.kit.errors import FieldError, Invalid, Problem
from parlour.kit.tokens import new_id
from parlour.web.gates import Asked
from parlour.web.strangers import Strangers

log = structlog.get_logger("parlour.web")

MEDIA = "application/problem+json"

_PLAIN = {
    400: ("bad_request", "The request could not be read"),
    404: ("not_found", "There is nothing here"),
    405: ("method_not_allowed", "This address does not take that method"),
    413: ("too_large", "That is too large"),
    415: ("unsupported_media_type", "That kind of content is not taken here"),
    429: ("too_many", "Too many requests"),
}


def document(problem: Problem) -> dict[str, Any]:
    """Return the members of a problem document."""
    told: dict[str, Any] = {
        "type": f"urn:parlour:problem:{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
    }
    if problem.errors:
        told["errors"] = [{"field": each.field, "message": each.message} for each in problem.errors]
    if isinstance(problem, Unfit):
        told["misfits"] = problem.misfits
    if isinstance(problem, Refused):
        if problem.own_words:
            told["owner_says"] = problem.own_words
        if problem.refusal.most is not None:
            told["most"] = problem.refusal.most
        if problem.refusal.until is not None:
            told["opens_at"] = rfc3339(problem.refusal.until)
    return told


def respond(problem: Problem, **more: str) -> Response[bytes]:
    """Return a problem as a response; `more` are further members of its document."""
    headers = headers_of(problem)
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(
        orjson.dumps(document(problem) | more),
        status_code=problem.status,
        media_type=MEDIA,
        headers=headers,
    )


def headers_of(problem: Problem) -> dict[str, str]:
    """Return what a response tells of a problem besides its body, whatever form that has."""
    headers: dict[str, str] = {}
    if problem.retry_after is not None:
        headers["Retry-After"] = str(problem.retry_after)
    if problem.status == 413:  # the rest of it is not read, so nothing can follow
        headers["Connection"] = "close"
    if problem.per_minute is not None:
        headers["RateLimit-Policy"] = f'"minute";q={problem.per_minute};w=60'
        headers["RateLimit"] = f'"minute";r=0;t={problem.retry_after or 60}'
    return headers


def as_problem(error: Exception) -> Problem:
    """Turn anything that was raised into a problem; what nobody foresaw is logged, not told."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, ValidationException):
        return Invalid("the input does not fit", errors=_field_errors(error))
    if isinstance(error, HTTPException):
        return _plain(error.status_code)
    reference = new_id("err")
    log.error("request.broke", reference=reference, exc_info=error)
    broke = Problem(f"something went wrong here; its reference is {reference}", code="internal")
    broke.status, broke.title = 500, "Something went wrong"
    return broke


def handle(request: Asked, error: Exception) -> Response[bytes]:
    """Answer a program's request that failed."""
    return respond(judged(request, error))


def judged(request: Asked, error: Exception) -> Problem:
    """Turn what was raised into the problem that this caller is told."""
    strangers: Strangers = request.app.state.strangers
    return strangers.judged(request, as_problem(error))


def _plain(status: int) -> Problem:
    code, title = _PLAIN.get(status, ("refused", "The request was refused"))
    problem = Problem(title.lower(), code=code)
    problem.status, problem.title = status, title
    return problem


def _field_errors(error: ValidationException) -> list[FieldError]:
    extra = error.extra if isinstance(error.extra, list) else []
    return [_field_error(each) for each in extra if isinstance(each, dict)]


def _field_error(told: dict[str, Any]) -> FieldError:
    if told.get("key") == "data" and told.get("source", "body") == "body":
        # What handlers call the body as a whole: nobody who sent none has written such a field.
        return FieldError("", "a body is needed")
    return FieldError(str(told.get("key", "")), str(told.get("message", "does not fit")))
