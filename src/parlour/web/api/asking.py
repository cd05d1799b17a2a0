"""What calls of programs have in common: pages of a list, edits of what was seen, once-only."""

import base64
import binascii
import re
from collections.abc import Awaitable, Callable, Sequence
from copy import copy
from typing import Annotated, Any, Final, Generic, TypeVar

import msgspec
from litestar import Response
from litestar.params import QueryParameter

from parlour.kit.clock import Moment
from parlour.kit.errors import FieldError, Invalid, Problem, Stale
from parlour.kit.once import Asked as AskedOnce
from parlour.kit.once import OnceDatabase, Repeated
from parlour.rights import Who
from parlour.tools import Tools
from parlour.web.gates import Asked

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

Limit = Annotated[int, QueryParameter(ge=1, le=200, description="At most so many.")]
After = Annotated[
    str | None, QueryParameter(max_length=400, description="`next_cursor` of the page before.")
]
REPLAYED: Final = {"Idempotency-Replayed": "true"}
_ONCE_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}\Z", re.ASCII)


class Page(msgspec.Struct, Generic[Item], frozen=True):
    """One page of a list."""

    items: Sequence[Item]
    next_cursor: str | None
    """Give it as `after` to get the next page; null on the last one."""


def page(found: Sequence[Any], limit: int, place: Callable[[Any], str]) -> tuple[Any, str | None]:
    """Cut what was found, one more than `limit`, to a page; return it with its cursor."""
    kept = found[:limit]
    if len(found) <= limit:
        return kept, None
    return kept, cursor(place(kept[-1]))


def cursor(place: str) -> str:
    """Write where a list goes on so that programs take it as it is."""
    return base64.urlsafe_b64encode(place.encode()).rstrip(b"=").decode()


def place(after: str | None) -> str:
    """Read a cursor back; Invalid when it is none of ours."""
    if after is None:
        return ""
    try:
        raw = base64.b64decode(after + "=" * (-len(after) % 4), b"-_", validate=True)
        found = raw.decode("ascii")
    except (ValueError, binascii.Error):
        raise bad_cursor() from None
    if not found.isprintable():
        raise bad_cursor()
    return found


def bad_cursor() -> Invalid:
    """Make the refusal of a cursor."""
    message = "is not a next_cursor of this list"
    return Invalid(f"after {message}", errors=[FieldError("after", message)])


def tag(updated_at: Moment) -> str:
    """Make the ETag of a thing from when it was last changed, which always grows."""
    return f'"{updated_at:x}"'


def seen(request: Asked, updated_at: Moment) -> Moment | None:
    """Return `updated_at` when If-Match names it, None without If-Match.

    Raises:
        Stale: the thing has been changed since the caller last looked.
    """
    given = request.headers.getall("if-match", [])
    if not given:
        return None
    tags = {each.strip() for line in given for each in line.split(",")}
    if "*" in tags:
        return None
    if tag(updated_at) not in tags:
        raise Stale("it was changed since you last read it; read it again")
    return updated_at


def tagged(shown: Any, updated_at: Moment, status: int = 200) -> Response[Any]:
    """Answer with a thing and its ETag."""
    return Response(shown, status_code=status, headers={"ETag": tag(updated_at)})


async def made(
    request: Asked,
    tools: Tools,
    who: Who,
    verb: Callable[[Tools], Awaitable[Outcome]],
    show: Callable[[Outcome], Any],
) -> Response[Any]:
    """Make something with `verb` and answer 201 with what `show` makes of it.

    With an Idempotency-Key it is made once, whether asked for again or twice at the same time, and
    the answer is the same each time, for a day.
    """

    def answer(outcome: Any) -> bytes:
        return msgspec.json.encode(show(outcome))

    given = once_key(request)
    if given is None:
        return _created(answer(await verb(tools)))
    asked = await asked_once(request, who.id, given)
    outcome, told = await once(tools, asked, verb, answer)
    return _created(told, None if outcome is not None else REPLAYED)


async def once(
    tools: Tools,
    asked: AskedOnce,
    verb: Callable[[Tools], Awaitable[Outcome]],
    answer: Callable[[Any], bytes],
) -> tuple[Outcome | None, bytes]:
    """Do something once; return its outcome, None when it was done before, and its answer."""
    db = OnceDatabase(tools.db, tools.keys, tools.clock, asked, answer=answer)
    try:
        await db.look()
        try:
            outcome = await verb(_with(tools, db))
        except Problem:
            # Perhaps refused because of what the very same request did a moment ago: took the last
            # use, or the name. Then what that one was told holds here, too.
            await db.look()
            raise
    except Repeated as repeated:
        return None, repeated.answer
    return outcome, answer(outcome)


def once_key(request: Asked) -> str | None:
    """Return the caller's Idempotency-Key, if there is one; Invalid for one that is none."""
    given = request.headers.getall("idempotency-key", [])
    if not given:
        return None
    if len(given) > 1 or not _ONCE_KEY.match(given[0]):
        raise Invalid("Idempotency-Key has 1 to 255 printable ASCII characters without spaces")
    return given[0]


async def asked_once(request: Asked, scope: str, key: str) -> AskedOnce:
    """Name what is asked for, by whom."""
    what = f"{request.method} {request.url.path}".encode()
    return AskedOnce.of(scope, key, what, await request.body())


def _with(tools: Tools, once: OnceDatabase) -> Tools:
    made = copy(tools)
    made.db = once
    return made


def _created(body: bytes, headers: dict[str, str] | None = None) -> Response[Any]:
    return Response(body, status_code=201, media_type="application/json", headers=headers)
