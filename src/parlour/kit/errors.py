"""The few errors that cross rooms; each says what went wrong in words a person can act on.

A `Problem` is something to tell the caller, with a stable code. Its kinds: `Invalid`, the input
does not fit, field by field; `NotFound`, absent or out of the caller's scope, the same answer;
`NotAllowed`, may see it but not do it; `Unauthorized`, no key or session, or one that is not good;
`Conflict`, the state has moved on, or the name is taken; `TooLarge`, a body or message over its
limit; `TooMany`, again too soon; `Gone`, was here, is over; `Unavailable`, a part this needs is
away for now; `StorageFull`, the disk takes no more writes.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field of the input."""

    field: str
    message: str


@dataclass(eq=False)
class Problem(Exception):
    """Something to tell the caller: a sentence, and a stable code for programs."""

    detail: str
    code: str = ""
    errors: list[FieldError] = field(default_factory=list)
    retry_after: int | None = None
    """Seconds after which trying again makes sense."""
    per_minute: int | None = None
    """How many of these a minute takes, where there were more."""

    status = 400
    title = "The request could not be carried out"
    default_code = "problem"

    def __post_init__(self) -> None:
        super().__init__(self.detail)
        self.code = self.code or self.default_code

    def __str__(self) -> str:
        return self.detail


class Invalid(Problem):
    """The input does not fit."""

    status = 422
    title = "The input does not fit"
    default_code = "invalid"


class NotFound(Problem):
    """Absent, or out of the caller's scope; the two look alike."""

    status = 404
    title = "There is nothing here"
    default_code = "not_found"


class NotAllowed(Problem):
    """The caller may see it but not do this."""

    status = 403
    title = "Not allowed"
    default_code = "not_allowed"


class Unauthorized(Problem):
    """No key or session came along, or one that is not good."""

    status = 401
    title = "Sign in first"
    default_code = "unauthorized"


class Conflict(Problem):
    """The state has moved on, or the name is taken."""

    status = 409
    title = "That does not fit the present state"
    default_code = "conflict"


class Stale(Problem):
    """It was changed since the caller last looked (If-Match)."""

    status = 412
    title = "It has been changed meanwhile"
    default_code = "changed_meanwhile"


class Gone(Problem):
    """It was here and is over."""

    status = 410
    title = "This is over"
    default_code = "gone"


class TooLarge(Problem):
    """A body or a message is over its limit."""

    status = 413
    title = "That is too large"
    default_code = "too_large"


class TooMany(Problem):
    """Too many requests of a kind."""

    status = 429
    title = "Too many requests"
    default_code = "too_many"


class Unavailable(Problem):
    """A part this needs is away for now."""

    status = 503
    title = "Not available just now"
    default_code = "unavailable"


class StorageFull(Problem):
    """The disk takes no more writes; reading goes on."""

    status = 507
    title = "No room left to store anything"
    default_code = "storage_full"
