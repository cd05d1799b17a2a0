"""Applying the ledger to a database that was set back: what was erased and revoked stays so."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

import sqlalchemy as sa

from parlour import visitors
from parlour.agents.store import agents
from parlour.budgets import spending
from parlour.conversations import holds
from parlour.conversations import turns as rows
from parlour.conversations.internal import internal_notes
from parlour.conversations.store import conversations
from parlour.forgetting import ledger
from parlour.forgetting.ledger import Entry
from parlour.forgetting.plan import address_of
from parlour.forgetting.rows import drop_conversations, drop_visitor
from parlour.kit.clock import Moment
from parlour.kit.tokens import Keyring, new_address
from parlour.links import past
from parlour.links.store import links
from parlour.memory import keeping as memories
from parlour.notes import store as notes
from parlour.sharing.store import shares
from parlour.staff import tables as staff
from parlour.staff.keys import api_keys
from parlour.staff.store import end_sessions
from parlour.verification import codes
from parlour.verification import keys as identity_keys
from parlour.visitors import places

_AT_ONCE: Final = 1_000

Ended = dict[str, Moment]
"""What was erased or revoked, by its id, and when."""

_REVOKED: Final = {
    "link": links.c.revoked_at,
    "key": api_keys.c.revoked_at,
    "share": shares.c.revoked_at,
    "invitation": staff.invitations.c.ended_at,
    "session": staff.staff_sessions.c.ended_at,
}
"""Where it stands that something was revoked."""

_DELETED: Final = {
    "note": notes.notes,
    "internal_note": internal_notes,
    "device": visitors.sessions,
}
"""From where something is deleted by its id."""


def unread(entries: Iterable[Entry], keys: Keyring | None, since: Moment) -> int:
    """Count the entries, from a moment on, whose key is not here: nobody can tell what they are."""
    known = set(keys.fingerprints()) if keys else set()
    return sum(entry.at >= since and entry.key not in known for entry in entries)


def apply(
    conn: sa.Connection, keys: Keyring, entries: Sequence[Entry], now: Moment
) -> dict[str, int]:
    """Erase and revoke again what the ledger says; return how much of each noun there was.

    Done twice, it finds nothing the second time.
    """
    by_noun: dict[str, Ended] = defaultdict(dict)
    for entry in sorted(entries):
        by_noun[entry.noun][entry.hash] = entry.at
    look = _Look(conn, keys, by_noun)
    found = {noun: _revoke(look, noun, column) for noun, column in _REVOKED.items()}
    found |= {noun: _delete(look, noun, table) for noun, table in _DELETED.items()}
    found |= {noun: do(look, now) for noun, do in _OTHERS.items()}
    return {noun: count for noun, count in found.items() if count}


class _Look:
    """Finds out what of a table the ledger speaks of."""

    def __init__(self, conn: sa.Connection, keys: Keyring, by_noun: dict[str, Ended]) -> None:
        self.conn = conn
        self.keys = keys
        self._by_noun = by_noun

    def ended(self, noun: str, ids: Iterable[str]) -> Ended:
        """Return which of these ids the ledger holds, and since when."""
        known = self._by_noun.get(noun)
        if not known:
            return {}
        found = {}
        for id_ in ids:
            at = [known[each] for each in ledger.hashes(self.keys, noun, id_) if each in known]
            if at:
                found[id_] = max(at)
        return found

    def of(self, noun: str, column: sa.Column[Any], *where: sa.ColumnElement[bool]) -> Ended:
        """Return what stands in a column that the ledger holds."""
        if noun not in self._by_noun:
            return {}
        wanted = sa.select(column).where(column.is_not(None), *where)
        return self.ended(noun, list(self.conn.execute(wanted).scalars()))


def _revoke(look: _Look, noun: str, column: sa.Column[Any]) -> int:
    table = column.table
    found = look.of(noun, table.c.id, column.is_(None))
    for id_, at in found.items():
        look.conn.execute(sa.update(table).where(table.c.id == id_).values({column: at}))
    return len(found)


def _delete(look: _Look, noun: str, table: sa.Table) -> int:
    found = list(look.of(noun, table.c.id))
    for piece in _pieces(found):
        look.conn.execute(sa.delete(table).where(table.c.id.in_(piece)))
    return len(found)


def _conversations(look: _Look, now: Moment) -> int:
    found = list(look.of("conversation", conversations.c.id))
    _drop_talks(look.conn, found, now)
    return len(found)


def _visitors(look: _Look, now: Moment) -> int:
    conn, table = look.conn, visitors.visitors
    found = list(look.of("visitor", table.c.id))
    for visitor_id in found:
        whose = sa.select(table.c.workspace_id, table.c.agent_id).where(table.c.id == visitor_id)
        workspace_id, agent_id = conn.execute(whose).one()
        theirs = sa.select(conversations.c.id).where(conversations.c.visitor_id == visitor_id)
        _drop_talks(conn, list(conn.execute(theirs).scalars()), now)
        email = address_of(conn, visitor_id)
        if email:
            codes.erase(conn, look.keys.hashes(f"address/{email}"))
            notes.erase(conn, notes.left_by(conn, workspace_id, email))
        drop_visitor(conn, agent_id, visitor_id)
    return len(found)


def _drop_talks(conn: sa.Connection, ids: Sequence[str], now: Moment) -> None:
    for id_ in ids:
        if holds.lock(conn, id_) is not None:
            spending.give_back(conn, rows.stop_all(conn, id_, now), now)
    for piece in _pieces(ids):
        drop_conversations(conn, piece)


def _traces(look: _Look, _now: Moment) -> int:
    """End the sessions, without an id, of visitors who wanted to be known in a browser no more."""
    column = visitors.sessions.c.hash
    unnamed = look.conn.execute(sa.select(column).where(visitors.sessions.c.id.is_(None)))
    known = {places.trace_of(each): each for each in unnamed.scalars()}
    found = look.ended("trace", known)
    for each in found:
        visitors.end(look.conn, known[each])
    return len(found)


def _memories(look: _Look, _now: Moment) -> int:
    conn, table = look.conn, visitors.visitors
    found = look.of("memory", table.c.id)
    count = 0
    for visitor_id, at in found.items():
        agent = sa.select(table.c.agent_id).where(table.c.id == visitor_id)
        count += memories.wipe_again(conn, conn.execute(agent).scalar_one(), visitor_id, at)
    return count


def _addresses(look: _Look, _now: Moment) -> int:
    """Give links another address where the one they have was replaced; end former ones."""
    conn, former = look.conn, past.addresses.c
    known = {f"{id_}/{n}": id_ for id_, n in conn.execute(sa.select(links.c.id, links.c.address))}
    found = look.ended("address", known)
    for each in found:
        fresh = sa.update(links).where(links.c.id == known[each])
        conn.execute(fresh.values(address=new_address()))
    count = len(found)
    for link_id, at in look.of("old_addresses", former.link_id).items():
        count += past.curtail(conn, link_id, at)
    return count


def _identity_keys(look: _Look, _now: Moment) -> int:
    found = look.of("identity_key", identity_keys.keys.c.id)
    for id_ in found:
        visitors.end_signed(look.conn, id_)
        look.conn.execute(sa.delete(identity_keys.keys).where(identity_keys.keys.c.id == id_))
    return len(found)


def _sessions(look: _Look, now: Moment) -> int:
    """End the sessions of people all of whose sessions were ended, as far as they began before."""
    count, columns = 0, staff.staff_sessions.c
    for person_id, at in look.of("sessions", staff.people.c.id).items():
        older = sa.update(staff.staff_sessions).where(
            columns.person_id == person_id, columns.ended_at.is_(None), columns.created_at <= at
        )
        count += look.conn.execute(older.values(ended_at=now)).rowcount
    return count


def _people(look: _Look, now: Moment) -> int:
    """Shut out again whoever was, and was not let in again later."""
    out = look.of("person", staff.people.c.id, staff.people.c.disabled_at.is_(None))
    again = look.ended("person_again", out)
    found = {id_: at for id_, at in out.items() if again.get(id_, 0) <= at}
    for id_, at in found.items():
        shut = sa.update(staff.people).where(staff.people.c.id == id_)
        look.conn.execute(shut.values(disabled_at=at))
        end_sessions(look.conn, id_, now)
    return len(found)


def _agents(look: _Look, _now: Moment) -> int:
    found = look.of("agent", agents.c.id, agents.c.deleted_at.is_(None))
    for id_, at in found.items():
        its = sa.or_(agents.c.id == id_, agents.c.draft_of == id_)
        look.conn.execute(sa.update(agents).where(its).values(deleted_at=at, live=False))
    return len(found)


_OTHERS: Final[dict[str, Callable[[_Look, Moment], int]]] = {
    "conversation": _conversations,
    "visitor": _visitors,
    "trace": _traces,
    "memory": _memories,
    "address": _addresses,
    "identity_key": _identity_keys,
    "sessions": _sessions,
    "person": _people,
    "agent": _agents,
}


NOUNS: Final = frozenset({*_REVOKED, *_DELETED, *_OTHERS, "old_addresses", "person_again"})
"""Everything that a ledger may speak of."""


def _pieces(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]
