"""Finding links as people look for them: by a part of a name, of their agent's, or by address."""

from collections.abc import Collection
from typing import Any

from parlour.agents.model import Agent
from parlour.agents.sharing import by_invitation
from parlour.links.listing import Search
from parlour.rights import Permission, Who
from parlour.tools import Tools


def search(tools: Tools, agents: Collection[Agent], text: str, who: Who, **more: Any) -> Search:
    """Make a search among the links of these agents for what somebody typed or pasted."""
    text = text.strip()
    part = text.lower()
    named = [each.id for each in agents if part and _speaks_of(each, part)]
    token = text.partition("?")[0].rstrip("/").rpartition("/")[2]
    genuine = tools.keys.open_link(token) if token else None
    return Search(
        agents=[each.id for each in agents],
        answering=[each.id for each in agents if each.live and each.published is not None],
        invited=[each.id for each in agents if by_invitation(each)],
        text=text,
        blind=is_blind(who),
        named=named,
        link_id=None if genuine is None else genuine.link_id,
        **more,
    )


def is_blind(who: Who) -> bool:
    """Whether names of links that are addresses are masked for this one; see `transcripts`."""
    return not (who.sees_personal or who.may(Permission.LINKS_MANAGE))


def _speaks_of(agent: Agent, part: str) -> bool:
    return part in agent.name or part in agent.draft.display_name.lower()
