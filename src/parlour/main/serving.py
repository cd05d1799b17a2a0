"""Running a server or a worker: its site, its jobs, its end."""

import asyncio
import contextlib
import gc
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace

import structlog
import uvicorn

from parlour import __version__, jobs
from parlour.agents.keeping import backend_of
from parlour.canned import store as canned
from parlour.chat.live import Live
from parlour.chat.runner import Runner
from parlour.config import Settings
from parlour.forgetting import copying, set_back
from parlour.kit import company, instance, observe
from parlour.kit.errors import Unavailable
from parlour.kit.observe import traces
from parlour.main.opening import opened
from parlour.tools import Tools
from parlour.web import receipt, site
from parlour.web.edge import Edge

log = structlog.get_logger("parlour")

ROOMS = (canned,)
"""Who runs everything knows every room, and so every table; only the team asks for these."""
_BACKLOG = 2048
_WAKE = "jobs"


@contextlib.asynccontextmanager
async def working(tools: Tools, *, alone: bool) -> AsyncIterator[None]:
    """Run jobs and turns in this process; `alone` when no other process can be alive."""
    # Before anything is handed out, answered or shown.
    await set_back.catch_up(tools)
    runner = Runner(tools, backend_of)
    jobs.register(tools, runner)
    wake = tools.bus.subscribe(_WAKE, tools.queue.wake)
    tools.queue.on_enqueue.append(lambda: tools.bus.publish(_WAKE, "look"))
    await tools.queue.start(alone=alone)
    tail = asyncio.create_task(jobs.tail(tools), name="events-tail")
    time = asyncio.create_task(jobs.keep_time(tools), name="keep-time")
    openings = asyncio.create_task(jobs.keep_openings(tools), name="keep-openings")
    outside = asyncio.create_task(jobs.hand_out(tools), name="webhooks-hand-out")
    ledger = asyncio.create_task(copying.keep_up(tools), name="keep-ledger")
    try:
        yield
    finally:
        tail.cancel()
        time.cancel()
        outside.cancel()
        ledger.cancel()
        openings.cancel()
        await asyncio.wait({openings})
        await tools.queue.drain(tools.settings.drain_seconds)
        wake.close()
        runner.close()


async def work(settings: Settings) -> None:
    """Be a worker: run jobs and turns beside servers, on PostgreSQL and Redis, until told to stop.

    Raises:
        Unavailable: there is no PostgreSQL or no Redis to share with the servers, or a server
            without Redis has this database.
    """
    if not (settings.database_url and settings.redis_url):
        raise Unavailable("a worker needs PARLOUR_DATABASE_URL and PARLOUR_REDIS_URL")
    observe.configure(settings.log_level)
    told_to_stop = asyncio.Event()
    _on_signals(lambda _signal: told_to_stop.set())
    with observe.watching_loop():
        async with (
            _traced(),
            company.kept(settings.database_url, shared=True) as lost,
            opened(settings, upgrade=True) as tools,
            working(tools, alone=False),
            _watched(tools),
            _stopping(lost, told_to_stop.set),
        ):
            log.info("worker.ready")
            await told_to_stop.wait()
        _complain(lost, settings)


@contextlib.asynccontextmanager
async def _traced() -> AsyncIterator[None]:
    """Trace, where the environment asks for it; what is left is sent at the end."""
    if not traces.begin(__version__):
        yield
        return
    log.info("traces.on")
    try:
        yield
    finally:
        await asyncio.to_thread(traces.end)


@contextlib.asynccontextmanager
async def _watched(tools: Tools) -> AsyncIterator[None]:
    """Let others look whether a worker is alive, and what it measures, where that is wanted."""
    settings = tools.settings
    if not settings.worker_port:
        yield
        return
    with contextlib.closing(_listen(settings.host, settings.worker_port)) as listening:
        server = _Quiet(_server_config(site.build_for_worker(tools), settings))
        serving = asyncio.create_task(server.serve([listening]), name="worker-watched")
        try:
            yield
        finally:
            server.should_exit = True
            await serving


class _Quiet(uvicorn.Server):
    """A web server that leaves signals to whom it serves."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone."""
        yield


async def serve(
    settings: Settings,
    ready: Callable[[Tools], object] | None = None,
    announce: Callable[[str], object] | None = None,
) -> None:
    """Serve until told to stop; `ready` is called with the tools once requests are answered.

    `announce` is told before that where this server listens.

    Raises:
        Unavailable: another server uses the same data, or a part this needs cannot be had.
    """
    gc.freeze()  # what was loaded
    observe.configure(settings.log_level)
    listening = _listen(settings.host, settings.port)
    address, port = listening.getsockname()[:2]
    shown = f"[{address}]" if ":" in address else address
    public_url = settings.public_url.rstrip("/") or f"http://{shown}:{port}"
    settings = replace(settings, port=port, public_url=public_url)
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(contextlib.closing(listening))
        stack.enter_context(observe.watching_loop())
        alone, lost = await _only_here(settings, stack)
        await stack.enter_async_context(_traced())
        instance.tell_address(settings.data_dir, public_url)
        tools = await stack.enter_async_context(opened(settings, upgrade=True))
        live = Live(tools)
        await stack.enter_async_context(working(tools, alone=alone))
        server = _Server(_server_config(site.build(tools, live), settings), live)
        serving = asyncio.create_task(server.serve([listening]))
        await server.began(serving)
        _settle_in()
        if announce is not None:
            announce(f"http://{shown}:{port}")
        if ready is not None:
            outcome = ready(tools)
            if asyncio.iscoroutine(outcome):
                await outcome
        async with _stopping(lost, lambda: server.stop("another process")):
            await serving
    _complain(lost, settings)


async def _only_here(
    settings: Settings, stack: contextlib.AsyncExitStack
) -> tuple[bool, asyncio.Event]:
    """Make sure that no other process shares what cannot be shared.

    Tells whether we are alone, and what is set when that, later, is not sure any more.
    """
    if not settings.database_url:
        stack.enter_context(instance.only_server(settings.data_dir))
        return True, asyncio.Event()
    shared = bool(settings.redis_url)
    kept = company.kept(settings.database_url, shared=shared)
    return not shared, await stack.enter_async_context(kept)


@contextlib.asynccontextmanager
async def _stopping(lost: asyncio.Event, stop: Callable[[], object]) -> AsyncIterator[None]:
    """Stop as soon as another process has taken this one's place."""

    async def watch() -> None:
        await lost.wait()
        stop()

    watching = asyncio.create_task(watch(), name="place-lost")
    try:
        yield
    finally:
        watching.cancel()


def _complain(lost: asyncio.Event, settings: Settings) -> None:
    if lost.is_set():
        raise Unavailable(
            "the connection to the database broke, and meanwhile "
            + company.reason(shared=bool(settings.redis_url))
        )


def _settle_in() -> None:
    """Spare the garbage collector what the start has made, which stays until the end."""
    gc.collect()
    gc.freeze()


def _server_config(whole: Edge, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        whole,
        http=receipt.protocol(settings.header_timeout, settings.body_timeout),
        ws="none",
        lifespan="off",
        loop="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=round(settings.drain_seconds) or 1,
        backlog=_BACKLOG,
    )


class _Server(uvicorn.Server):
    """The web server, told to stop in our order: streams end first, then requests, then jobs."""

    def __init__(self, config: uvicorn.Config, live: Live) -> None:
        super().__init__(config)
        self._live = live
        self._began = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on a signal by ending every stream with a hint to come back."""
        _on_signals(self.stop)
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Say that requests are answered from now on."""
        await super().startup(sockets)
        self._began.set()

    async def began(self, serving: asyncio.Task[None]) -> None:
        """Wait until requests are answered."""
        waiting = asyncio.create_task(self._began.wait())
        await asyncio.wait({waiting, serving}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()

    def stop(self, why: str) -> None:
        """End every stream with a hint to come back, then requests, then serving."""
        log.info("server.stopping", signal=why)
        self._live.close()
        self.should_exit = True


def _on_signals(stop: Callable[[str], None]) -> None:
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop, each.name)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise Unavailable(f"cannot listen on {host}:{port}: {error.strerror}") from error
    listening.setblocking(False)
    return listening
