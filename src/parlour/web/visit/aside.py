"""A page beside the chat: under the agent's name, in the visitor's language, with the way back."""

from typing import Any

from litestar import Response

from parlour.entrance import Door
from parlour.kit.errors import Problem
from parlour.web import edge, framing, problems, tongues
from parlour.web.assets import assets
from parlour.web.gates import Asked
from parlour.web.sheets import template
from parlour.web.words import Catalogue, spoken


def words_of(request: Asked, door: Door) -> Catalogue:
    """Return what the page says, in the visitor's language."""
    return spoken(tongues.of(request.scope, door.language))[1]


def action_of(request: Asked, name: str) -> str:
    """Return where the page of this name is, and its form goes, in the language it was asked in."""
    return f"/chat/{request.path_params['token']}/{name}{tongues.kept(request.scope)}"


def page(
    request: Asked, door: Door, name: str, problem: Problem | None = None, **more: Any
) -> Response[Any]:
    """Show the page of this name; `more` is what its template shows besides.

    With a problem it is the answer to what was sent, with the problem's status and headers.
    """
    nonce, token = edge.nonce(), request.path_params["token"]
    language, words = spoken(tongues.of(request.scope, door.language))
    content = door.content
    shown = template(f"{name}.html").render(
        base=assets().base,
        nonce=nonce,
        language=language,
        direction=words.direction,
        w=words.page,
        accent=door.accent or "",
        name=door.agent_name,
        subtitle="" if content is None else content.description,
        picture="" if content is None else content.avatar,
        action=action_of(request, name),
        home=tongues.home(request.scope, token),
        **more,
    )
    policy = framing.policy(request.scope, nonce, door.origins, preview=door.preview)
    headers = {"Content-Security-Policy": policy}
    if problem is not None:
        headers |= problems.headers_of(problem)
    status = 200 if problem is None else problem.status
    return Response(shown.encode(), status_code=status, media_type="text/html", headers=headers)
