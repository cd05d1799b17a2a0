"""Proving who one is at a door: a code that goes to one's address, and what follows from it."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from parlour import events, visitors
from parlour.budgets import spending
from parlour.conversations import moving
from parlour.entrance.doors import Door, look_at, opened
from parlour.kit import addresses
from parlour.kit.clock import Moment
from parlour.kit.db import after_commit
from parlour.kit.errors import Problem, Unavailable
from parlour.links.rules import Why
from parlour.rights import Who
from parlour.tools import Tools
from parlour.verification import codes, identities, rules, sending
from parlour.verification.codes import Asked, Caps
from parlour.verification.identities import Identity, Proof

Outcome = TypeVar("Outcome")
_ATTEMPTS = 3
_BEHIND = (Why.VERIFICATION_REQUIRED, Why.USED_UP)
"""What is judged together with who somebody is, or after: known people may have a use left."""


class NoVerification(Problem):
    """Nobody is asked for an address by this link."""

    title = "No address is asked for here"
    default_code = "no_verification"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who stands at the door, as far as one can tell from outside."""

    session: str | None
    """The secret they hold: of a session, or one with which a session could begin."""
    place: str
    """Where they come from, as a keyed hash; kept for as long as limits look back."""
    client: str = ""
    """Their browser in words, which their own list of devices names."""
    language: str = ""
    """What they read, where their browser or the address says so."""


@dataclass(frozen=True, slots=True)
class Proved:
    """Somebody proved who they are, and has a session of their own for it."""

    session: str
    expires_at: Moment
    visitor_id: str


@dataclass(frozen=True, slots=True)
class NotProved:
    """A code did not fit: `tries_left` for the one that was sent, None when there is none."""

    tries_left: int | None


async def ask_for_code(tools: Tools, token: str, caller: Caller, email: str) -> None:
    """Have a code sent to an address. What happens is the same whoever's address it is.

    The mail is a job of the same transaction, so nobody waits for a mail server here.

    Raises:
        Invalid: not an address. TooMany: too often, for this address, place, link or in all.
        Refused: the door is closed. NoVerification: nobody is asked here.
        Unavailable: no mail can be sent.
    """
    genuine = opened(tools, token)
    address = addresses.canonical(email)
    if tools.mail.way == "none":
        raise Unavailable("no mail can be sent here just now")

    def unit(conn: sa.Connection) -> None:
        now = tools.clock.now()
        door = _asking(look_at(conn, tools, genuine, caller.session, now))
        asked, settings = _asked(tools, door, caller, address), tools.settings
        caps = Caps(settings.codes_per_place, settings.codes_per_link, settings.codes_per_instance)
        code_id, allowed = codes.make(conn, asked, caps, now)
        code = rules.new_code()
        goes = addresses.listed(address, door.terms.emails)
        language = caller.language or door.language or "en"
        letter = sending.Letter(address, code, door.agent_name, goes, language)
        codes.keep(
            conn,
            code_id,
            asked,
            now,
            hash=tools.keys.hashed(codes.salted(code_id, code)),
            sealed=sending.sealed(tools, letter),
            allowed=allowed,
        )
        tools.queue.enqueue(conn, sending.SEND, {"code": code_id})

    await tools.db.write(unit)


NOTICE: Final = 1
"""Which wording, in all languages, of what an address is for stands where visitors type theirs."""
MEMORY_NOTICE: Final = 1
"""Which wording of being remembered stands beside it, where the agent remembers them."""


async def prove_by_code(
    tools: Tools, token: str, caller: Caller, email: str, code: str
) -> Proved | NotProved:
    """Take the code that was sent to an address; the attempt counts before it is judged.

    Who had the code is the visitor of that address on this link, on whatever device, and what was
    said here before without a name is theirs. The session they had is over, they get another.

    Raises:
        Refused: the door is closed. NoVerification: nobody is asked here.
    """
    genuine = opened(tools, token)
    address = addresses.canonical(email)

    def unit(conn: sa.Connection) -> Proved | NotProved:
        now = tools.clock.now()
        door = _asking(look_at(conn, tools, genuine, caller.session, now))
        asked = _asked(tools, door, caller, address)
        tried = codes.attempt(conn, asked, now)
        if tried is None:
            return NotProved(None)
        code_id, kept, left = tried
        given = tools.keys.hashes(codes.salted(code_id, code))
        is_right = any(hmac.compare_digest(kept, each) for each in given)
        if not is_right or not addresses.listed(address, door.terms.emails):
            return NotProved(left)
        if not codes.use(conn, code_id, now):
            return NotProved(None)
        who = Identity(Proof.CODE, address, address)
        return become(conn, tools, door, who, caller, now=now)

    return await written(tools, unit)


def become(
    conn: sa.Connection,
    tools: Tools,
    door: Door,
    who: Identity,
    caller: Caller,
    *,
    now: Moment,
    signed_by: str | None = None,
    takes_along: bool = True,
) -> Proved:
    """Make whoever stands at a door the visitor they proved to be, in a session of their own."""
    # Whoever was proved to be somebody else takes nothing along.
    own = door.visitor_id if door.proof is None and takes_along else None
    known = identities.found(conn, door.link_id, who)
    if known is None:
        visitor_id = own or visitors.come_known(
            conn,
            workspace_id=door.workspace_id,
            agent_id=door.agent_id,
            link_id=door.link_id,
            now=now,
        )
    else:
        visitor_id = known
        if own is not None:
            _join(conn, tools, door, own, known, now=now)
    identities.prove(conn, visitor_id, door.link_id, who, now, is_new=known is None)
    if door.session is not None:
        visitors.end(conn, door.session)
    secret = tools.keys.mint_session(door.link_id)
    ends = now + rules.SESSION
    visitors.begin_proved(
        conn,
        visitor_id,
        door.link_id,
        session_hash=tools.keys.hashed(secret),
        address=door.address,
        proof=who.proof.value,
        signed_by=signed_by,
        client=caller.client,
        now=now,
        expires_at=ends,
    )
    visitor = Who("visitor", visitor_id, "", door.workspace_id)
    events.record(
        conn,
        events.Kind.VISITOR_VERIFIED,
        visitor,
        now,
        agent_id=door.agent_id,
        link_id=door.link_id,
        data={"proof": who.proof.value} | _notices(door, who.proof),
    )
    after_commit(conn, lambda: tools.bus.publish(f"link:{door.link_id}", "verified"))
    return Proved(secret, ends, visitor_id)


def _notices(door: Door, proof: Proof) -> dict[str, int]:
    """Say what stood there to be read; nothing where the owner's own program vouches for them."""
    if proof is not Proof.CODE:
        return {}
    return {"notice": NOTICE} | ({"memory": MEMORY_NOTICE} if door.remembers else {})


def _join(
    conn: sa.Connection, tools: Tools, door: Door, own: str, known: str, *, now: Moment
) -> None:
    """Let a visitor without a name go on as the one they turned out to be."""
    visitors.take_use(conn, own, known)
    away = moving.hand_over(conn, own, known, now)
    spending.give_back(conn, away.unbegun, now)
    put_away = away.conversation_id
    if put_away is None:
        return
    events.record(
        conn,
        events.Kind.CONVERSATION_CLOSED,
        Who("visitor", known, "", door.workspace_id),
        now,
        agent_id=door.agent_id,
        link_id=door.link_id,
        conversation_id=put_away,
    )
    after_commit(conn, lambda: tools.bus.publish(f"conversation:{put_away}", "changed"))


async def written(tools: Tools, unit: Callable[[sa.Connection], Outcome]) -> Outcome:
    for attempt in range(_ATTEMPTS):
        try:
            return await tools.db.write(unit)
        except IntegrityError:
            # The same person, proved twice at the same moment: now the other one is there.
            if attempt + 1 == _ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def _asking(door: Door) -> Door:
    """Return a door that asks for an address, and is open but for that."""
    if not reached(door).terms.asks:
        raise NoVerification("this link asks nobody for an e-mail address")
    return door


def reached(door: Door) -> Door:
    """Return a door that is open but for the proof it asks for; Refused for any other."""
    refused = door.refused()
    if refused is not None and refused.refusal.why not in _BEHIND:
        raise refused
    return door


def _asked(tools: Tools, door: Door, caller: Caller, address: str) -> Asked:
    session = caller.session
    if session is not None and not tools.keys.minted(session, door.link_id):
        session = None
    return Asked(
        link_id=door.link_id,
        address=tools.keys.hashes(f"address/{address}"),
        session=tools.keys.hashed(session) if session else "",
        place=caller.place,
    )
