"""Previews: an agent apart that answers with another one's draft, for those who try it.

Its rows lie in a workspace of their own, which nobody belongs to, so that no list, number or
search of a team can come upon what was said while trying.
"""

from typing import Any

import msgspec
import sqlalchemy as sa

from parlour.agents import store, versions
from parlour.agents.keeping import PREPARE, kind_of
from parlour.agents.model import Agent, Content
from parlour.kit.tokens import new_id
from parlour.tools import Tools

_KEPT = 10
"""Versions of a preview: a question that waits is answered by the one it was asked of."""


async def mirror(tools: Tools, agent: Agent, home: str) -> Agent:
    """Return the preview of an agent, answering with the draft as it is now.

    `home` is the id of the workspace that previews lie in.
    """

    def unit(conn: sa.Connection) -> Agent:
        held = store.hold(conn, agent.id)
        content = _content(conn, held)
        now = tools.clock.now()
        preview = store.preview_of(conn, held.id)
        if preview is None:
            preview = Agent(
                id=new_id("agt"),
                workspace_id=home,
                name=held.id,
                live=True,
                published=None,
                draft=content,
                created_at=now,
                updated_at=now,
                draft_of=held.id,
            )
            store.insert(conn, preview)
        elif preview.published is not None and preview.draft == content:
            return preview
        number = store.add_version(conn, preview.id, content, now)
        store.prune_versions(conn, preview.id, number - _KEPT)
        values: dict[str, Any] = {"published": number, "draft": msgspec.to_builtins(content)}
        at = store.change(conn, preview, now, **values)
        tools.queue.enqueue(conn, PREPARE, {"agent": preview.id})
        return msgspec.structs.replace(preview, published=number, draft=content, updated_at=at)

    return await tools.db.write(unit)


def _content(conn: sa.Connection, agent: Agent) -> Content:
    kind = kind_of(agent.draft.backend)
    present = versions.published(conn, agent)
    same = present is not None and present.content.backend == agent.draft.backend
    published = kind.load(present.content.config) if present is not None and same else None
    config = kind.mirrored(kind.load(agent.draft.config), published, agent.id)
    return msgspec.structs.replace(agent.draft, config=kind.stored(config))
