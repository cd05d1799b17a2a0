"""A year of conversations, always the same one, as rows of every table that they touch."""

import random
from collections.abc import Iterator
from typing import Any, Final

from bench.filling import Columns, Rows
from parlour.conversations.outline import Fact
from parlour.events import Kind
from parlour.insights.indexing import id_of
from parlour.insights.sitting import cut
from parlour.insights.wording import terms
from parlour.kit.clock import DAY, HOUR, MINUTE, SECOND, Moment
from parlour.links.uses import Terms

Door = tuple[str, str]
"""An agent and a link of it."""
EACH: Final = 50
"""Messages of a conversation."""
DAYS: Final = 365
AT_ONCE: Final = 400
"""Conversations that are stored together."""
_TERMS: Final = Terms(HOUR, DAY)
_POOL: Final = 5_000

COLUMNS: Final[Columns] = {
    "visitors": ("id", "workspace_id", "agent_id", "link_id", "created_at"),
    "conversations": ("id", "workspace_id", "agent_id", "link_id", "visitor_id", "created_at",
                      "last_message_at", "message_count", "last_seq", "variables", "language",
                      "hold_waits", "last_reply"),
    "turns": ("id", "conversation_id", "agent_id", "agent_version", "question_seq", "reply_seq",
              "state", "epoch", "created_at", "started_at", "first_text_at", "ended_at",
              "input_tokens", "output_tokens"),
    "messages": ("conversation_id", "seq", "id", "author_kind", "author_name", "text", "state",
                 "created_at", "turn_id", "epoch", "superseded", "rating"),
    "events": ("id", "workspace_id", "kind", "at", "actor_kind", "actor_id", "agent_id",
               "link_id", "conversation_id", "data"),
    "said": ("id", "workspace_id", "agent_id", "link_id", "conversation_id", "seq",
             "author_kind", "state", "lack", "rating", "terms"),
    "sittings": ("id", "workspace_id", "agent_id", "link_id", "conversation_id", "visitor_id",
                 "first_seq", "last_seq", "began_at", "ended_at", "silent_at", "longest_at",
                 "questions", "answers", "failures", "words", "input_tokens", "output_tokens",
                 "good", "poor", "handed"),
}  # fmt: skip


class Year:
    """Makes it. Ids grow with time, so that rows are added where the last ones are."""

    def __init__(self, workspace_id: str, doors: list[Door], now: Moment, events: int) -> None:
        """`events`: the id of the last event that is there."""
        dice = self.dice = random.Random(7)
        self.workspace_id = workspace_id
        self.doors = doors
        self.now = now
        self._event = events
        self.words = ["".join(dice.choices("abcdefghiklmnoprstuvw", k=dice.randint(3, 10)))
                      for _ in range(20_000)]  # fmt: skip
        weights = [1 / (place + 3) for place in range(len(self.words))]
        texts = [" ".join(dice.choices(self.words, weights, k=dice.randint(6, 40))) + "?"
                 for _ in range(_POOL)]  # fmt: skip
        self.pool = [(text, " ".join(sorted(terms(text, text)))) for text in texts]

    def pieces(self, talks: int) -> Iterator[Rows]:
        """Yield rows of all tables, some conversations at a time, the oldest first."""
        rows = _empty()
        for number in range(talks):
            began = self.now - DAYS * DAY + DAYS * DAY * number // talks
            self._talk(rows, number, began)
            if (number + 1) % AT_ONCE == 0:
                yield rows
                rows = _empty()
        yield rows

    def _talk(self, rows: Rows, number: int, began: Moment) -> None:
        dice = self.dice
        agent, link = dice.choice(self.doors)
        talk, visitor = f"cnv_{number:022d}", f"vis_{number:022d}"
        about = (self.workspace_id, agent, link)
        rows["visitors"].append((visitor, *about, began))
        at, facts = began, list[Fact]()
        for place in range(1, EACH, 2):
            at += dice.randrange(5, 60) * SECOND
            if dice.random() < 0.03:
                at += HOUR + MINUTE
            at = self._exchange(rows, (talk, visitor, *about), place, at, facts)
        rows["conversations"].append(
            (talk, *about, visitor, began, at, EACH, EACH, "{}", "en", False, "done")
        )
        for made in cut(facts, _TERMS):
            rows["sittings"].append(
                (f"sit_{number:016d}{made.first_seq:06d}", *about, talk, visitor, made.first_seq,
                 made.last_seq, made.began_at, made.ended_at, made.said_at + HOUR,
                 made.began_at + DAY, made.questions, made.answers, made.failures, made.words,
                 made.input_tokens, made.output_tokens, made.good, made.poor, made.handed)
            )  # fmt: skip

    def _exchange(
        self, rows: Rows, of: tuple[str, ...], place: int, at: Moment, facts: list[Fact]
    ) -> Moment:
        """Add a question and its answer; return when that ended."""
        dice = self.dice
        talk, visitor, workspace, agent, link = of
        turn, wait = f"trn_{self._event:022d}", dice.choice((120, 300, 800, 800, 1_200, 4_000))
        ended = at + wait + dice.randrange(5_000)
        state = "failed" if dice.random() < 0.01 else "done"
        took, gave = dice.randrange(2_000), dice.randrange(400)
        rating = dice.choice((1, 1, -1)) if dice.random() < 0.02 else None
        rows["turns"].append((turn, talk, agent, 1, place, place + 1, state, 1, at, at, at + wait,
                              ended, took, gave))  # fmt: skip
        lack = "failed" if state == "failed" else None
        for seq, kind, how, lacks, rated in (
            (place, "visitor", "done", lack, None), (place + 1, "agent", state, None, rating)
        ):  # fmt: skip
            text, found = dice.choice(self.pool)
            rows["messages"].append((talk, seq, f"msg_{self._event:018d}{seq % 2:04d}", kind, "",
                                     text, how, at, turn, 1, False, rated))  # fmt: skip
            rows["said"].append((id_of(talk, seq, at), workspace, agent, link, talk, seq, kind, how,
                                 lacks, rated,
                                 f"{workspace} {agent} {link} by:{kind} {found}"))  # fmt: skip
            mine = kind == "agent"
            facts.append(Fact(talk, seq, kind, how, at, took * mine, gave * mine, rated or 0))
        told = f'{{"state":"{state}","input":{took},"output":{gave},"wait":{wait}}}'
        for kind, when, actor, who, data in (
            (Kind.MESSAGE_CREATED.value, at, "visitor", visitor, "{}"),
            (Kind.TURN_ENDED.value, ended, "system", agent, told),
        ):
            self._event += 1
            rows["events"].append(
                (self._event, workspace, kind, when, actor, who, agent, link, talk, data)
            )
        return ended


def _empty() -> dict[str, list[tuple[Any, ...]]]:
    return {name: [] for name in COLUMNS}
