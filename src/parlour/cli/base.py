"""What commands share: options, acting as the host, and printing for people and for programs."""

import asyncio
import contextlib
import functools
import os
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ParamSpec

import click
import orjson

from parlour import config, events, main, rights, workspaces
from parlour.agents import store as agents
from parlour.agents.model import Agent
from parlour.kit import observe
from parlour.kit.clock import Moment
from parlour.pictures import MOST_BYTES
from parlour.rights import Who
from parlour.staff.teams import store as teams
from parlour.staff.teams.store import Team
from parlour.tools import Tools

P = ParamSpec("P")

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
in_workspace = click.option(
    "--workspace", default=workspaces.DEFAULT, show_default=True, metavar="NAME", help="Whose."
)


def picture_file(command: Callable[P, Any]) -> Callable[P, Any]:
    """Take the file of a picture, or that it be removed; `picture_of` reads it."""
    path = click.Path(exists=True, dir_okay=False, path_type=Path)
    remove = click.option("--remove", is_flag=True, help="Take the picture away.")
    return click.argument("file", required=False, type=path)(remove(command))


def picture_of(file: Path | None, *, remove: bool) -> bytes | None:
    """Read the picture that a command names; None where it is to be taken away."""
    if (file is None) != remove:
        raise click.UsageError("name a file, or say --remove")
    if file is None:
        return None
    with file.open("rb") as opened:
        return opened.read(MOST_BYTES + 1)


@dataclass(frozen=True, slots=True)
class Host:
    """Somebody with a shell on this machine, acting as the owner of a workspace."""

    tools: Tools
    who: Who

    async def agent(self, name: str) -> Agent:
        """Find an agent of the workspace by name; NotFound when there is none."""
        return await self.tools.db.read(agents.find, self.who.workspace_id, name)

    async def agent_id(self, name: str | None) -> str | None:
        """Return the id of the agent that an option names; None where it names none."""
        return None if name is None else (await self.agent(name)).id

    async def team(self, name: str) -> Team:
        """Find a team of the workspace by name; NotFound when there is none."""
        return await self.tools.db.read(teams.named, self.who.workspace_id, name)


@contextlib.asynccontextmanager
async def host(workspace: str = workspaces.DEFAULT) -> AsyncIterator[Host]:
    """Open the instance and act in a workspace; NotFound when there is none of that name."""
    async with main.opened(config.load()) as tools:
        if workspace == workspaces.DEFAULT:
            found = await workspaces.ensure_default(tools)
        else:
            found = await tools.db.read(workspaces.find, workspace)
        began = tools.clock.now()
        await workspaces.meet(tools, found.id)
        yield Host(tools, rights.host(found.id))
        if await tools.db.read(events.latest, events.ENDING) >= began:
            # Loaded by the few commands that need it; no server may run that would copy later.
            from parlour.forgetting import copying  # noqa: PLC0415

            await copying.copied(tools)


def called() -> str:
    """Return what to type in another terminal, in this folder, to run this program again."""
    file = Path(sys.argv[0])
    if shutil.which(file.name) is not None:
        return file.name
    # `make run` starts it from an environment that the other terminal has not entered.
    here = Path.cwd()
    return str(file.relative_to(here) if file.is_relative_to(here) else file)


def asynchronous(command: Callable[P, Awaitable[None]]) -> Callable[P, None]:
    """Make a command of a coroutine."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        async def wrapped() -> None:
            await command(*args, **kwargs)

        # What a command has to say it prints; the log of a server is not part of it.
        observe.configure("debug" if os.environ.get("PARLOUR_LOG_LEVEL") == "debug" else "error")
        asyncio.run(wrapped())

    return run


def show(data: Any, lines: str | Sequence[str], *, as_json: bool) -> None:
    """Print `data` for a program, or `lines` for a person."""
    if as_json:
        option = orjson.OPT_INDENT_2 if sys.stdout.isatty() else 0
        click.echo(orjson.dumps(data, option=option).decode())
        return
    for line in [lines] if isinstance(lines, str) else lines:
        click.echo(line)


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], none: str) -> list[str]:
    """Lay out rows under their headings; `none` is said when there are no rows."""
    if not rows:
        return [none]
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    laid = []
    for row in (headings, *rows):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        laid.append("  ".join(cells).rstrip())
    return laid


def facts(pairs: Sequence[tuple[str, Any]]) -> list[str]:
    """Lay out names and values, one per line, without those that have no value."""
    kept = [(name, str(value)) for name, value in pairs if value not in (None, "")]
    width = max(len(name) for name, _ in kept) + 2
    return [f"{name.ljust(width)}{value}" for name, value in kept]


def counted(number: int, what: str) -> str:
    """Write how many there are of something, whose word takes an s."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def when(moment: Moment | None) -> str:
    """Write a moment for people: minutes, UTC."""
    if moment is None:
        return "never"
    return datetime.fromtimestamp(moment / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def confirmed(question: str, *, yes: bool) -> bool:
    """Ask on a terminal; elsewhere, or with --yes, whoever calls has decided."""
    return yes or not sys.stdin.isatty() or click.confirm(question)


def number(option: str, text: str) -> int | None:
    """Read a whole number of an option; empty is None."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise click.BadParameter("needs a whole number", param_hint=option)
    return int(text[:18])
