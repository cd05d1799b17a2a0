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

from parlour import config, main, rights, workspaces
from parlour.kit import observe
from parlour.kit.clock import Moment
from parlour.rights import Who
from parlour.tools import Tools

P = ParamSpec("P")

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
in_workspace = click.option(
    "--workspace", default=workspaces.DEFAULT, show_default=True, metavar="NAME", help="Whose."
)


@dataclass(frozen=True, slots=True)
class Host:
    """Somebody with a shell on this machine, acting as the owner of a workspace."""

    tools: Tools
    who: Who


@contextlib.asynccontextmanager
async def host(workspace: str = workspaces.DEFAULT) -> AsyncIterator[Host]:
    """Open the instance and act in a workspace; NotFound when there is none of that name."""
    async with main.opened(config.load()) as tools:
        if workspace == workspaces.DEFAULT:
            found = await workspaces.ensure_default(tools)
        else:
            found = await tools.db.read(workspaces.find, workspace)
        yield Host(tools, rights.host(found.id))


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


def when(moment: Moment | None) -> str:
    """Write a moment for people: minutes, UTC."""
    if moment is None:
        return "never"
    return datetime.fromtimestamp(moment / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def confirmed(question: str, *, yes: bool) -> bool:
    """Ask on a terminal; elsewhere, or with --yes, whoever calls has decided."""
    return yes or not sys.stdin.isatty() or click.confirm(question)
