"""A cited passage inside its document, as pages show it: what precedes it, it, what follows."""

from typing import Any

from parlour import transcripts
from parlour.agents.library import opening
from parlour.kit.errors import NotFound
from parlour.tools import Tools
from parlour.transcripts import Shown
from parlour.web import prose


def alone(cited: dict[str, Any]) -> list[prose.Html]:
    """Return a passage as the answer quoted it, with nothing around it."""
    return [prose.NOTHING, prose.plain(cited["quote"]), prose.NOTHING]


async def library(tools: Tools, shown: Shown, agent_id: str, own: str) -> str:
    """Return whose library holds what a message cites: `own`, unless another agent wrote it."""
    wrote = await tools.db.read(transcripts.answered_by, shown)
    return own if wrote in (None, agent_id) else str(wrote)


async def around(tools: Tools, agent_id: str, cited: dict[str, Any]) -> list[prose.Html]:
    """Return what precedes the passage, it, and what follows; only it if its document is gone."""
    try:
        found = await opening.passage(tools, agent_id, cited["passage"], cited["quote"])
    except NotFound:
        return alone(cited)
    marked = [place for place, block in enumerate(found.blocks) if block.marked]
    if not marked:
        return alone(cited)
    first, last = marked[0], marked[-1] + 1
    texts = [block.text for block in found.blocks]
    parts = (texts[:first], texts[first:last], texts[last:])
    return [prose.render("\n\n".join(part)) for part in parts]
