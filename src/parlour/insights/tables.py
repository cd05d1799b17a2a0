"""The tables of insights: what was counted by the hour, sittings, openings, and on which terms."""

from typing import Final

import sqlalchemy as sa

from parlour.events.accounting import AMOUNTS
from parlour.kit.db import followers, metadata

_LATER: Final = dict.fromkeys(("again", "edited"), "0")
"""What is counted since hours had been counted without it."""

hourly = sa.Table(
    "hourly_counts",
    metadata,
    sa.Column("at", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("workspace_id", sa.String(40), primary_key=True),
    sa.Column("agent_id", sa.String(40), primary_key=True),
    sa.Column("link_id", sa.String(40), primary_key=True),
    *(
        sa.Column(name, sa.BigInteger, nullable=False, server_default=_LATER.get(name))
        for name in AMOUNTS
    ),
    sa.Index("hourly_counts_workspace", "workspace_id", "at"),
)
"""What happened by one link in an hour, or in a quarter of one for zones that are not whole hours
away from UTC. These are bare numbers, which outlast what they were counted from."""

counted = sa.Table(
    "hourly_counted",
    metadata,
    sa.Column("at", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("facts", sa.BigInteger, nullable=False),
)
"""How many events there were in an hour when it was counted."""

marks = sa.Table(
    "insights_marks",
    metadata,
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False),
)
"""Up to which moment, or which event, has been read what happened."""

sittings = sa.Table(
    "sittings",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("workspace_id", sa.String(40), nullable=False),
    sa.Column("agent_id", sa.String(40), nullable=False),
    sa.Column("link_id", sa.String(40), nullable=False),
    sa.Column("conversation_id", sa.ForeignKey("conversations.id", ondelete="SET NULL")),
    sa.Column("visitor_id", sa.ForeignKey("visitors.id", ondelete="SET NULL")),
    sa.Column("first_seq", sa.Integer, nullable=False),
    sa.Column("last_seq", sa.Integer, nullable=False),
    sa.Column("began_at", sa.BigInteger, nullable=False),
    sa.Column("ended_at", sa.BigInteger, nullable=False),
    sa.Column("silent_at", sa.BigInteger, nullable=False),
    sa.Column("longest_at", sa.BigInteger, nullable=False),
    sa.Column("over", sa.String(20)),
    sa.Column("questions", sa.Integer, nullable=False),
    sa.Column("answers", sa.Integer, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("words", sa.Integer, nullable=False),
    sa.Column("input_tokens", sa.BigInteger, nullable=False),
    sa.Column("output_tokens", sa.BigInteger, nullable=False),
    sa.Column("good", sa.Integer, nullable=False, server_default="0"),
    sa.Column("poor", sa.Integer, nullable=False, server_default="0"),
    sa.Column("handed", sa.Boolean, nullable=False),
    sa.Index("sittings_workspace", "workspace_id", "began_at", "id"),
    sa.Index("sittings_link", "link_id", "began_at", "id"),
    sa.Index("sittings_conversation", "conversation_id", "first_seq", unique=True),
    sa.Index("sittings_visitor", "visitor_id"),
)
"""A stretch of a conversation, from a message of its visitor until a silence; in the studio it is
a session. `ended_at` is its last message, `silent_at` and `longest_at` are when it is over if
nothing else is said, `over` is why it ended otherwise. Of what was forgotten the numbers stay."""

derived: Final = sa.MetaData()
"""Tables that are made from others, by a job: they are in no backup, and are made anew."""

folded_days = sa.Table(
    "folded_days",
    derived,
    sa.Column("workspace_id", sa.String(40), primary_key=True),
    sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("zone", sa.String(60), nullable=False),
)
"""Which days are kept as sheets, numbered since 1970, and in which zone they began and ended."""

folded_sheets = sa.Table(
    "folded_sheets",
    derived,
    sa.Column("workspace_id", sa.String(40), primary_key=True),
    sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("agent_id", sa.String(40), primary_key=True),
    sa.Column("links", sa.Text, nullable=False),
    sa.Column("amounts", sa.LargeBinary, nullable=False),
    sa.Column("hours", sa.LargeBinary, nullable=False),
    sa.Column("came", sa.LargeBinary, nullable=False),
    sa.Column("apart", sa.LargeBinary, nullable=False),
)
"""What a day came to with one agent, as `sheets` packs it."""

folded_stale = sa.Table(
    "folded_stale",
    derived,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("workspace_id", sa.String(40), nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Index("folded_stale_workspace", "workspace_id", "at"),
)
"""Something that is counted at a moment has changed: a sheet of its day counts no more. The
migration has the database add a row by itself, whoever it is that changes hours, openings or
sittings: a process of an earlier version too, and the end of a visitor."""

followers.add("folded_")

openings = sa.Table(
    "openings",
    metadata,
    sa.Column("at", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("workspace_id", sa.String(40), primary_key=True),
    sa.Column("agent_id", sa.String(40), primary_key=True),
    sa.Column("link_id", sa.String(40), primary_key=True),
    sa.Column("times", sa.BigInteger, nullable=False),
    sa.Index("openings_workspace", "workspace_id", "at"),
)
"""How often a link's page was opened in a quarter of an hour."""

terms = sa.Table(
    "insights_terms",
    metadata,
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id"), primary_key=True),
    sa.Column("zone", sa.String(60), nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
    sa.Column("updated_by", sa.String(200), nullable=False),
)
"""In which zone a workspace counts its days, and what money is."""

prices = sa.Table(
    "token_prices",
    metadata,
    sa.Column("agent_id", sa.ForeignKey("agents.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("workspace_id", sa.String(40), nullable=False),
    sa.Column("input", sa.BigInteger, nullable=False),
    sa.Column("output", sa.BigInteger, nullable=False),
)
"""What a million tokens of an agent cost, in millionths of the workspace's money."""

said = sa.Table(
    "said",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("workspace_id", sa.String(40), nullable=False),
    sa.Column("agent_id", sa.String(40), nullable=False),
    sa.Column("link_id", sa.String(40), nullable=False),
    sa.Column("conversation_id", sa.String(40), nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("author_kind", sa.String(20), nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("lack", sa.String(20)),
    sa.Column("rating", sa.SmallInteger),
    sa.Column("terms", sa.Text, nullable=False),
    sa.ForeignKeyConstraint(
        ["conversation_id", "seq"],
        ["messages.conversation_id", "messages.seq"],
        ondelete="CASCADE",
    ),
    sa.Index("said_workspace", "workspace_id", "id"),
    sa.Index("said_place", "conversation_id", "seq", unique=True),
)
"""By which words a message is found; its id begins with when it was said, so that the latest come
first. `lack` is what a question was left without, `rating` what a visitor made of an answer. The
migration has the database index `terms` by itself: whatever puts a row here, or takes it away, has
it found, or found no more. In the index the terms of each stretch of time stand apart."""

STRETCH: Final = 50
"""Bits of an id below the number of its stretch, which is twelve and a half days."""

followers.add("said_words")

sa.Index(
    "said_lacking",
    said.c.workspace_id,
    said.c.id,
    sqlite_where=said.c.lack.is_not(None),
    postgresql_where=said.c.lack.is_not(None),
)

_IS_RATED: Final = said.c.rating.is_not(None)
sa.Index(
    "said_rated",
    said.c.workspace_id,
    said.c.rating,
    said.c.id,
    sqlite_where=_IS_RATED,
    postgresql_where=_IS_RATED,
)

views = sa.Table(
    "saved_views",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id"), nullable=False),
    sa.Column("owner_id", sa.String(40), nullable=False),
    sa.Column("name", sa.String(60), nullable=False),
    sa.Column("query", sa.String(1000), nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Index("saved_views_owner", "workspace_id", "owner_id"),
)
"""What somebody looks at again and again: the part of an address behind its path."""
