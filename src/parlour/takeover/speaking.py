"""What a person says in a conversation while they have its pen."""

from collections.abc import Callable
from dataclasses import replace

import sqlalchemy as sa

from parlour import events
from parlour.conversations import hints, holds, reading, texts
from parlour.conversations.model import Message
from parlour.kit.clock import MINUTE
from parlour.kit.errors import Conflict, NotFound
from parlour.rights import Who
from parlour.takeover.holding import keep, mine
from parlour.tools import Tools


async def say(
    tools: Tools,
    who: Who,
    conversation_id: str,
    text: str,
    client_id: str | None = None,
    *,
    judge: Callable[[sa.Connection], None] | None = None,
) -> Message:
    """Say something as the person who has the pen; stored when this returns, and it renews it.

    The same `client_id` again stores nothing and returns what was said the first time.

    Raises:
        Conflict: this one has not the pen, or has lost it, or the id is one of the visitor's, or
        the visitor has closed the conversation; nothing was said.
        Invalid, TooLarge: a text that is none, or too long.
        Whatever `judge` raises, inside the transaction, for one who may not speak here any more.
    """
    text = texts.checked(text, tools.settings.max_message_chars)
    texts.checked_id(client_id)

    def unit(conn: sa.Connection) -> Message:
        now = tools.clock.now()
        if judge is not None:
            judge(conn)
        held = holds.lock(conn, conversation_id)
        if held is None:
            raise NotFound("there is no such conversation")
        if client_id is not None:
            before = reading.by_client_id(conn, conversation_id, client_id, by_visitor=False)
            if before is not None:
                return before
        if held.closed:
            raise Conflict("the visitor has closed this conversation", code="closed")
        hold = mine(held, who, now)
        kind = "guest" if who.kind == "guest" else "operator"
        # Guests of one share write under the names they came by; the pen is their share's.
        name = who.name if kind == "guest" else hold.by_name
        said = holds.say(conn, held.id, now, text, kind=kind, name=name, client_id=client_id)
        lasts = round(tools.settings.hold_minutes * MINUTE)
        if kind == "operator":
            keep(conn, held, replace(hold, until=max(hold.until, now + lasts)))
        told = {"message": said.id}
        events.record(conn, events.Kind.MESSAGE_CREATED, who, now, **held.about, data=told)
        hints.announce(conn, tools, held.id, held.workspace_id)
        return said

    return await tools.db.write(unit)
