"""What an agent asks of the house in a reply: a person to come, a share, or to be done."""

from typing import Any

import sqlalchemy as sa

from parlour import events
from parlour.agents.variables import Definition
from parlour.chat.summoning import summon
from parlour.chat.writing import Writing
from parlour.conversations import holds, store
from parlour.conversations import turns as rows
from parlour.conversations.handoffs import By, Summons
from parlour.conversations.house import Sentence
from parlour.conversations.model import Completed, Pen, Reason, Turn
from parlour.kit.clock import MINUTE
from parlour.rights import Who
from parlour.tools import Tools

SHARE = "sharing.share"
"""The job that shares a conversation; who does it stands elsewhere."""


def hand_off(conn: sa.Connection, tools: Tools, who: Who, turn: Turn, writing: Writing) -> bool:
    """Ask for a person if the reply of a turn says so; questions that wait, wait for them, too.

    The conversation's row is held by this transaction. False: nobody was asked for, or somebody
    is there already.
    """
    if not any(each.name == "handoff" for each in writing.actions):
        return False
    now = tools.clock.now()
    held = holds.lock(conn, turn.conversation_id)
    if held is None or held.closed or held.pen(now) is not Pen.AGENT:
        return False
    until = now + round(tools.settings.handoff_minutes * MINUTE)
    summon(conn, tools, held, Summons(who, By.AGENT, until, {"turn": turn.id}))
    holds.tell(conn, held.id, now, Sentence.ASKED)
    return True


def form(definitions: tuple[Definition, ...], writing: Writing) -> list[dict[str, Any]]:
    """Return what a form below the reply asks for, if the reply wants one: as defined just now."""
    asked = next((each for each in writing.actions if each.name == "form"), None)
    names = None if asked is None else asked.arguments.get("variables")
    if not isinstance(names, list):
        return []
    return [
        {
            "name": each.name,
            "label": each.title,
            "type": each.type.value,
            "options": list(each.options),
            "required": each.required,
        }
        for each in definitions
        if each.name in names and not each.signed
    ]


def share(conn: sa.Connection, tools: Tools, turn: Turn, writing: Writing) -> None:
    """Have the conversation shared if the reply of a turn says so, once for one reply."""
    asked = next((each for each in writing.actions if each.name == "share"), None)
    if asked is not None:
        payload = {"conversation": turn.conversation_id, "arguments": dict(asked.arguments)}
        tools.queue.enqueue(conn, SHARE, payload)


def resolve(conn: sa.Connection, tools: Tools, who: Who, turn: Turn, writing: Writing) -> None:
    """Take a conversation for done if the reply of a turn says so, until its visitor writes again.

    Not where the visitor has asked more meanwhile, or a person has the pen or was asked for.
    """
    if not any(each.name == "resolve" for each in writing.actions):
        return
    now = tools.clock.now()
    held = holds.lock(conn, turn.conversation_id)
    if held is None or held.closed or held.completed or held.pen(now) is not Pen.AGENT:
        return
    if rows.next_in_line(conn, held.id) is not None:
        return
    store.complete(conn, held.id, Completed(now, "the agent", Reason.SOLVED))
    told = {"turn": turn.id, "reason": Reason.SOLVED.value}
    completed = events.Kind.CONVERSATION_COMPLETED
    events.record(conn, completed, who, now, **held.about, data=told)
