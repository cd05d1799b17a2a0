"""Doing a thing once however often it is asked for: answers kept by the caller's own key, a day."""

import hashlib
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from parlour.kit.clock import DAY, Clock, Moment
from parlour.kit.db import Database, Unit, metadata
from parlour.kit.db.base import P, T
from parlour.kit.errors import Invalid
from parlour.kit.tokens import Keyring

answers = sa.Table(
    "once_answers",
    metadata,
    sa.Column("scope", sa.String(60), primary_key=True),
    sa.Column("key", sa.String(255), primary_key=True),
    sa.Column("request", sa.String(64), nullable=False),
    sa.Column("answer", sa.Text, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Index("once_answers_at", "at"),
)
"""`answer` is sealed, because it may hold a secret that is shown once."""

KEPT = DAY


class Reused(Invalid):
    """The key was used for another request before."""

    default_code = "idempotency_key_reused"


class Repeated(Exception):
    """It has been done before; this is what was answered then."""

    def __init__(self, answer: bytes) -> None:
        """Carry the answer."""
        super().__init__("it has been done before")
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for what, by the caller's own key."""

    scope: str
    """Keys of different callers never meet."""
    key: str
    request: str

    @classmethod
    def of(cls, scope: str, key: str, *parts: bytes) -> "Asked":
        """Name a request by a hash of its parts."""
        digest = hashlib.sha256()
        for part in parts:
            digest.update(len(part).to_bytes(8, "big") + part)
        return cls(scope, key, digest.hexdigest())


def forget(conn: sa.Connection, now: Moment) -> None:
    """Delete the answers that are too old to be given again."""
    conn.execute(sa.delete(answers).where(answers.c.at <= now - KEPT))


_ID = re.compile(r"[a-z]{3}_[0-9A-Za-z]{22}", re.ASCII)


def naming(conn: sa.Connection, keys: Keyring, ids: Collection[str]) -> list[tuple[str, str]]:
    """Find the answers in which one of these ids stands; returns whose they are: scope and key.

    All that are kept are opened for it, so call it where that holds nobody up.
    """
    columns = answers.c
    found = conn.execute(sa.select(columns.scope, columns.key, columns.answer))
    return [
        (row.scope, row.key)
        for row in found
        if row.answer and not set(_ID.findall(keys.unseal(row.answer))).isdisjoint(ids)
    ]


def drop(conn: sa.Connection, whose: Collection[tuple[str, str]]) -> None:
    """Delete answers; whoever asks for one again is judged anew."""
    for scope, key in whose:
        conn.execute(sa.delete(answers).where(answers.c.scope == scope, answers.c.key == key))


class OnceDatabase:
    """A database whose one write is done only if it has not been done under this key before."""

    def __init__(
        self,
        db: Database,
        keys: Keyring,
        clock: Clock,
        asked: Asked,
        *,
        answer: Callable[[Any], bytes],
    ) -> None:
        """Wrap `db`; `answer` makes what is kept of the write's outcome."""
        self.kind: Literal["sqlite", "postgresql"] = db.kind
        self._db = db
        self._keys = keys
        self._clock = clock
        self._asked = asked
        self._answer = answer
        self.read = db.read
        self.browse = db.browse
        self.close = db.close
        self.scrub = db.scrub

    async def write(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run one transaction that also keeps the answer.

        Raises:
            Repeated: it was done before, or at the very same time; nothing was done now.
            Reused: the key was used for another request.
        """

        def once(conn: sa.Connection) -> T:
            now = self._clock.now()
            self._claim(conn, now)
            outcome = unit(conn, *args, **kwargs)
            sealed = self._keys.seal(self._answer(outcome).decode())
            conn.execute(sa.update(answers).where(*self._mine()).values(answer=sealed))
            return outcome

        return await self._db.write(once)

    async def look(self) -> None:
        """Raise what `write` would raise, before any work is done for nothing."""
        await self._db.read(self._look, self._clock.now())

    def _claim(self, conn: sa.Connection, now: Moment) -> None:
        upsert = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
        fresh = {"request": self._asked.request, "answer": "", "at": now}
        claim = upsert(answers).values(scope=self._asked.scope, key=self._asked.key, **fresh)
        # Whoever claims the same key at the same time waits here until this one has ended. An
        # answer that is too old is written over: it may still be there until the next tidying.
        claim = claim.on_conflict_do_update(
            index_elements=["scope", "key"], set_=fresh, where=answers.c.at <= now - KEPT
        )
        if conn.execute(claim.returning(answers.c.at)).first() is None:
            self._look(conn, now)

    def _look(self, conn: sa.Connection, now: Moment) -> None:
        row = conn.execute(
            sa.select(answers.c.request, answers.c.answer).where(
                *self._mine(), answers.c.at > now - KEPT
            )
        ).first()
        if row is None:
            return
        if row.request != self._asked.request:
            raise Reused("this Idempotency-Key was used for another request")
        raise Repeated(self._keys.unseal(row.answer).encode())

    def _mine(self) -> tuple[sa.ColumnElement[bool], ...]:
        return (answers.c.scope == self._asked.scope, answers.c.key == self._asked.key)
