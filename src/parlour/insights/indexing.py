"""Making messages findable: by their words, those apart that are hidden, and by what lacks."""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

import sqlalchemy as sa

from parlour.agents import store as agents
from parlour.agents.backends.documents.recalling import declines, needs_no_source
from parlour.conversations import outline
from parlour.conversations.outline import Outline, Utterance
from parlour.insights.tables import said
from parlour.insights.wording import terms
from parlour.kit.clock import Moment
from parlour.kit.db import insert_or_ignore
from parlour.privacy import Hide, hiding
from parlour.rights import Who

SHIFT: Final = 20
"""Bits of an id below the moment."""
_BADLY: Final = ("failed", "interrupted")
_TEAM: Final = ("operator", "guest")


def first_id(at: Moment) -> int:
    """Return the smallest id of what is said at a moment."""
    return at << SHIFT


def id_of(conversation_id: str, seq: int, at: Moment) -> int:
    """Return the id of a message: when it was said, then what tells it from others then."""
    return first_id(at) | zlib.crc32(f"{conversation_id}/{seq}".encode()) >> (32 - SHIFT)


@dataclass(frozen=True, slots=True)
class Change:
    """A row of the index that is to be put, made anew, or taken away."""

    old: int | None
    """The id of the row that is there."""
    values: dict[str, Any] | None
    """None takes it away."""


def plan(conn: sa.Connection, ids: Sequence[str]) -> list[Change]:
    """Return what is to be changed so that these conversations are findable as they are now."""
    outlines = {each.id: each for each in outline.outlines(conn, ids)}
    before = _indexed(conn, list(outlines))
    every = outline.utterances(conn, list(outlines))
    hides = {each.workspace_id: hide_of(conn, each.workspace_id) for each in outlines.values()}
    sourced = {each: _cites(conn, each) for each in {of.agent_id for of in outlines.values()}}
    wishes = outline.asked_for(conn, list(outlines))
    changes: list[Change] = []
    for talk, found in groupby(every, lambda each: each.conversation_id):
        of, told = outlines[talk], list(found)
        lacks = lacking(told, cites=sourced[of.agent_id], asked_for=wishes.get(talk, ()))
        for each in told:
            row = before.get(talk, {}).get(each.seq)
            change = _changed(of, each, lacks.get(each.seq), row, hides[of.workspace_id])
            if change is not None:
                changes.append(change)
    return changes


def apply(conn: sa.Connection, changes: Sequence[Change]) -> None:
    """Change the index. Doing it again changes nothing."""
    for each in changes:
        mine = said.c.id == each.old
        if each.values is None:
            conn.execute(sa.delete(said).where(mine))
        elif each.old is None:
            conn.execute(insert_or_ignore(conn, said), each.values)
        else:
            conn.execute(sa.update(said).where(mine).values(each.values))


def lacking(
    told: Sequence[Utterance], *, cites: bool, asked_for: Sequence[Moment] = ()
) -> dict[int, str]:
    """Say which questions were left without an answer, by their place: and what became of them.

    `failed`: the answer failed; `nothing`: an agent that names its sources (`cites`) found none;
    `person`: a person answered in its stead, or was asked for (`asked_for`: when).
    """
    lacks: dict[int, str] = {}
    asked: Utterance | None = None
    for each in told:
        if each.superseded:
            continue
        if each.author_kind == "visitor":
            asked = each
        elif asked is not None and each.author_kind in _TEAM:
            lacks.setdefault(asked.seq, "person")
        elif asked is not None and each.author_kind == "agent":
            if each.state in _BADLY:
                lacks[asked.seq] = "failed"
            elif cites and each.state == "done" and not _answers(asked, each):
                lacks[asked.seq] = "nothing"
            else:
                lacks.pop(asked.seq, None)
    for at in asked_for:
        before = [each.seq for each in told if each.author_kind == "visitor" and each.at <= at
                  and not each.superseded]  # fmt: skip
        if before:
            lacks.setdefault(before[-1], "person")
    return lacks


def _answers(asked: Utterance, reply: Utterance) -> bool:
    if declines(reply.text):
        # What comes nearest is named with its sources, and is no answer.
        return False
    return reply.cited or needs_no_source(asked.text, reply.text)


def _changed(
    of: Outline, each: Utterance, lack: str | None, row: Any | None, hide: Hide
) -> Change | None:
    if each.superseded or each.author_kind == "system":
        return None if row is None else Change(row.id, None)
    if row is None:
        return Change(None, _row(of, each, lack, hide))
    if row.state != each.state:
        return Change(row.id, _row(of, each, lack, hide))
    if (row.lack, row.rating) != (lack, each.rating):
        return Change(row.id, {"lack": lack, "rating": each.rating})
    return None


def _row(of: Outline, each: Utterance, lack: str | None, hide: Hide) -> dict[str, Any]:
    return {
        "id": id_of(of.id, each.seq, each.at),
        "workspace_id": of.workspace_id,
        "agent_id": of.agent_id,
        "link_id": of.link_id,
        "conversation_id": of.id,
        "seq": each.seq,
        "author_kind": each.author_kind,
        "state": each.state,
        "lack": lack,
        "rating": each.rating,
        "terms": written(of.workspace_id, of.agent_id, of.link_id, each.author_kind,
                         found=terms(hide(each.text), each.text)),
    }  # fmt: skip


def found_by(row: Any, text: str, hide: Hide) -> str:
    """Return by what the message of a row is found, by the rules of words as they are now."""
    return written(row.workspace_id, row.agent_id, row.link_id, row.author_kind,
                   found=terms(hide(text), text))  # fmt: skip


def written(
    workspace_id: str, agent_id: str, link_id: str, author_kind: str, *, found: Iterable[str]
) -> str:
    """Write by what a message is found, and whose it is, so that an index narrows by both."""
    return " ".join(sorted({workspace_id, agent_id, link_id, f"by:{author_kind}", *found}))


def hide_of(conn: sa.Connection, workspace_id: str) -> Hide:
    """Return what hides what not everybody of a workspace may read."""
    return hiding(conn, Who("system", "", "", workspace_id))


def _cites(conn: sa.Connection, agent_id: str) -> bool:
    agent = agents.by_id(conn, agent_id)
    return agent is not None and agent.draft.backend == "documents"


def _indexed(conn: sa.Connection, ids: Sequence[str]) -> dict[str, dict[int, Any]]:
    columns = said.c
    wanted = sa.select(columns.id, columns.conversation_id, columns.seq, columns.state,
                       columns.lack, columns.rating)  # fmt: skip
    wanted = wanted.where(columns.conversation_id.in_(ids))
    found: dict[str, dict[int, Any]] = {}
    for row in conn.execute(wanted):
        found.setdefault(row.conversation_id, {})[row.seq] = row
    return found
