"""Receiving uploaded files as they come in, raw or from a form, without holding them in memory."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from litestar.datastructures import UploadFile
from litestar.exceptions import HTTPException
from multipart import MultipartError, MultipartSegment, PushMultipartParser

from parlour.kit.errors import FieldError, Invalid, Problem, TooLarge
from parlour.pictures import MOST_BYTES
from parlour.web.gates import Asked

Outcome = TypeVar("Outcome")
Take = Callable[[str, AsyncIterator[bytes]], Awaitable[Outcome]]
"""Takes a file in: the name its sender gives it, and its content."""

_MOST_FILES: Final = 200
_FORM_BYTES: Final = 1_048_576
"""For what a form holds beside its files."""


@dataclass(frozen=True, slots=True)
class _Start:
    """A part of a form begins; `name` is that of its file, if it is one."""

    name: str
    field: str = ""
    is_file: bool = False


_Event = _Start | bytes
"""The end of a part is no bytes."""


async def received(
    request: Asked, name: str | None, most: int, take: Take[Outcome]
) -> list[Outcome]:
    """Hand every file of a request to `take`, one after another; `most` bytes in all.

    A form (`multipart/form-data`) may hold several. Any other body is one file, called `name`.

    Raises:
        Invalid: there is no file, or no name. TooLarge: more than `most`. Whatever `take` raises;
        files before that one stay taken.
    """
    kind, options = request.content_type
    body = _bounded(request, most + _FORM_BYTES)
    if kind == "multipart/form-data":
        taken = await _each(_events(body, options.get("boundary", "")), take)
    elif name:
        taken = [await take(name, body)]
    else:
        raise Invalid("say what the document is called: ?filename=handbook.pdf")
    if not taken:
        raise Invalid("there is no document in this form")
    return taken


async def form(
    request: Asked, most: int, take: Take[Outcome], fields: list[tuple[str, str]]
) -> list[Outcome]:
    """Read a form that holds fields and files: fields are added to `fields`, files go to `take`.

    Each as it comes; `most` bytes of files in all.

    Raises:
        Invalid: it is no such form. TooLarge: more than that. Whatever `take` raises.
    """
    kind, options = request.content_type
    if kind != "multipart/form-data":
        raise Invalid("this is not a form that was sent whole")
    body = _bounded(request, most + _FORM_BYTES)
    events = _events(body, options.get("boundary", ""))
    taken: list[Outcome] = []
    async for event in events:
        if not isinstance(event, _Start):
            continue
        if event.name:
            taken.append(await take(event.name, _content(events)))
        elif not event.is_file:
            fields.append((event.field, await _field(events)))
    return taken


async def _field(events: AsyncIterator[_Event]) -> str:
    found = bytearray()
    async for piece in _content(events):
        found += piece
        if len(found) > _FORM_BYTES:
            raise TooLarge("a field of this form is too large")
    return found.decode("utf-8", "replace")


PICTURE_BYTES: Final = MOST_BYTES + 65_536
"""Of a whole request that brings a picture."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What somebody sends who puts a picture somewhere."""

    content: bytes | None
    """None takes the one that is there away."""
    seen: str = ""
    """Which state was on the page, as a form says it."""


async def picture(request: Asked) -> Picture:
    """Read a picture that is the whole body, or the field `picture` of a form; Invalid without one.

    A form whose field `act` is `remove` asks to take it away.
    """
    kind, _ = request.content_type
    if kind not in ("multipart/form-data", "application/x-www-form-urlencoded"):
        content, seen = await request.body(), ""
    else:
        form = await request.form()
        seen, sent = str(form.get("seen", "")), form.get("picture")
        if form.get("act") == "remove":
            return Picture(None, seen)
        content = await sent.read() if isinstance(sent, UploadFile) else b""
    if not content:
        raise Invalid("there is no picture", errors=[FieldError("picture", "choose a picture")])
    return Picture(content, seen)


def told(problem: Problem) -> str:
    """Say in a sentence what is wrong with a picture that was sent."""
    said = problem.errors[0].message if problem.errors else problem.detail
    return f"{said[:1].upper()}{said[1:]}."


async def _bounded(request: Asked, most: int) -> AsyncIterator[bytes]:
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > most:
                raise TooLarge("all documents of this upload together are too large")
            if chunk:
                yield chunk
    except HTTPException:
        raise Problem("the upload broke off", code="broken_off") from None


async def _events(body: AsyncIterator[bytes], boundary: str) -> AsyncIterator[_Event]:
    try:
        with PushMultipartParser(boundary, max_segment_count=_MOST_FILES) as parser:
            async for chunk in body:
                for event in parser.parse(chunk):
                    if isinstance(event, MultipartSegment):
                        yield _Start(event.filename or "", event.name, event.filename is not None)
                    else:
                        yield bytes(event or b"")
    except (MultipartError, ValueError):
        raise Invalid("this is not a form that was sent whole") from None


async def _each(events: AsyncIterator[_Event], take: Take[Outcome]) -> list[Outcome]:
    taken: list[Outcome] = []
    async for event in events:
        # A file field in which nothing was chosen comes without a name.
        if isinstance(event, _Start) and event.name:
            taken.append(await take(event.name, _content(events)))  # noqa: PERF401 - shares events
    return taken


async def _content(events: AsyncIterator[_Event]) -> AsyncIterator[bytes]:
    async for event in events:
        if not isinstance(event, bytes) or not event:
            return
        yield event
