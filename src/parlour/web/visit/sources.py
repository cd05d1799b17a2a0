"""The page of a cited source: the passage inside its document."""

from typing import Any

from litestar import Response, get

from parlour import transcripts
from parlour.agents import keeping
from parlour.agents.library import opening
from parlour.kit.errors import NotFound
from parlour.links.rules import Refuse
from parlour.tools import Tools
from parlour.web import edge, pages, prose
from parlour.web.gates import LINK, Asked
from parlour.web.pages import SourceView
from parlour.web.visit.room import door_of


@get(
    [
        "/chat/{token:str}/sources/{message_id:str}/{n:int}",
        "/public/chat/{token:str}/sources/{message_id:str}/{n:int}",
    ],
    opt={"gate": LINK},
)
async def source_page(
    request: Asked, tools: Tools, token: str, message_id: str, n: int
) -> Response[bytes]:
    """Show a passage that an answer of the visitor's own conversation cites."""
    door = await door_of(request, tools, token)
    if door.conversation_id is None:
        raise NotFound("there is nothing here")
    shown = await tools.db.read(transcripts.one_for_visitor, door.conversation_id, message_id)
    cited = None if shown is None else next((c for c in shown.citations if c["n"] == n), None)
    if cited is None:
        raise NotFound("there is nothing here")
    nonce = edge.nonce()
    library = keeping.library_of(door.content, door.agent_id) if door.content else door.agent_id
    before, passage, after = await _around(tools, library, cited)
    view = SourceView(
        token=token,
        nonce=nonce,
        message_id=message_id,
        n=n,
        title=cited["section"].rpartition(" › ")[2] or cited["title"],
        source=cited["source"],
        ended=isinstance(door.verdict, Refuse) and door.verdict.why.is_over,
        trail=" › ".join(filter(None, (cited["source"], cited["section"]))),
        before=before,
        passage=passage,
        after=after,
        accent=door.accent or "",
    )
    headers = {"Content-Security-Policy": edge.page_policy(nonce, framed=door.preview)}
    return Response(pages.source(view), media_type="text/html", headers=headers)


async def _around(tools: Tools, agent_id: str, cited: dict[str, Any]) -> list[prose.Html]:
    """Return what precedes the passage, it, and what follows; only it if its document is gone."""
    alone = [prose.NOTHING, prose.plain(cited["quote"]), prose.NOTHING]
    try:
        found = await opening.passage(tools, agent_id, cited["passage"], cited["quote"])
    except NotFound:
        return alone
    marked = [place for place, block in enumerate(found.blocks) if block.marked]
    if not marked:
        return alone
    first, last = marked[0], marked[-1] + 1
    texts = [block.text for block in found.blocks]
    parts = (texts[:first], texts[first:last], texts[last:])
    return [prose.render("\n\n".join(part)) for part in parts]
