"""The interface describing itself: as OpenAPI for programs, as a page for people."""

from typing import Any, Final

from litestar import Response, get

from parlour.web.api import (
    answers,
    contact,
    describing,
    embedding,
    files,
    identity,
    manage,
    manual,
    own,
    public,
    remembered,
    service,
    verify,
)
from parlour.web.gates import OPEN, Asked

_OPEN = {"gate": OPEN}
_PAGE_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


@get("/openapi.json", opt=_OPEN, sync_to_thread=False)
def openapi(request: Asked) -> dict[str, Any]:
    """Describe every call of this interface, as OpenAPI."""
    return describing.described(request.app, CALLS)


@get("/docs", opt=_OPEN, media_type="text/html", sync_to_thread=False)
def docs(request: Asked) -> Response[bytes]:
    """Show the interface's description as a page."""
    page = manual.page(describing.described(request.app, CALLS))
    headers = {"Content-Security-Policy": _PAGE_POLICY}
    return Response(page, media_type="text/html", headers=headers)


HANDLERS = [openapi, docs]
CALLS = (
    *public.HANDLERS,
    *files.HANDLERS,
    *answers.HANDLERS,
    *contact.HANDLERS,
    *verify.HANDLERS,
    *embedding.HANDLERS,
    *identity.HANDLERS,
    *remembered.HANDLERS,
    *own.HANDLERS,
    *manage.HANDLERS,
    *service.HANDLERS,
    *HANDLERS,
)
"""What the description tells of: all that programs may call."""
