"""Traces by OpenTelemetry, where the environment asks for them: a request, its job, its backend.

Off, which is how it begins, nothing of OpenTelemetry is loaded, and a span is one call that does
nothing. What was said, tokens and addresses never stand in a span: its facts are words of our
own, numbers, and ids of agents and turns.
"""

import contextlib
import importlib.util
import os
from collections.abc import Callable, Mapping
from contextvars import copy_context
from functools import partial
from typing import Any, Final, Literal, ParamSpec, Protocol, TypeVar

import structlog

from parlour.kit.observe.logs import METHODS

P = ParamSpec("P")
T = TypeVar("T")
Fact = str | int | float | bool

log = structlog.get_logger("parlour.traces")

_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_SPOKEN: Final = "http/protobuf"
_PARENT: Final = "traceparent"
_FAILED: Final = 500
_PATIENCE: Final = 3_000
"""Milliseconds for which the last spans may take to go out when a process ends."""


class Span(Protocol):
    """Something that took its time."""

    def tell(self, name: str = "", **facts: Fact | None) -> None:
        """Call it otherwise, and add facts; None is left out. A fact's `__` stands for a dot."""

    def request(self, method: str, route: str, status: int) -> None:
        """Say which request it was, and how it was answered; 0 is not at all."""

    def fail(self, code: str) -> None:
        """Say that it failed, by a code of ours."""


class _Nothing:
    """A span where nobody traces."""

    __slots__ = ()

    def tell(self, name: str = "", **facts: Fact | None) -> None:
        """Do nothing."""

    def request(self, method: str, route: str, status: int) -> None:
        """Do nothing."""

    def fail(self, code: str) -> None:
        """Do nothing."""


_NOTHING: Final = contextlib.nullcontext(_Nothing())


class _State:
    """Who makes spans; None while nobody does."""

    tracer: Any = None
    provider: Any = None


_state = _State()


def begin(version: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Trace from now on, if the standard variables of OpenTelemetry say where to; say whether.

    These also name the service, choose what is sampled, and hold the headers: OTEL_SERVICE_NAME,
    OTEL_TRACES_SAMPLER, OTEL_EXPORTER_OTLP_HEADERS and so on.
    """
    if not _is_asked(environ):
        return False
    protocol = next((environ[name] for name in _PROTOCOLS if environ.get(name)), _SPOKEN)
    if protocol != _SPOKEN:
        log.warning("traces.off", reason=f"{protocol} is not spoken here, but {_SPOKEN} is")
        return False
    if importlib.util.find_spec("opentelemetry") is None:
        log.warning("traces.off", reason="install it: pip install 'parlour[otel]'")
        return False
    _load(version, environ)
    return True


def _is_asked(environ: Mapping[str, str]) -> bool:
    if environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    if environ.get("OTEL_TRACES_EXPORTER", "otlp") != "otlp":
        return False
    return any(environ.get(name) for name in _ENDPOINTS)


def _load(version: str, environ: Mapping[str, str]) -> None:
    # Here and nowhere else: whoever does not trace need not have it, or wait for it to load.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    about = {"service.version": version}
    if not environ.get("OTEL_SERVICE_NAME") and "service.name=" not in environ.get(
        "OTEL_RESOURCE_ATTRIBUTES", ""
    ):
        about["service.name"] = "parlour"
    provider = TracerProvider(resource=Resource.create(about), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    _state.provider, _state.tracer = provider, provider.get_tracer("parlour", version)


def end() -> None:
    """Send what is left, and trace no more. It may take a while: call it beside the event loop."""
    provider, _state.provider, _state.tracer = _state.provider, None, None
    if provider is not None:
        provider.force_flush(_PATIENCE)
        provider.shutdown()


def span(
    name: str,
    kind: Literal["internal", "server", "client", "consumer"] = "internal",
    parent: str | None = None,
    **facts: Fact | None,
) -> contextlib.AbstractContextManager[Span]:
    """Begin a span that ends with its block, below the one it is in, or below a `carried` one."""
    if _state.tracer is None:
        return _NOTHING
    return _traced(name, kind, parent, facts)


@contextlib.contextmanager
def _traced(name: str, kind: str, parent: str | None, facts: dict[str, Fact | None]) -> Any:
    from opentelemetry.trace import SpanKind  # noqa: PLC0415
    from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415
        TraceContextTextMapPropagator,
    )

    above = TraceContextTextMapPropagator().extract({_PARENT: parent}) if parent else None
    # An exception's words may be a visitor's or a server's: only what it is called is told.
    with _state.tracer.start_as_current_span(
        name,
        context=above,
        kind=SpanKind[kind.upper()],
        record_exception=False,
        set_status_on_exception=False,
    ) as made:
        held = _Span(made)
        held.tell("", **facts)
        try:
            yield held
        except Exception as error:
            held.fail(type(error).__name__)
            raise


class _Span:
    """A span that is sent."""

    def __init__(self, made: Any) -> None:
        self._made = made
        self._failed = False

    def tell(self, name: str = "", **facts: Fact | None) -> None:
        """Call it otherwise, and add facts."""
        if name:
            self._made.update_name(name)
        for key, value in facts.items():
            if value is not None:
                self._made.set_attribute(key.replace("__", "."), value)

    def request(self, method: str, route: str, status: int) -> None:
        """Say which request it was, and how it was answered."""
        known = method if method in METHODS else "_OTHER"
        self.tell(f"{known} {route}", http__request__method=known, http__route=route,
                  http__response__status_code=status or None)  # fmt: skip
        if status >= _FAILED:
            self.fail(str(status))

    def fail(self, code: str) -> None:
        """Say that it failed; the first to say so knows best why."""
        from opentelemetry.trace import StatusCode  # noqa: PLC0415

        if self._failed:
            return
        self._failed = True
        self._made.set_attribute("error.type", code)
        self._made.set_status(StatusCode.ERROR)


def carried() -> str | None:
    """Return what a job takes along, so that its span is below the present one; None untraced."""
    if _state.tracer is None:
        return None
    from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415
        TraceContextTextMapPropagator,
    )

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get(_PARENT)


def along(work: Callable[P, T]) -> Callable[P, T]:
    """Return work that another thread does, below the present span."""
    return work if _state.tracer is None else partial(copy_context().run, work)
