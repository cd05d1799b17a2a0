"""The page of a cited source: the passage inside its document."""

from litestar import Response, get

from parlour import transcripts
from parlour.agents import keeping
from parlour.kit.errors import NotFound
from parlour.links.rules import Refuse
from parlour.tools import Tools
from parlour.web import edge, framing, pages, passages, tongues
from parlour.web.counting import spared
from parlour.web.gates import LINK, Asked
from parlour.web.pages import SourceView
from parlour.web.sheets import tab_icon
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
    await spared(request, tools, "sources")
    door = await door_of(request, tools, token)
    if door.conversation_id is None:
        raise NotFound("there is nothing here")
    shown = await tools.db.read(transcripts.one_for_visitor, door.conversation_id, message_id)
    cited = None if shown is None else next((c for c in shown.citations if c["n"] == n), None)
    if shown is None or cited is None:
        raise NotFound("there is nothing here")
    nonce = edge.nonce()
    own = keeping.library_of(door.content, door.agent_id) if door.content else door.agent_id
    library = await passages.library(tools, shown, door.agent_id, own)
    before, passage, after = await passages.around(tools, library, cited)
    view = SourceView(
        token=token,
        nonce=nonce,
        message_id=message_id,
        n=n,
        title=cited["section"].rpartition(" › ")[2] or cited["title"],
        source=cited["source"],
        language=tongues.of(request.scope, door.language),
        kept=tongues.kept(request.scope),
        ended=isinstance(door.verdict, Refuse) and door.verdict.why.is_over,
        trail=" › ".join(filter(None, (cited["source"], cited["section"]))),
        before=before,
        passage=passage,
        after=after,
        tab=tab_icon(
            door.content.avatar if door.content else "", door.agent_name, door.accent or ""
        ),
        accent=door.accent or "",
    )
    allowed = framing.policy(request.scope, nonce, door.origins, preview=door.preview)
    headers = {"Content-Security-Policy": allowed}
    return Response(pages.source(view), media_type="text/html", headers=headers)
