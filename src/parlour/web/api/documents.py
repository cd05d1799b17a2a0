"""Uploaded documents of an agent for programs: list, upload, remove."""

from typing import Annotated

import msgspec
from litestar import delete, get, post
from litestar.params import QueryParameter

from parlour.agents import uploading
from parlour.rights import Permission, Who
from parlour.tools import Tools
from parlour.web import uploads
from parlour.web.api import asking
from parlour.web.api.agents import find
from parlour.web.api.asking import After, Limit, Page
from parlour.web.api.draft_shapes import DocumentShown, document_shown
from parlour.web.gates import Asked, key

_SEE = {"gate": key(Permission.AGENTS_SEE)}
_MANAGE = {"gate": key(Permission.AGENTS_MANAGE)}

FileName = Annotated[
    str | None,
    QueryParameter(max_length=1_000, description="What the document is called, for a raw body."),
]


class DocumentsAdded(msgspec.Struct, frozen=True):
    """Documents that were uploaded."""

    documents: list[DocumentShown]


class DocumentRemoved(msgspec.Struct, frozen=True):
    """A document that the draft has no longer."""

    message: str
    name: str


@get("/api/agents/{name:str}/documents", opt=_SEE)
async def documents(
    tools: Tools, who: Who, name: str, limit: Limit = 50, after: After = None
) -> Page[DocumentShown]:
    """List the documents uploaded to an agent's draft, by name."""
    found = await tools.db.browse(uploading.listed, await find(tools, who, name))
    try:
        behind = bytes.fromhex(asking.place(after)).decode()
    except ValueError:
        raise asking.bad_cursor() from None
    rest = [each for each in found if each.document.name > behind]
    kept, cursor = asking.page(
        rest[: limit + 1], limit, lambda each: each.document.name.encode().hex()
    )
    return Page([document_shown(each) for each in kept], cursor)


@post(
    "/api/agents/{name:str}/documents",
    opt=_MANAGE,
    status_code=201,
    request_max_body_size=None,
)
async def upload(
    request: Asked, tools: Tools, who: Who, name: str, filename: FileName = None
) -> DocumentsAdded:
    """Upload documents to an agent's draft.

    The body is one document, called `filename`, or a form (multipart) with several. Markdown,
    text, HTML or PDF, told by its content. One of the same name is replaced. Visitors get
    answers from it once the draft is published.
    """
    agent = await find(tools, who, name)
    added = await uploads.received(
        request,
        filename,
        tools.settings.upload_agent_bytes,
        lambda given, content: uploading.add(tools, who, agent, given, content),
    )
    names = {each.document.name for each in added}
    listed = await tools.db.browse(uploading.listed, added[-1].agent)
    return DocumentsAdded([document_shown(each) for each in listed if each.document.name in names])


@delete("/api/agents/{name:str}/documents", opt=_MANAGE, status_code=200)
async def remove_document(
    tools: Tools, who: Who, name: str, filename: Annotated[str, QueryParameter(max_length=1_000)]
) -> DocumentRemoved:
    """Remove a document from an agent's draft; visitors get no answers from it once published."""
    await uploading.remove(tools, who, await find(tools, who, name), filename)
    return DocumentRemoved("the document has been removed from the draft", filename)


HANDLERS = [documents, upload, remove_document]
