"""What is held of a visitor beside what was said: shares, calls, sessions in numbers, tokens."""

from dataclasses import dataclass

import sqlalchemy as sa

from parlour import sharing
from parlour.budgets.spending import spending
from parlour.conversations.handoffs import Handoff, handoffs
from parlour.insights.tables import sittings
from parlour.kit.clock import Moment
from parlour.rights import Who
from parlour.sharing.store import Reader, Share
from parlour.transcripts import visitor


@dataclass(frozen=True, slots=True)
class Session:
    """A stretch of a conversation, in numbers."""

    conversation_id: str | None
    began_at: Moment
    ended_at: Moment
    questions: int
    answers: int
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class Spent:
    """Tokens that were counted for the visitor's limit."""

    tokens: int
    at: Moment
    """When the last of them were."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What is held beside what was said."""

    shares: list[tuple[Share, list[Reader]]]
    calls: list[Handoff]
    """When a person was asked for, and what came of it."""
    sessions: list[Session]
    spent: list[Spent]


def beside(conn: sa.Connection, who: Who, visitor_id: str) -> Beside:
    """Return it, as somebody may see it; NotFound where they may not see the visitor."""
    profile = visitor.profile(conn, who, visitor_id)
    ids = profile.conversations
    columns = [handoffs.c[name] for name in Handoff.__slots__]
    calls = sa.select(*columns).where(handoffs.c.conversation_id.in_(ids))
    numbers = sa.select(*(sittings.c[name] for name in Session.__slots__))
    numbers = numbers.where(sittings.c.visitor_id == profile.visitor.id)
    spent = sa.select(spending.c.spent, spending.c.at)
    spent = spent.where(spending.c.holder == f"by:{profile.visitor.id}")
    return Beside(
        [each for id_ in ids for each in sharing.every(conn, who, id_)],
        [Handoff(*row) for row in conn.execute(calls.order_by(handoffs.c.asked_at))],
        [Session(*row) for row in conn.execute(numbers.order_by(sittings.c.began_at))],
        [Spent(*row) for row in conn.execute(spent)],
    )
