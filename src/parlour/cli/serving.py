"""Starting servers and workers at the command line."""

import asyncio
import sys
from collections.abc import Coroutine
from dataclasses import replace
from functools import partial
from typing import Any

import click
import uvloop

from parlour import config
from parlour.cli.base import as_json, show
from parlour.main import serving


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
    ready = None
    if demo:
        from parlour.cli import demonstration  # noqa: PLC0415 - only a demonstration needs it

        ready = demonstration.begin
    _run(serving.serve(settings, ready, partial(_announce, as_json=as_json)))


@click.command(short_help="Run a worker process beside servers, on PostgreSQL and Redis.")
@as_json
def worker(*, as_json: bool) -> None:
    """Run jobs and replies in a process of their own, until told to stop."""
    del as_json
    _run(serving.work(config.load()))


def _announce(url: str, *, as_json: bool) -> None:
    show({"url": url}, f"Listening on {url}", as_json=as_json)
    sys.stdout.flush()


def _run(work: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)
