"""How a new agent is set up from options, and made ready right there with its progress shown."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click
import msgspec

from parlour.agents import keeping, readying, store
from parlour.agents.backends import documents
from parlour.agents.library import indexing
from parlour.agents.library import store as library
from parlour.agents.library.running import Progress
from parlour.agents.model import Agent
from parlour.cli.base import Host, counted
from parlour.kit.errors import NotFound
from parlour.web.api import shapes

Command = TypeVar("Command", bound=Callable[..., Any])

_OF: Final[dict[str, tuple[str, ...]]] = {
    "documents": ("path", "embeddings_base_url", "embeddings_model", "embeddings_api_key"),
    "openai": (
        "base_url",
        "model",
        "api_key_env",
        "api_key",
        "instructions",
        "temperature",
        "max_output_tokens",
        "images",
    ),
    "webhook": ("url", "verify_response"),
    "function": ("target",),
}
_NEEDED: Final = {
    "documents": (),
    "openai": ("base_url", "model"),
    "webhook": ("url",),
    "function": ("target",),
}
_NAMED: Final = {
    "api_key": "--api-key-stdin",
    "embeddings_base_url": "--embeddings-url",
    "embeddings_api_key": "--embeddings-key-env",
}
"""Options that are not called like what they set."""
_COLUMNS: Final = 80
"""Of a terminal that does not say how wide it is."""
_OPTIONS: Final = [
    click.option(
        "--path",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="documents: the folder to answer from; without it, upload some.",
    ),
    click.option(
        "--embeddings-url",
        "embeddings_base_url",
        metavar="URL",
        help="documents: a server of embeddings, to find by meaning, too.",
    ),
    click.option("--embeddings-model", metavar="M", help="documents: which embeddings to ask for."),
    click.option(
        "--embeddings-key-env",
        metavar="VAR",
        help="documents: the variable that holds its key, which is read now and kept sealed.",
    ),
    click.option("--base-url", metavar="URL", help="openai: where the model server is."),
    click.option("--model", metavar="M", help="openai: which model to ask."),
    click.option("--api-key-env", metavar="VAR", help="openai: the variable that holds its key."),
    click.option("--api-key-stdin", is_flag=True, help="openai: read its key from standard input."),
    click.option("--instructions", metavar="TEXT", help="openai: what the model is told first."),
    click.option("--temperature", type=float, help="openai: 0 to 2."),
    click.option("--max-output-tokens", type=int, metavar="N", help="openai: longest reply."),
    click.option("--images", is_flag=True, help="openai: the model takes pictures."),
    click.option("--url", metavar="URL", help="webhook: the address that answers."),
    click.option("--verify-response", is_flag=True, help="webhook: have it sign its answers."),
    click.option("--target", metavar="MODULE:CALLABLE", help="function: what to call."),
]


def backend_options(command: Command) -> Command:
    """Give a command the options of every backend."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def config_of(backend: str, options: dict[str, Any], *, whole: bool = True) -> dict[str, Any]:
    """Make a backend's config of its options; wrong usage when one is missing or another's.

    `whole`: of a new agent, to which nothing that is needed may be missing.
    """
    if options["api_key_stdin"]:
        options["api_key"] = sys.stdin.read().strip()
    if (variable := options["embeddings_key_env"]) is not None:
        options["embeddings_api_key"] = os.environ.get(variable, "").strip()
        if not options["embeddings_api_key"]:
            raise click.UsageError(f"--embeddings-key-env: {variable} is not set")
    given = {
        name: options[name]
        for names in _OF.values()
        for name in names
        if options.get(name) not in (None, False)
    }
    for name in given:
        if name not in _OF[backend]:
            raise click.UsageError(f"{_flag(name)} is not for --backend {backend}")
    for name in _NEEDED[backend] if whole else ():
        if name not in given:
            raise click.UsageError(f"--backend {backend} needs {_flag(name)}")
    if "path" in given:
        given["path"] = str(given["path"].resolve())
    return given


def _flag(name: str) -> str:
    return _NAMED.get(name) or "--" + name.replace("_", "-")


async def create(
    here: Host, wish: keeping.Wish, *, publish: bool, as_json: bool
) -> tuple[keeping.Made, dict[str, Any] | None]:
    """Make an agent; one of documents is published once they have been read.

    Returns what was made, and how reading went. When reading fails, nothing is left behind.
    """
    if wish.backend != "documents" or "path" not in wish.config:
        return await keeping.create(here.tools, here.who, wish, trusted=True, publish=publish), None
    made = await keeping.create(here.tools, here.who, wish, trusted=True, publish=False)
    agent = made.agent
    bar = _Bar(wish.config["path"], as_json=as_json)
    try:
        # Before it is published no server reads the same documents at the same time.
        await _read(here, agent, bar.show)
        if publish:
            await keeping.publish(here.tools, here.who, agent)
            agent = await keeping.switch(here.tools, here.who, agent, live=True)
    except BaseException:
        bar.clear()
        with contextlib.suppress(NotFound):  # somebody else has deleted it meanwhile
            await asyncio.shield(keeping.delete(here.tools, here.who, agent))
        raise
    bar.clear()
    return keeping.Made(agent, made.secrets), await progress(here, agent)


async def _read(here: Host, agent: Agent, told: Progress) -> None:
    tools = here.tools
    config = documents.KIND.load(agent.draft.config)
    server = documents.server_of(config, tools)
    try:
        await indexing.index(tools, agent.id, Path(config.path), told, server=server)
    finally:
        # Whoever deleted it meanwhile may have cleared away before this wrote its last.
        if await tools.db.read(store.by_id, agent.id) is None:
            await readying.forget(tools, {"agent": agent.id})


async def progress(here: Host, agent: Agent) -> dict[str, Any] | None:
    """Tell how far an agent's documents have been read; None when it has none."""
    if agent.draft.backend != "documents":
        return None
    row = await here.tools.db.read(library.state_of, agent.id)
    told: dict[str, Any] = msgspec.to_builtins(shapes.index(row))
    return told


def told(report: dict[str, Any]) -> str:
    """Say in one line how reading went."""
    if report["state"] == "failed":
        return f"failed: {report['error']}"
    if report["state"] != "ready":
        return f"{report['state']}, {report['done']:,} of {report['total']:,}"
    line = f"{counted(report['documents'], 'document')}, {counted(report['passages'], 'passage')}"
    skipped = len(report["skipped"])
    if not skipped:
        return line
    first = report["skipped"][0]
    return f"{line}; {skipped:,} skipped, such as {first['path']}: {first['reason']}"


class _Bar:
    """How far it is, on standard error: a line drawn anew on a terminal, one at first elsewhere."""

    def __init__(self, folder: str, *, as_json: bool) -> None:
        self._folder = folder
        self._drawn = sys.stderr.isatty()
        self._said = as_json

    def show(self, done: int, total: int, current: str) -> None:
        """Draw the line anew, or say once what takes a moment."""
        if self._drawn:
            filled = round(24 * done / total) if total else 24
            bar = "━" * filled + "╺" + "─" * (24 - filled)
            line = f"{bar} {done:,} of {total:,}  {current[-40:] or 'building the index'}"
            # A line that goes on in the next one would not be drawn over.
            columns = os.get_terminal_size(sys.stderr.fileno()).columns or _COLUMNS
            sys.stderr.write(f"\r\x1b[K{line[: columns - 1]}")
        elif not self._said:
            what = counted(total, "document")
            sys.stderr.write(f"Reading {what} in {self._folder}. This takes a moment.\n")
        self._said = True
        sys.stderr.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self._drawn:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
