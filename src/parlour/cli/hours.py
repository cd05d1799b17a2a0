"""Opening hours and seats at the command line: of an agent's links together, and of one link."""

from collections.abc import Callable
from typing import Any, Final

import click
import msgspec

from parlour.agents import sharing
from parlour.agents.model import Agent
from parlour.agents.sharing import Sharing
from parlour.cli.agents import agent, name_of
from parlour.cli.base import as_json, asynchronous, facts, host, in_workspace, show
from parlour.cli.links import SUCH_AS, link, link_id, shown, until
from parlour.cli.links import find as find_link
from parlour.kit.hours import ALWAYS, Schedule, weekly_of, words
from parlour.links import keeping
from parlour.web.api import hours

_OPTIONS: Final = (
    click.option(
        "--weekly",
        metavar="TEXT",
        help='Such as "Mon-Fri 9-12 and 13-17; Sat 10:00-14:00"; "" for any hour.',
    ),
    click.option("--zone", metavar="ZONE", help="Their time zone, such as Europe/Berlin."),
    click.option("--holidays", metavar="LIST", help='Closed days, with commas; "" for none.'),
    click.option(
        "--opens", metavar="TIME", help=f'Not before, such as {SUCH_AS}; "" for no bound.'
    ),
    click.option("--closes", metavar="TIME", help='Never again from then on; "" for no bound.'),
    click.option("--seats", type=int, help="How many may talk at once; 0: any number."),
)


def _bounds(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@agent.command("hours")
@name_of
@_bounds
@click.option("--seat-minutes", type=int, help="Who is silent for so long has left.")
@click.option("--anytime", is_flag=True, help="Open at any hour again.")
@in_workspace
@as_json
@asynchronous
async def of_agent(name: str, workspace: str, **options: Any) -> None:
    """Show when an agent's links are open and how many may talk at once, or change it."""
    async with host(workspace) as here:
        found = await here.agent(name)
        kept = await sharing.terms(here.tools, found)
        wanted = _numbers(options)
        schedule = _changed(ALWAYS if options["anytime"] else kept.schedule, options)
        if schedule != kept.schedule:
            wanted["schedule"] = schedule
        if wanted:
            found, kept = await sharing.change(here.tools, here.who, found, wanted)
    told = _told(kept.schedule, kept.seats, agent=(found, kept))
    show(told, facts(_lines(told)), as_json=options["as_json"])


@link.command("hours")
@link_id
@_bounds
@click.option("--anytime", is_flag=True, help="Open at any hour, whatever the agent's are.")
@click.option("--as-agent", is_flag=True, help="Leave the hours to the agent again.")
@in_workspace
@as_json
@asynchronous
async def of_link(link_id: str, workspace: str, **options: Any) -> None:
    """Show or change hours of a link's own, and how many may talk at once by it."""
    async with host(workspace) as here:
        found, owner = await find_link(here, link_id)
        wanted = _numbers(options)
        first = ALWAYS if options["anytime"] else found.schedule
        schedule = None if options["as_agent"] else _changed(first or ALWAYS, options)
        if first is None and schedule == ALWAYS:
            schedule = None
        if schedule != found.schedule:
            wanted["schedule"] = schedule
        if wanted:
            found = await keeping.change(here.tools, here.who, found, wanted)
        told = shown(here, found, owner)
    held = _told(found.schedule, found.seats)
    lines = [told.summary, *facts(_lines(held))]
    show({**held, "summary": told.summary}, lines, as_json=options["as_json"])


def _numbers(options: dict[str, Any]) -> dict[str, Any]:
    names = ("seats", "seat_minutes")
    return {name: options[name] for name in names if options.get(name) is not None}


def _changed(schedule: Schedule, options: dict[str, Any]) -> Schedule:
    """Return a schedule with what was given in its place."""
    wanted: dict[str, Any] = {}
    if options["weekly"] is not None:
        wanted["weekly"] = weekly_of(options["weekly"])
    if options["zone"] is not None:
        wanted["zone"] = options["zone"]
    if options["holidays"] is not None:
        given = (each.strip() for each in options["holidays"].split(","))
        wanted["holidays"] = tuple(each for each in given if each)
    for option, field in (("opens", "opens_at"), ("closes", "closes_at")):
        if options[option] is not None:
            given = options[option]
            wanted[field] = until(given, f"--{option}") if given else None
    return msgspec.structs.replace(schedule, **wanted)


def _told(
    schedule: Schedule | None, seats: int, agent: tuple[Agent, Sharing] | None = None
) -> dict[str, Any]:
    told: dict[str, Any] = {
        "schedule": None if schedule is None else msgspec.to_builtins(hours.shown(schedule)),
        "seats": seats,
    }
    if agent is not None:
        told = {"agent_name": agent[0].name, **told, "seat_minutes": agent[1].seat_minutes}
    return told


def _lines(told: dict[str, Any]) -> list[tuple[str, Any]]:
    given = told["schedule"]
    if given is None:
        return [("hours", "as the agent's"), ("seats", told["seats"] or "any number")]
    weekly = words(Schedule(weekly=given["weekly"])) or "any"
    return [
        ("hours", f"{weekly} ({given['zone']})"),
        ("holidays", ", ".join(given["holidays"])),
        ("opens", given["opens_at"]),
        ("closes", given["closes_at"]),
        ("seats", told["seats"] or "any number"),
    ]
