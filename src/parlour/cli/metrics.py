"""Metrics at the command line: how much of everything there was, sessions, and the terms of it."""

from collections.abc import Callable
from typing import Any, TypeVar

import click
import msgspec

from parlour import insights
from parlour.cli.base import as_json, asynchronous, facts, host, in_workspace, show, table, when
from parlour.insights import terms
from parlour.insights.logs import How
from parlour.insights.metrics import Amounts
from parlour.web import figures
from parlour.web.api import metrics as api

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--days", default="", metavar="N", help="So many days up to today, else 14."),
    click.option("--first", default="", metavar="DAY", help="The first day, such as 2026-11-01."),
    click.option("--last", default="", metavar="DAY", help="The last day; today when not said."),
    click.option("--agent", default="", metavar="NAME", help="Only with this agent."),
    click.option("--link", default="", metavar="ID", help="Only by this link."),
)
_NAMES = ("days", "first", "last", "agent", "link")
_TOTALS = (
    *("opened", "sessions", "visitors", "answered", "handed", "messages", "failures"),
    *("asked", "taken", "good", "poor", "tokens"),
)


def _choosing(command: Command) -> Command:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def _given(more: dict[str, Any]) -> dict[str, str]:
    return {name: str(more[name]) for name in _NAMES if more[name]}


@click.group(short_help="See how much of everything there was, and a line for each session.")
def metrics() -> None:
    """See how much of everything there was, and a line for each session.

    It is counted once a minute by a server or a worker, so the last minute may be missing.
    """


@metrics.command("show")
@_choosing
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, a day a line.")
@in_workspace
@as_json
@asynchronous
async def shown(workspace: str, *, as_csv: bool, as_json: bool, **more: Any) -> None:
    """Count what happened in some days, and compare with as many days before."""
    async with host(workspace) as here:
        wanted = await figures.asked(here.tools, here.who, _given(more))
        found = await figures.report(here.tools, here.who, wanted)
        told = await api.shown(here.tools, here.who, found)
    if as_csv:
        click.echo(figures.as_csv(found).decode("utf-8-sig"), nl=False)
        return
    rows = [
        (name.replace("_", " "), f"{getattr(found.total, name):,}",
         f"{getattr(found.before, name):,}")
        for name in _TOTALS
    ]  # fmt: skip
    rows.append(("cost", _cost(found.total, told.currency), _cost(found.before, told.currency)))
    lines = table(["", f"{told.first} – {told.last}", "BEFORE"], rows, "")
    days = [(str(day), f"{each.sessions:,}", f"{each.messages:,}", f"{each.tokens:,}")
            for day, each in found.days]  # fmt: skip
    lines += ["", *table([told.zone, "SESSIONS", "MESSAGES", "TOKENS"], days, "")]
    show(msgspec.to_builtins(told), lines, as_json=as_json)


def _cost(each: Amounts, currency: str) -> str:
    return f"{terms.money(each.cost)} {currency}"


@metrics.command("sessions")
@_choosing
@click.option(
    "--how", type=click.Choice([each.value for each in How]), help="Only those that went like this."
)
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True,
              metavar="N", help="At most so many.")  # fmt: skip
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, a session a line.")
@in_workspace
@as_json
@asynchronous
async def sessions(
    workspace: str, how: str | None, limit: int, *, as_csv: bool, as_json: bool, **more: Any
) -> None:
    """List sessions that began in some days, the latest first."""
    async with host(workspace) as here:
        wanted = await figures.asked(here.tools, here.who, _given(more))
        chosen = figures.wanted_sessions(wanted, figures.how_of(how or ""))
        found = await figures.lines(here.tools, here.who, chosen, limit=limit)
    if as_csv:
        click.echo(figures.sessions_csv(found).decode("utf-8-sig"), nl=False)
        return
    told = [api.session(each) for each in found]
    rows = [
        (when(line.session.began_at), f"{line.session.lasted // 1000} s", line.agent_name,
         line.link_name or line.session.link_id, line.visitor, str(line.session.messages),
         each.over or "goes on", each.conversation_id)
        for line, each in zip(found, told, strict=True)
    ]  # fmt: skip
    heads = ["BEGAN", "LASTED", "AGENT", "LINK", "VISITOR", "MESSAGES", "END", "CONVERSATION"]
    lines = table(heads, rows, "There were no sessions.")
    show(msgspec.to_builtins(told), lines, as_json=as_json)


@metrics.command("count")
@in_workspace
@as_json
@asynchronous
async def count(workspace: str, *, as_json: bool) -> None:
    """Count what happened up to now, without waiting for a server to do so."""
    async with host(workspace) as here:
        await insights.read_on(here.tools)
    show({"counted": True}, "Counted.", as_json=as_json)


@metrics.command("terms")
@click.option("--zone", metavar="ZONE", help="The time zone of the days, such as Europe/Berlin.")
@click.option("--currency", metavar="CODE", help="What money is, such as EUR.")
@click.option("--price", "prices", multiple=True, nargs=3, metavar="AGENT IN OUT",
              help="What a million tokens of an agent cost, in and out.")  # fmt: skip
@in_workspace
@as_json
@asynchronous
async def change(
    zone: str | None,
    currency: str | None,
    prices: tuple[tuple[str, str, str], ...],
    workspace: str,
    *,
    as_json: bool,
) -> None:
    """Show on which terms is counted, or change them: zone, money, and what tokens cost."""
    async with host(workspace) as here:
        cost = {(await here.agent(name)).id: (paid, got) for name, paid, got in prices}
        if zone or currency or cost:
            await terms.change(here.tools, here.who, zone=zone, currency=currency, cost=cost)
        found = await here.tools.db.read(terms.find, here.who.workspace_id)
        told = await api.terms_shown(here.tools, here.who, found)
    lines = facts([
        ("Zone", told.zone),
        ("Money", told.currency),
        *((f"Price of {name}", f"{each.input} in, {each.output} out, a million tokens")
          for name, each in told.prices.items()),
    ])  # fmt: skip
    show(msgspec.to_builtins(told), lines, as_json=as_json)
