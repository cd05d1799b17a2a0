"""The picture that stands for an agent: taken in and taken away again, as a part of its draft."""

import asyncio

import msgspec
import sqlalchemy as sa

from parlour.agents import keeping, store
from parlour.agents.model import Agent
from parlour.kit.clock import Moment
from parlour.pictures import remade
from parlour.pictures import store as pictures
from parlour.rights import Who
from parlour.tools import Tools


async def put(
    tools: Tools, who: Who, agent: Agent, content: bytes | None, seen: Moment | None = None
) -> Agent:
    """Have a picture stand for an agent, made anew from `content`; None takes it away.

    Visitors see it once the draft is published. `seen`: the agent's `updated_at` when the caller
    last looked; Stale when it was changed since. Invalid and TooLarge as `pictures.remade` says.
    """
    made = None if content is None else await asyncio.to_thread(remade, content, "avatar")

    def unit(conn: sa.Connection) -> Agent:
        held = store.hold(conn, agent.id)
        if seen is not None and held.updated_at != seen:
            raise keeping.stale(held)
        now = tools.clock.now()
        avatar = ""
        if made is not None:
            avatar = pictures.add(conn, (held.id, held.id, held.workspace_id), made, now)
        if avatar == held.draft.avatar:
            return held
        draft = msgspec.structs.replace(held.draft, avatar=avatar)
        changed = keeping.redraft(conn, who, held, draft, now, fields=["avatar"])
        keeping.drop_unnamed(conn, changed)
        return changed

    return await tools.db.write(unit)
