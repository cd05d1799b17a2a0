"""Starting servers and workers at the command line."""

import asyncio
import contextlib
import sys
from collections.abc import Coroutine
from dataclasses import replace
from functools import partial
from typing import Any

import click
import uvloop

from parlour import config
from parlour.cli.base import as_json, show
from parlour.links import address
from parlour.main import serving
from parlour.staff import setup
from parlour.tools import Tools


@click.command(short_help="Serve visitors, programs and owners.")
@click.option("--host", metavar="H", help="Address to listen on.  [default: PARLOUR_HOST]")
@click.option(
    "--port", type=click.IntRange(0, 65535), metavar="P", help="Port; 0 takes a free one."
)
@click.option("--demo", is_flag=True, help="Make a demonstration agent and print a link to it.")
@as_json
def serve(host: str | None, port: int | None, *, demo: bool, as_json: bool) -> None:
    """Serve visitors, programs and owners until told to stop (SIGTERM or Ctrl-C)."""
    settings = config.load()
    if host is not None:
        settings = replace(settings, host=host)
    if port is not None:
        settings = replace(settings, port=port)

    async def ready(tools: Tools) -> None:
        if demo:
            from parlour.cli import demonstration  # noqa: PLC0415 - only a demonstration needs it

            await demonstration.begin(tools)
        await _show_studio(tools, as_json=as_json)

    _run(serving.serve(settings, ready, partial(_announce, as_json=as_json)))


@click.command(short_help="Run a worker process beside servers, on PostgreSQL and Redis.")
@as_json
def worker(*, as_json: bool) -> None:
    """Run jobs and replies in a process of their own, until told to stop."""
    del as_json
    _run(serving.work(config.load()))


async def _show_studio(tools: Tools, *, as_json: bool) -> None:
    """Print, as long as nobody owns this instance, where and with which code to begin."""
    code = await setup.new_code(tools)
    if code is not None:
        url = f"{address.base(tools.settings)}/studio/setup?code={code}"
        lines = ["", "The studio waits for its owner. Open", "", f"  {url}", ""]
        _say({"setup_url": url}, lines, as_json=as_json)


def _announce(url: str, *, as_json: bool) -> None:
    _say({"url": url}, [f"Listening on {url}"], as_json=as_json)


def _say(data: dict[str, str], lines: list[str], *, as_json: bool) -> None:
    # Where it goes there may be no room, or nobody any more: no reason not to serve.
    with contextlib.suppress(OSError):
        show(data, lines, as_json=as_json)
        sys.stdout.flush()


def _run(work: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)
