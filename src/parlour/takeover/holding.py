"""The pen of a conversation: taking it, keeping it, giving it back, and losing it in time."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from parlour import events
from parlour.budgets import spending
from parlour.conversations import handoffs, hints, holds, store
from parlour.conversations import turns as rows
from parlour.conversations.handoffs import By, Outcome, Summons
from parlour.conversations.holds import Held
from parlour.conversations.house import Sentence, of
from parlour.conversations.model import Hold, Pen
from parlour.kit.clock import MINUTE, Moment
from parlour.kit.errors import Conflict, FieldError, Invalid, NotFound
from parlour.rights import Who
from parlour.tools import Tools
from parlour.transcripts import Shown

RESUME = "turns.resume"
"""The job by which the agent answers who has been waiting; who does it stands elsewhere."""

LONGEST = 24 * 60
"""Minutes that a hold may last at most before it is renewed."""

_PATIENCE = 0.2
"""Seconds that the reply under way is given to end by itself, with all of what there is of it."""


class HeldByOther(Conflict):
    """Somebody else answers in this conversation already."""

    default_code = "held"

    def __init__(self, hold: Hold) -> None:
        """Say who."""
        super().__init__(f"{hold.by_name} answers here already")
        self.hold = hold


@dataclass(frozen=True, slots=True)
class Taken:
    """A hold that somebody has now; `is_new` unless it was theirs already."""

    conversation_id: str
    hold: Hold
    is_new: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """On which terms somebody wants the pen."""

    who: Who
    until: Moment
    waits: bool = False
    """Whether the visitor waits for another person afterwards; else the agent goes on."""
    force: bool = False
    """Take it from somebody else, which is written down."""


Asking = Callable[[sa.Connection, Held, Moment], Claim]
"""Judges, inside the transaction, who wants the pen of this conversation; raises for a refusal."""


async def take(
    tools: Tools,
    who: Who,
    conversation_id: str,
    minutes: float | None = None,
    *,
    force: bool = False,
) -> Taken:
    """Take the pen: the agent falls silent, and its reply under way ends with what there is of it.

    Whoever has it already prolongs it. `minutes`: until it lapses, `hold_minutes` if not said.
    `force` takes it from somebody else, which is written down.

    Raises:
        HeldByOther: somebody else has it. Conflict: the visitor has closed the conversation.
        NotFound: it is gone. Invalid: minutes that are no span up to a day.
    """
    lasts = _span(tools, minutes)
    return await claim(
        tools, conversation_id, lambda _conn, _held, now: Claim(who, now + lasts, force=force)
    )


async def claim(tools: Tools, conversation_id: str, ask: Asking) -> Taken:
    """Take the pen on the terms that `ask` finds; as `take`, and whatever `ask` raises.

    What the team had done with is open again.
    """
    await _quieten(tools, conversation_id)

    def unit(conn: sa.Connection) -> Taken:
        now = tools.clock.now()
        held = opened(conn, conversation_id)
        wanted = ask(conn, held, now)
        who, before = wanted.who, held.hold if held.pen(now) is Pen.OPERATOR else None
        if before is not None and before.is_by(who.kind, who.id):
            hold = replace(before, until=max(before.until, wanted.until))
            keep(conn, held, hold)
            return Taken(held.id, hold, is_new=False)
        if before is not None and not wanted.force:
            raise HeldByOther(before)
        hold = Hold(who.kind, who.id, who.name, now, wanted.until, wanted.waits)
        reopen(conn, who, held, now)
        begin(conn, tools, held, hold)
        told = {} if before is None else {"from": before.by_name}
        events.record(conn, events.Kind.HOLD_TAKEN, who, now, **held.about, data=told)
        return Taken(held.id, hold, is_new=True)

    return await tools.db.write(unit)


def reopen(conn: sa.Connection, who: Who, held: Held, now: Moment) -> None:
    """Have a conversation go on, in a transaction that holds it, if the team had done with it."""
    if held.completed:
        store.reopen(conn, held.id)
        events.record(conn, events.Kind.CONVERSATION_REOPENED, who, now, data={}, **held.about)


def begin(conn: sa.Connection, tools: Tools, held: Held, hold: Hold) -> None:
    """Give the pen to somebody, in a transaction that holds the conversation, and say so in it."""
    handoffs.end(conn, held.id, hold.since, Outcome.ANSWERED, hold.by_name)
    unbegun = holds.begin(conn, held.id, hold, hold.since)
    spending.give_back(conn, unbegun, hold.since)
    if held.active_turn is not None:
        hints.stop(conn, tools, held.active_turn)
    holds.tell(conn, held.id, hold.since, Sentence.ANSWERS, hold.by_name)
    tools.queue.enqueue(conn, holds.LAPSE, {"conversation": held.id}, run_at=hold.until)
    hints.announce(conn, tools, held.id, held.workspace_id)


async def renew(tools: Tools, who: Who, conversation_id: str, minutes: float | None = None) -> Hold:
    """Keep the pen for longer. Conflict for one who has lost it, or never had it."""
    lasts = _span(tools, minutes)

    def unit(conn: sa.Connection) -> Hold:
        now = tools.clock.now()
        held = opened(conn, conversation_id)
        hold = mine(held, who, now)
        hold = replace(hold, until=max(hold.until, now + lasts))
        return keep(conn, held, hold)

    return await tools.db.write(unit)


def keep(conn: sa.Connection, held: Held, hold: Hold) -> Hold:
    """Keep the pen until a hold says; a colleague to whom it was handed has come with that."""
    if hold.waits and hold.by_kind != "guest":
        hold = replace(hold, waits=False)
        holds.arrive(conn, held.id, hold)
    else:
        holds.prolong(conn, held.id, hold.until)
    return hold


async def release(tools: Tools, who: Who, conversation_id: str) -> bool:
    """Hand back to the agent, who answers a visitor that waits. False: nobody had the pen.

    Who it is that hands back is written down; among the staff it need not be the one who has it.
    Conflict for a guest who has it not.
    """

    def unit(conn: sa.Connection) -> bool:
        now = tools.clock.now()
        held = holds.lock(conn, conversation_id)
        if held is None:
            raise NotFound("there is no such conversation")
        if held.hold is None and held.asked_until is None:
            return False
        if who.kind == "guest":
            mine(held, who, now)
        _hand_back(conn, tools, who, held, now)
        return True

    return await tools.db.write(unit)


def withdraw(
    conn: sa.Connection, tools: Tools, who: Who, conversation_id: str, of: tuple[str, str]
) -> None:
    """Take the pen from one who may have it no longer, in a transaction of the caller's.

    Nothing happens unless it is theirs, by kind and id, when the conversation's row is held.
    """
    held = holds.lock(conn, conversation_id)
    if held is not None and held.hold is not None and held.hold.is_by(*of):
        _leave(conn, tools, who, held, tools.clock.now())


async def lapse(tools: Tools, conversation_id: str) -> None:
    """Tidy up behind a hold that has lapsed, or a person who has not come; later, if it is later.

    That it is over, time alone has decided already.
    """

    def unit(conn: sa.Connection) -> None:
        now = tools.clock.now()
        held = holds.lock(conn, conversation_id)
        if held is None:
            return
        until = held.asked_until if held.hold is None else held.hold.until
        if until is None or until == holds.EVER:
            return
        if now < until:
            tools.queue.enqueue(conn, holds.LAPSE, {"conversation": held.id}, run_at=until)
            return
        house = Who("system", held.agent_id, "agent", held.workspace_id)
        _leave(conn, tools, house, held, now)

    await tools.db.write(unit)


def _leave(conn: sa.Connection, tools: Tools, who: Who, held: Held, now: Moment) -> None:
    """End a hold whose time is over: as it was agreed, for the agent or for another person."""
    hold = held.hold
    if hold is None or not hold.waits:
        _hand_back(conn, tools, who, held, now)
        return
    holds.tell(conn, held.id, now, Sentence.LEFT_TEAM, hold.by_name)
    told = {"by": hold.by_name, "lapsed": True, "waits": True}
    events.record(conn, events.Kind.HOLD_RELEASED, who, now, **held.about, data=told)
    handoffs.ask(conn, tools, held, Summons(who, By.HOUSE, holds.EVER, {}))
    hints.announce(conn, tools, held.id, held.workspace_id)


def _hand_back(conn: sa.Connection, tools: Tools, who: Who, held: Held, now: Moment) -> None:
    hold = held.hold
    holds.end(conn, held.id)
    if hold is not None:
        told = {"by": hold.by_name, "lapsed": who.kind == "system"}
        holds.tell(conn, held.id, now, Sentence.LEFT, hold.by_name)
        events.record(conn, events.Kind.HOLD_RELEASED, who, now, **held.about, data=told)
    else:
        expired = who.kind == "system"
        holds.tell(conn, held.id, now, Sentence.NOBODY_CAME if expired else Sentence.GIVEN_BACK)
        outcome = Outcome.EXPIRED if expired else Outcome.RETURNED
        ended = handoffs.end(conn, held.id, now, outcome, "" if expired else who.name)
        told = {"handoff": ended, "outcome": outcome.value}
        events.record(conn, events.Kind.HANDOFF_ENDED, who, now, **held.about, data=told)
    tools.queue.enqueue(conn, RESUME, {"conversation": held.id})
    hints.announce(conn, tools, held.id, held.workspace_id)


def missed(shown: Sequence[Shown]) -> bool:
    """Whether nobody came when a person was asked for, and the team has said nothing since."""
    ours = (each for each in reversed(shown) if each.author_kind not in {"visitor", "agent"})
    last = next(ours, None)
    if last is None or last.author_kind != "system":
        return False
    return of(last.text, last.author_name) is Sentence.NOBODY_CAME


def mine(held: Held, who: Who, now: Moment) -> Hold:
    """Return the hold that somebody has just now; Conflict, with who has it, when it is not so."""
    hold = held.hold
    if hold is None or held.pen(now) is not Pen.OPERATOR:
        raise Conflict("take the conversation over first", code="not_held")
    if not hold.is_by(who.kind, who.id):
        raise HeldByOther(hold)
    return hold


async def _quieten(tools: Tools, conversation_id: str) -> None:
    """Have the reply under way end by itself: whoever writes it has more of it than is stored."""

    def ask(conn: sa.Connection) -> str | None:
        active = rows.active(conn, conversation_id)
        if active is None or not rows.ask_to_stop(conn, active, tools.clock.now()):
            return None
        hints.stop(conn, tools, active)
        return active

    changed = asyncio.Event()
    with tools.bus.subscribe(hints.topic(conversation_id), changed.set) as changes:
        active = await tools.db.write(ask)
        try:
            async with asyncio.timeout(_PATIENCE):
                while active is not None and active == await tools.db.read(
                    rows.active, conversation_id
                ):
                    await changed.wait()
                    changed.clear()
                    changes.take()
        except TimeoutError:
            return  # the transaction that takes the pen ends it with what is stored


def opened(conn: sa.Connection, conversation_id: str) -> Held:
    """Hold a conversation until the transaction ends; Conflict when its visitor has closed it."""
    held = holds.lock(conn, conversation_id)
    if held is None:
        raise NotFound("there is no such conversation")
    if held.closed:
        raise Conflict("the visitor has closed this conversation", code="closed")
    return held


def _span(tools: Tools, minutes: float | None) -> Moment:
    lasts = tools.settings.hold_minutes if minutes is None else minutes
    if not 0 < lasts <= LONGEST:  # not so for NaN either
        said = f"must be more than 0 and at most {LONGEST}"
        raise Invalid(f"minutes {said}", errors=[FieldError("minutes", said)])
    return round(lasts * MINUTE)
