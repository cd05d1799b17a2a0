"""A collector of traces that is ours: it takes OTLP over HTTP, and keeps every span."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from gzip import decompress

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

HOST = "127.0.0.1"


@dataclass
class Collector:
    """Listens on a free port once it is open."""

    spans: list[Span] = field(default_factory=list)
    raw: bytes = b""
    """All that came, as it came."""
    resources: list[dict[str, str]] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        if request.headers.get("Content-Encoding") == "gzip":
            body = decompress(body)
        self.raw += body
        self.headers.append(request.headers.get("X-Collector", ""))
        told = ExportTraceServiceRequest.FromString(body)
        for each in told.resource_spans:
            self.resources.append(
                {one.key: one.value.string_value for one in each.resource.attributes}
            )
            for scope in each.scope_spans:
                self.spans += scope.spans
        return web.Response(body=b"", content_type="application/x-protobuf")

    def named(self, name: str) -> list[Span]:
        return [each for each in self.spans if each.name == name]


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    """Collect."""
    made = Collector()
    app = web.Application()
    app.router.add_post("/v1/traces", made._take)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, 0).start()
        made.port = runner.addresses[0][1]
        yield made
    finally:
        await runner.cleanup()


def facts(span: Span) -> dict[str, str | int]:
    """The facts of a span by their names."""
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}
