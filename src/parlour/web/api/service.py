"""Service calls: alive, ready, metrics, and what crawlers may not do."""

import asyncio
import hmac
import time
from datetime import UTC, datetime, timedelta
from typing import Final

from litestar import Response, get
from litestar.datastructures import State
from prometheus_client import ProcessCollector, disable_created_metrics, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from parlour import __version__, staff
from parlour.chat.live import Live
from parlour.kit import observe, queue
from parlour.kit.db import Database
from parlour.kit.db.checking import require_usable
from parlour.kit.errors import NotAllowed, NotFound, Problem, StorageFull, Unavailable
from parlour.rights import Permission
from parlour.tools import Tools
from parlour.web.api import probing
from parlour.web.assets import assets
from parlour.web.gates import OPEN, SELF, Asked, bearer

_OPEN = {"gate": OPEN}
_PATIENCE: Final = 1.0
"""Seconds a part may take to show that it is there."""
_REMEMBERED: Final = 1.0
_CRAWLED: Final = 86_400
_PREFIXES: Final = ("/api/", "/chat/", "/docs", "/metrics", "/openapi", "/public/", "/share/")

_JOBS = observe.gauge("jobs", "Jobs by what becomes of them.", "state")
_LATE = observe.gauge("jobs_late_seconds", "How long the oldest due job has waited.")
_BUS = observe.gauge("bus_up", "Whether other processes are reached: 1 or 0.")
_STREAMS = observe.gauge("streams", "Streams that this process sends to viewers.")
_BUILD = observe.gauge("build", "The program's version.", "version")
_BUILD.labels(__version__).set(1)
disable_created_metrics()  # type: ignore[no-untyped-call]
ProcessCollector(registry=observe.REGISTRY)


@get("/healthz", opt=_OPEN, sync_to_thread=False)
def healthz() -> dict[str, str]:
    """Tell that the process is alive."""
    return {"status": "alive"}


@get("/readyz", opt=_OPEN)
async def readyz(tools: Tools, state: State) -> dict[str, str]:
    """Tell whether visitors can be served: database, its disk, and bus. At most a second."""
    probe: _Probe | None = getattr(state, "probe", None)
    if probe is None:
        probe = state.probe = _Probe(tools.db)
    trouble = await probe.trouble()
    if trouble is None and not tools.bus.healthy:
        trouble = "Redis cannot be reached just now"
    if trouble is not None:
        raise Unavailable(trouble, code="not_ready", retry_after=2)
    return {"status": "ready", "database": "there", "bus": "there"}


class _Probe:
    """Asks the database, one question at a time however many want to know."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._asking: asyncio.Task[None] | None = None
        self._answered: tuple[float, str | None] = (0.0, None)

    async def trouble(self) -> str | None:
        """Why nothing can be stored, as of a second ago at most; None when all is well."""
        at, known = self._answered
        if time.monotonic() - at < _REMEMBERED:
            return known
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._db.write(require_usable))
        asking = self._asking
        await asyncio.wait({asking}, timeout=_PATIENCE)
        known = _trouble(asking)
        self._answered = (time.monotonic(), known)
        return known


def _trouble(asking: asyncio.Task[None]) -> str | None:
    away = "the database cannot be reached just now"
    if not asking.done() or asking.cancelled():
        return away
    error = asking.exception()
    if isinstance(error, StorageFull):
        return str(error)
    return None if error is None else away


@get("/metrics", opt={"gate": SELF})
async def metrics(request: Asked, tools: Tools, live: Live) -> Response[bytes]:
    """Return the process's metrics, by PARLOUR_METRICS_TOKEN or an owner's key, for Prometheus."""
    token = bearer(request)
    expected = tools.settings.metrics_token
    if not expected or not hmac.compare_digest(token.encode(), expected.encode()):
        who = await staff.authenticate(tools, token)
        if not who.may(Permission.METRICS_SEE):
            raise NotAllowed("this key's role does not include metrics:see")
    _BUS.set(tools.bus.healthy)
    _STREAMS.set(live.viewers)
    try:
        now = tools.clock.now()
        async with asyncio.timeout(_PATIENCE):
            counts = await tools.db.browse(queue.counts, now)
    except (Problem, TimeoutError):
        _JOBS.clear()  # the process's own figures are wanted most when the database is away
    else:
        for name in ("waiting", "running", "dead"):
            _JOBS.labels(name).set(getattr(counts, name))
        late = 0 if counts.oldest_due is None else now - counts.oldest_due
        _LATE.set(late / 1000)
    return Response(
        generate_latest(observe.REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST}
    )


@get("/robots.txt", opt=_OPEN, media_type="text/plain", sync_to_thread=False)
def robots() -> Response[str]:
    """Ask crawlers to stay away."""
    lines = ["User-agent: *", *(f"Disallow: {prefix}" for prefix in _PREFIXES)]
    return _plain(lines)


@get("/.well-known/security.txt", opt=_OPEN, media_type="text/plain", sync_to_thread=False)
def security_txt(tools: Tools) -> Response[str]:
    """Say whom to tell of a weakness; 404 when PARLOUR_SECURITY_CONTACT is not set."""
    contact = tools.settings.security_contact
    if not contact:
        raise NotFound("nobody has been named")
    ends = datetime.fromtimestamp(tools.clock.now() / 1000, UTC) + timedelta(days=180)
    lines = [
        f"Contact: {contact}",
        f"Expires: {ends:%Y-%m-%dT00:00:00Z}",
        "Preferred-Languages: en",
    ]
    return _plain(lines)


@get("/favicon.ico", opt=_OPEN, media_type="image/svg+xml", sync_to_thread=False)
def favicon() -> Response[bytes]:
    """Show the house's picture to browsers that ask at the old address."""
    picture = assets().files["favicon.svg"]
    headers = {"Cache-Control": f"public, max-age={_CRAWLED}"}
    return Response(picture.body, media_type=picture.media_type, headers=headers)


def _plain(lines: list[str]) -> Response[str]:
    headers = {"Cache-Control": f"public, max-age={_CRAWLED}"}
    return Response("\n".join([*lines, ""]), media_type="text/plain", headers=headers)


HANDLERS = [
    healthz,
    readyz,
    metrics,
    robots,
    security_txt,
    favicon,
    probing.probed,
]
