"""On which terms a workspace counts: the time zone of its days, its money, what tokens cost."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

import sqlalchemy as sa

from parlour import events
from parlour.events import Kind
from parlour.insights.tables import prices
from parlour.insights.tables import terms as table
from parlour.kit.clock import Moment
from parlour.kit.db import insert_or_ignore
from parlour.kit.errors import FieldError, Invalid, NotAllowed, Stale
from parlour.rights import Who
from parlour.tools import Tools

MILLION: Final = 1_000_000
"""Prices are for a million tokens, and kept in millionths."""
_DEAREST: Final = 100_000
_HOUR: Final = 3_600


@dataclass(frozen=True, slots=True)
class Price:
    """What a million tokens of an agent cost, in millionths of the money."""

    input: int = 0
    output: int = 0

    def of(self, input_tokens: int, output_tokens: int) -> int:
        """Return what so many tokens cost, in millionths."""
        return (input_tokens * self.input + output_tokens * self.output) // MILLION


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms a workspace counts."""

    zone: str = "UTC"
    """By its name in the IANA database."""
    currency: str = "EUR"
    prices: Mapping[str, Price] = field(default_factory=dict)
    """By the id of the agent; there is none for an agent that costs nothing."""
    updated_at: Moment = 0
    updated_by: str = ""


def find(conn: sa.Connection, workspace_id: str) -> Terms:
    """Return the terms of a workspace."""
    row = conn.execute(sa.select(table).where(table.c.workspace_id == workspace_id)).first()
    cost = {
        each.agent_id: Price(each.input, each.output)
        for each in conn.execute(sa.select(prices).where(prices.c.workspace_id == workspace_id))
    }
    if row is None:
        return Terms(prices=cost)
    return Terms(row.zone, row.currency, cost, row.updated_at, row.updated_by)


def finely(conn: sa.Connection) -> frozenset[str]:
    """Return the workspaces in whose zones hours do not begin with those of UTC."""
    now = datetime.now(UTC)
    found = conn.execute(sa.select(table.c.workspace_id, table.c.zone))
    return frozenset(row.workspace_id for row in found if _is_odd(row.zone, now))


def _is_odd(zone: str, now: datetime) -> bool:
    away = now.astimezone(ZoneInfo(zone)).utcoffset()
    return away is not None and away.total_seconds() % _HOUR != 0


async def change(
    tools: Tools,
    who: Who,
    *,
    zone: str | None = None,
    currency: str | None = None,
    cost: Mapping[str, tuple[str, str]] | None = None,
    seen: Moment | None = None,
) -> Terms:
    """Change the terms of a workspace; what is not given stays.

    `cost`: by the id of an agent, what a million tokens in and out cost, as somebody typed it.

    Raises:
        NotAllowed: a key that is for one agent. Invalid: there is no such zone, or something is
        no price. Stale: somebody changed them since `seen`.
    """
    if who.agent_id is not None:
        raise NotAllowed("this is said for the whole workspace, not for one agent")
    given = {each: _price(*typed) for each, typed in (cost or {}).items()}
    if zone is not None and zone not in available_timezones():
        raise _wrong("zone", "is no time zone, such as Europe/Berlin")
    if currency is not None and not _is_code(currency):
        raise _wrong("currency", "has three capital letters, such as EUR")

    def unit(conn: sa.Connection) -> Terms:
        held = _hold(conn, who.workspace_id)
        if seen is not None and held.updated_at != seen:
            raise Stale(f"{held.updated_by or 'somebody'} changed this meanwhile; read it again")
        new = replace(
            held,
            zone=zone or held.zone,
            currency=currency or held.currency,
            prices={
                agent: price
                for agent, price in {**held.prices, **given}.items()
                if price != Price()
            },
        )
        if new == held:
            return held
        at = max(tools.clock.now(), held.updated_at + 1)
        new = replace(new, updated_at=at, updated_by=who.name)
        _keep(conn, who.workspace_id, new)
        data = {"zone": new.zone, "currency": new.currency, "priced": len(new.prices)}
        events.record(conn, Kind.METRICS_CHANGED, who, at, data=data)
        return new

    return await tools.db.write(unit)


def _price(paid: str, got: str) -> Price:
    return Price(_millionths(paid), _millionths(got))


def _millionths(typed: str) -> int:
    try:
        found = Decimal(typed.strip().replace(",", ".") or "0")
    except InvalidOperation:
        raise _wrong("price", "is an amount of money, such as 0.15") from None
    if not found.is_finite() or not 0 <= found <= _DEAREST:
        raise _wrong("price", f"is from 0 to {_DEAREST:,}")
    return int(found * MILLION)


def money(millionths: int) -> str:
    """Write an amount as it is typed."""
    return (
        f"{Decimal(millionths) / MILLION:.2f}"
        if millionths % 10_000 == 0
        else (f"{Decimal(millionths) / MILLION:f}".rstrip("0"))
    )


def _is_code(text: str) -> bool:
    return len(text) == 3 and text.isascii() and text.isalpha() and text.isupper()


def _wrong(name: str, message: str) -> Invalid:
    return Invalid(f"{name} {message}", errors=[FieldError(name, message)])


def _hold(conn: sa.Connection, workspace_id: str) -> Terms:
    """Return the terms, to be changed by nobody else until the transaction ends."""
    conn.execute(insert_or_ignore(conn, table), _row(workspace_id, Terms()))
    mine = table.c.workspace_id == workspace_id
    conn.execute(sa.select(table.c.zone).where(mine).with_for_update())
    return find(conn, workspace_id)


def _keep(conn: sa.Connection, workspace_id: str, new: Terms) -> None:
    mine = table.c.workspace_id == workspace_id
    conn.execute(sa.update(table).where(mine).values(_row(workspace_id, new)))
    conn.execute(sa.delete(prices).where(prices.c.workspace_id == workspace_id))
    rows = [
        {"agent_id": agent, "workspace_id": workspace_id, "input": each.input,
         "output": each.output}
        for agent, each in new.prices.items()
    ]  # fmt: skip
    if rows:
        conn.execute(sa.insert(prices), rows)


def _row(workspace_id: str, said: Terms) -> dict[str, Any]:
    return {
        "workspace_id": workspace_id,
        "zone": said.zone,
        "currency": said.currency,
        "updated_at": said.updated_at,
        "updated_by": said.updated_by,
    }
