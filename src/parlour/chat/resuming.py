"""The agent answers who has been waiting for it while a person of the team had the pen."""

from dataclasses import replace

import sqlalchemy as sa

from parlour.agents import instead, sharing
from parlour.agents import store as agents
from parlour.agents.instead import Answerer
from parlour.agents.model import Agent
from parlour.budgets import model, spending
from parlour.budgets.model import Spent
from parlour.chat import turns
from parlour.conversations import hints, holds, reading, store
from parlour.conversations import turns as rows
from parlour.conversations.holds import Held
from parlour.conversations.house import Sentence
from parlour.conversations.model import Turn, TurnState
from parlour.kit.clock import SECOND, Moment
from parlour.kit.errors import NotFound
from parlour.kit.tokens import new_id
from parlour.links import store as links
from parlour.tools import Tools

RESUME = "turns.resume"
"""The job."""

AGAIN = 5 * SECOND
"""After so long turns under way may have given back what they reserved."""


async def resume(tools: Tools, conversation_id: str) -> None:
    """Have the agent answer who has been waiting for it, now that it has the pen again.

    Only what the visitor said last is answered; what they said before it, and what people of the
    team said, the agent is shown. Nothing happens where somebody has answered, or has the pen.
    """
    await tools.db.write(_resume, tools, conversation_id)


def _resume(conn: sa.Connection, tools: Tools, conversation_id: str) -> None:
    now = tools.clock.now()
    held = holds.lock(conn, conversation_id)
    if held is None or held.completed or not held.is_free(now):
        return
    asked = reading.last_said(conn, held.id)
    agent = agents.by_id(conn, held.agent_id)
    if asked is None or asked.author_kind != "visitor" or agent is None:
        return
    if agent.published is None:
        return
    content = agents.published_content(conn, agent.id, agent.published)
    answerer = Answerer(agent.id, agent.published, content.display_name)
    turn = Turn(
        id=new_id("trn"),
        conversation_id=held.id,
        agent_id=agent.id,
        agent_version=agent.published,
        question_seq=asked.seq,
        reply_seq=0,
        state=TurnState.QUEUED,
        epoch=0,
        stop_at=None,
    )
    spent = _reserve(conn, tools, held, agent, turn.id, now=now)
    if spent is not None:
        terms = sharing.sharing_of(agent.sharing)
        other = (
            None if spent.is_waiting else instead.find(conn, held.workspace_id, terms.when_spent)
        )
        if other is None:
            _put_off(conn, tools, held, spent, now)
            return
        answerer = other
    _begin(conn, tools, held, turn, answerer, now=now)


def _begin(
    conn: sa.Connection, tools: Tools, held: Held, turn: Turn, answerer: Answerer, *, now: Moment
) -> None:
    turn = replace(
        turn,
        agent_id=answerer.agent_id,
        agent_version=answerer.version,
        reply_seq=store.take_place_of(conn, held.id, now, counted=0),
    )
    turn = turns.enqueued(conn, tools, turn)
    store.add_messages(conn, held.id, [turns.empty_reply(turn, now, answerer.name)])
    rows.add(conn, turn, now, None)
    hints.announce(conn, tools, held.id, held.workspace_id)


def _reserve(
    conn: sa.Connection, tools: Tools, held: Held, agent: Agent, turn_id: str, *, now: Moment
) -> Spent | None:
    """Reserve as for a message; a daily limit counts the visitor: nobody's place is known here."""
    terms = sharing.sharing_of(agent.sharing)
    try:
        link = links.of_workspace(conn, held.workspace_id, held.link_id)
    except NotFound:  # revoked: nobody is answered, as whoever runs the turn finds
        return None
    accounts = model.accounts(
        model.daily(held.visitor_id, terms.daily_token_limit, link.daily_token_limit),
        model.budget("link", link.id, link.budget_tokens, link.budget_period),
        model.budget("agent", agent.id, terms.budget_tokens, terms.budget_period),
    )
    tokens = terms.turn_tokens or tools.settings.turn_tokens
    left = spending.reserve(conn, turn_id, accounts, tokens, now)
    return left if isinstance(left, Spent) else None


def _put_off(conn: sa.Connection, tools: Tools, held: Held, spent: Spent, now: Moment) -> None:
    """Try again soon where turns under way may give something back; else say that it is over."""
    if spent.is_waiting:
        tools.queue.enqueue(conn, RESUME, {"conversation": held.id}, run_at=now + AGAIN)
        return
    holds.tell(conn, held.id, now, Sentence.SPENT)
    hints.announce(conn, tools, held.id, held.workspace_id)
