"""The owner's own word for who a visitor is, at the door: taken, and taken back with its key."""

from typing import Any

import sqlalchemy as sa

from parlour import visitors
from parlour.entrance.doors import Door, look_at, opened
from parlour.entrance.proving import Caller, Proved, become, reached, written
from parlour.kit.clock import Moment
from parlour.rights import Who
from parlour.tools import Tools
from parlour.verification import assertions, identities, keys, rules
from parlour.verification.assertions import Signed


async def identify(
    tools: Tools, token: str, caller: Caller, signed: str, *, takes_along: bool = True
) -> Proved | None:
    """Take the owner's own word for who a visitor is; None where it proves nothing.

    It is good for its link alone, may be shown as often as one likes while it lasts, and makes
    the visitor who was known by that name on this link. `takes_along`: whether what the caller
    said here before, without a name, is that visitor's from here on; what is not stays nobody's.
    Refused: the door is closed.
    """
    genuine = opened(tools, token)

    def here(conn: sa.Connection) -> Door:
        return reached(look_at(conn, tools, genuine, caller.session, tools.clock.now()))

    def keys_here(conn: sa.Connection) -> tuple[str, list[tuple[str, str, str]]]:
        door = here(conn)
        return door.link_id, keys.opened(conn, tools.keys, door.agent_id)

    # Whoever proves nothing must not make those wait who write.
    link_id, known = await tools.db.read(keys_here)
    longest = tools.settings.identity_minutes * 60
    word = assertions.read(signed, known, link_id, tools.clock.now(), longest)
    if word is None:
        return None

    def unit(conn: sa.Connection) -> Proved | None:
        now, door = tools.clock.now(), here(conn)
        if not keys.still_there(conn, door.agent_id, word.key_id):
            return None
        same = _stays(conn, door, word, caller, now)
        return same or become(
            conn,
            tools,
            door,
            word.who,
            caller,
            now=now,
            signed_by=word.key_id,
            takes_along=takes_along,
        )

    return await written(tools, unit)


async def vouched(tools: Tools, token: str, signed: str) -> dict[str, Any]:
    """Return the variables that the owner's program signed for a link; none where it did not.

    Refused: there is no such link.
    """
    genuine = opened(tools, token)
    longest = tools.settings.identity_minutes * 60

    def unit(conn: sa.Connection) -> dict[str, Any]:
        now = tools.clock.now()
        door = look_at(conn, tools, genuine, None, now)
        known = keys.opened(conn, tools.keys, door.agent_id)
        return assertions.variables(signed, known, door.link_id, now, longest)

    return await tools.db.read(unit)


def _stays(
    conn: sa.Connection, door: Door, word: Signed, caller: Caller, now: Moment
) -> Proved | None:
    """Let somebody stay who they are, for as long as if they had just come; None for another."""
    who = word.who
    if door.proof != who.proof.value or not (door.visitor_id and door.session and caller.session):
        return None
    if identities.found(conn, door.link_id, who) != door.visitor_id:
        return None
    ends = now + rules.SESSION
    identities.prove(conn, door.visitor_id, door.link_id, who, now, is_new=False)
    visitors.touch(conn, door.session, now, ends)
    visitors.vouch(conn, door.session, word.key_id)
    return Proved(caller.session, ends, door.visitor_id)


async def revoke_identity_key(tools: Tools, who: Who, agent_id: str, key_id: str) -> int:
    """Delete a key, and end the sessions it vouched for; returns how many those were.

    Whoever has the key could have signed them: they are ended, streams within two seconds. What
    was said stays with the visitor, whom another key can name again. NotFound: there is none.
    """

    def unit(conn: sa.Connection) -> int:
        keys.delete(conn, who, agent_id, key_id, tools.clock.now())
        return visitors.end_signed(conn, key_id)

    return await tools.db.write(unit)
