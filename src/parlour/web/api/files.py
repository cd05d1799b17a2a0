"""Visitors' calls about files: sent ahead of the message they go along with, taken back, read."""

from typing import Annotated, Any

import msgspec
from litestar import Response, delete, get, post
from litestar.params import QueryParameter

from parlour.attachments import Held
from parlour.entrance import carrying, owned
from parlour.entrance.carrying import Sender
from parlour.kit.errors import Invalid
from parlour.tools import Tools
from parlour.web import attached, uploads
from parlour.web.api.visiting import secret_of, visitor_of
from parlour.web.counting import spared
from parlour.web.gates import LINK, Asked
from parlour.web.peers import place_of

FileName = Annotated[
    str | None,
    QueryParameter(max_length=1_000, description="What the file is called, for a raw body."),
]


class FileSent(msgspec.Struct, frozen=True):
    """A file that waits an hour for the message it goes along with."""

    id: str
    """Send it with the message, in `files`."""
    name: str
    kind: str
    """`image`, `pdf` or `text`: what its content is."""
    media_type: str
    size: int
    """Bytes; a picture is drawn anew, so of what is kept."""
    wide: int
    high: int
    """Dots of a picture, else 0."""


class FilesSent(msgspec.Struct, frozen=True):
    """Files that were sent ahead."""

    files: list[FileSent]


class FileWithdrawn(msgspec.Struct, frozen=True):
    """Whether a file that had not been sent with a message is deleted."""

    deleted: bool


@post(
    "/api/public/files/{token:str}",
    opt={"gate": LINK},
    status_code=201,
    request_max_body_size=None,
)
async def send(request: Asked, tools: Tools, token: str, filename: FileName = None) -> FilesSent:
    """Send files ahead, to go along with the next message: name their ids in its `files`.

    The body is one file, called `filename`, or a form (multipart) with several. What a file is,
    its content says. Nothing is left of one that is refused; the others wait for an hour.
    """
    session = secret_of(request, tools, token)
    sender = Sender(session, place_of(request.scope, tools, "files"))
    where = await carrying.sender_let_in(tools, token, sender)
    taking = where[1]
    taken: list[Held] = []

    async def take(given: str, content: Any) -> Held:
        if len(taken) >= taking.most:
            raise Invalid("more files than go along with one message", code="file_too_many")
        taken.append(await carrying.receive(tools, where, sender, given, content))
        return taken[-1]

    try:
        await uploads.received(request, filename, taking.bytes * taking.most, take)
    except BaseException:
        await carrying.let_go(tools, where[0], taken)
        raise
    return FilesSent([_sent(each) for each in taken])


@delete("/api/public/files/{token:str}/{file_id:str}", opt={"gate": LINK}, status_code=200)
async def withdraw(request: Asked, tools: Tools, token: str, file_id: str) -> FileWithdrawn:
    """Delete a file that was sent ahead, and with no message yet."""
    await spared(request, tools, "files taken back")
    session = secret_of(request, tools, token)
    return FileWithdrawn(await carrying.withdraw(tools, token, session, file_id))


@get("/api/public/files/{token:str}/{file_id:str}", opt={"gate": LINK})
async def read(
    request: Asked,
    tools: Tools,
    token: str,
    file_id: str,
    session_id: str | None = None,
    session_token: str | None = None,
) -> Response[Any]:
    """Read a file that the visitor sent, also in a conversation which they put away."""
    await spared(request, tools, "files read")
    door = await visitor_of(request, tools, token, session_id, session_token, find=owned)
    return await attached.own_given_out(tools, door.visitor_id or "", file_id)


def _sent(held: Held) -> FileSent:
    return FileSent(held.id, held.name, held.kind, held.media_type, held.size, held.wide, held.high)


HANDLERS = [send, withdraw, read]
