"""Gathering: where something happened is read again: sittings, and by what messages are found."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, Final

import sqlalchemy as sa

from parlour.agents import store as agents
from parlour.agents.sharing import sharing_of
from parlour.conversations import outline
from parlour.conversations.outline import Outline
from parlour.events import accounting
from parlour.events.accounting import Touched
from parlour.insights import indexing, marking
from parlour.insights.sitting import Sitting, cut
from parlour.insights.tables import sittings
from parlour.kit.clock import HOUR, MINUTE, Moment
from parlour.kit.db import insert_or_ignore
from parlour.kit.tokens import new_id
from parlour.links.uses import Terms
from parlour.tools import Tools

OVERLAP: Final = 5 * MINUTE
"""What was read is read again for so long: what happened then may be committed only now."""
_SWEPT: Final = 2 * HOUR
"""Once an hour more of it is, for what came later still, as from a clock that is behind."""
_STRETCH: Final = HOUR
"""What happened is read so much at a time."""
_AT_ONCE: Final = 20
"""Conversations read again in one transaction: others get their turn between two."""
_ROWS: Final = 200
"""Rows of the index changed in one transaction, likewise."""
_MARK: Final = "sittings"
_LATE: Final = "sittings late"


async def gather(tools: Tools) -> None:
    """Keep the sittings of all conversations in which something happened since last time."""
    now = tools.clock.now()
    mark = await tools.db.read(marking.reached, _MARK)
    if mark is None:
        mark = await tools.db.browse(accounting.first) or now
    is_swept = mark // HOUR != now // HOUR
    since = mark - (_SWEPT if is_swept else OVERLAP)
    await _keep_late(tools, since, now)
    while since <= now:
        until = since + _STRETCH
        found = await tools.db.browse(accounting.touched, since, until)
        await _keep_all(tools, found)
        since = until
        await tools.db.write(marking.reach, _MARK, min(until, now))


async def _keep_late(tools: Tools, before: Moment, now: Moment) -> None:
    """Keep what happened before a moment up to which all is read, and was written down since."""
    read = await tools.db.read(marking.reached, _LATE)
    seen = await tools.db.browse(accounting.last_before, now - OVERLAP)
    if read is not None:
        # Where all events were deleted, their ids begin again.
        late = await tools.db.browse(accounting.touched_late, min(read, seen), before)
        await _keep_all(tools, late)
    await tools.db.write(marking.reach, _LATE, seen)


async def _keep_all(tools: Tools, found: Touched) -> None:
    ids = set(found.conversations)
    if found.visitors:
        ids.update(await tools.db.browse(outline.of_visitors, found.visitors))
    every = sorted(ids)
    for start in range(0, len(every), _AT_ONCE):
        some = every[start : start + _AT_ONCE]
        await tools.db.write(keep, some, found.taken)
        changes = await tools.db.browse(indexing.plan, some)
        for place in range(0, len(changes), _ROWS):
            await tools.db.write(indexing.apply, changes[place : place + _ROWS])


def keep(conn: sa.Connection, ids: Sequence[str], taken: Iterable[tuple[str, Moment]] = ()) -> None:
    """Keep the sittings of these conversations as they are now. Doing it again changes nothing."""
    outlines = {each.id: each for each in outline.outlines(conn, ids)}
    before = _kept(conn, list(outlines))
    said = {
        talk: list(found)
        for talk, found in groupby(
            outline.facts(conn, list(outlines)), lambda each: each.conversation_id
        )
    }
    terms = {each: _terms(conn, each) for each in {each.agent_id for each in outlines.values()}}
    for talk, facts in said.items():
        of, rows = outlines[talk], before.get(talk, {})
        made = cut(facts, terms[of.agent_id], rows)
        _take(made, [at for id_, at in taken if id_ == talk])
        for place, each in enumerate(made):
            is_last = place + 1 == len(made)
            values = _values(of, each, terms[of.agent_id], is_last=is_last)
            row = rows.get(each.first_seq)
            if row is None:
                _insert(conn, values)
            else:
                values["handed"] = values["handed"] or row.handed
                _update(conn, row, values)


def _take(made: list[Sitting], moments: list[Moment]) -> None:
    """Note in which sittings a person took over; between two it was the earlier one."""
    for at in moments:
        begun = [each for each in made if each.began_at <= at]
        if begun:
            begun[-1].handed = True


def _terms(conn: sa.Connection, agent_id: str) -> Terms:
    agent = agents.by_id(conn, agent_id)
    sharing = sharing_of(None if agent is None else agent.sharing)
    return Terms(sharing.use_idle_minutes * MINUTE, sharing.use_longest_minutes * MINUTE)


def _values(of: Outline, made: Sitting, terms: Terms, *, is_last: bool) -> dict[str, Any]:
    over = None
    if is_last and of.closed_at is not None:
        over = "new"
    elif is_last and of.completed_for is not None:
        over = "completed"
    return {
        "workspace_id": of.workspace_id,
        "agent_id": of.agent_id,
        "link_id": of.link_id,
        "conversation_id": of.id,
        "visitor_id": of.visitor_id,
        "first_seq": made.first_seq,
        "last_seq": made.last_seq,
        "began_at": made.began_at,
        "ended_at": made.ended_at,
        "silent_at": made.said_at + terms.idle,
        "longest_at": made.began_at + terms.longest,
        "over": over,
        "questions": made.questions,
        "answers": made.answers,
        "failures": made.failures,
        "words": made.words,
        "input_tokens": made.input_tokens,
        "output_tokens": made.output_tokens,
        "good": made.good,
        "poor": made.poor,
        "handed": made.handed,
    }


def _kept(conn: sa.Connection, ids: Sequence[str]) -> dict[str, dict[int, Any]]:
    found: dict[str, dict[int, Any]] = {}
    for row in conn.execute(sa.select(sittings).where(sittings.c.conversation_id.in_(ids))):
        found.setdefault(row.conversation_id, {})[row.first_seq] = row
    return found


def _insert(conn: sa.Connection, values: dict[str, Any]) -> None:
    # Two processes may gather the same at once: they would keep the same.
    conn.execute(insert_or_ignore(conn, sittings), {"id": new_id("sit"), **values})


def _update(conn: sa.Connection, row: Any, values: dict[str, Any]) -> None:
    changed = {name: each for name, each in values.items() if getattr(row, name) != each}
    # Those of an earlier sitting stay, whatever the terms are by now.
    if row.last_seq == values["last_seq"] and row.questions == values["questions"]:
        changed.pop("silent_at", None)
        changed.pop("longest_at", None)
    if changed:
        conn.execute(sa.update(sittings).where(sittings.c.id == row.id).values(changed))
