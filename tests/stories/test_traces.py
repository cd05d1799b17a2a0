"""Traces by OpenTelemetry: a turn from its request to its backend; off, nothing of it is there."""

import asyncio
import importlib.util
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest

from parlour.kit.observe import traces
from tests.rig import plays
from tests.rig.collecting import collecting, facts
from tests.rig.model import FakeModel
from tests.rig.nursery import Nursery
from tests.rig.server import Server
from tests.rig.storage import Storage
from tests.rig.visitor import Visitor
from tests.rig.waiting import eventually

SAID = "Canary heron-7731, please, to vera@visitors.example"


async def test_a_turn_is_one_trace(
    http: aiohttp.ClientSession,
    storage: Storage,
    tmp_path: Path,
    nursery: Nursery,
    model: FakeModel,
) -> None:
    """O3: request, job and backend under one another; no word, token or address in any of it."""
    async with collecting() as collector:
        server = Server(
            storage,
            tmp_path,
            nursery,
            OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
            OTEL_EXPORTER_OTLP_HEADERS="x-collector=ours",
            OTEL_BSP_SCHEDULE_DELAY="200",
            OTEL_RESOURCE_ATTRIBUTES="deployment.environment=test",
        )
        # The receiver is in this loop: starting and stopping must not hold it up.
        await asyncio.to_thread(server.start)
        try:
            await asyncio.to_thread(server.make_model_agent, "helper", model.base_url)
            link = await asyncio.to_thread(server.make_link, "helper")
            model.plays(plays.reply("Canary answer-8842."))
            vera = Visitor(http, server.url, link.token)
            await vera.say(SAID)
            await vera.settled()
            await eventually(lambda: bool(collector.named("backend")), within=60)
            await asyncio.to_thread(server.stop)
            (backend,) = collector.named("backend")
            (job,) = collector.named("job turns.run")
            (asked,) = collector.named("POST /api/public/chat/{token}")
            assert backend.trace_id == job.trace_id == asked.trace_id
            assert (backend.parent_span_id, job.parent_span_id) == (job.span_id, asked.span_id)
            assert facts(asked)["http.response.status_code"] == 202
            assert facts(backend)["parlour.turn"].startswith("trn_")  # type: ignore[union-attr]
            assert "parlour.first_text_ms" in facts(backend)
            assert collector.resources[0]["service.name"] == "parlour"
            assert collector.resources[0]["deployment.environment"] == "test"
            assert set(collector.headers) == {"ours"}
            cookies = [each.encode() for each in vera.cookies.values()]
            own = (b"heron-7731", b"answer-8842", b"vera@", link.token.encode(), b"127.0.0.1")
            secrets = (*own, *cookies)
            for secret in secrets:
                assert secret not in collector.raw, secret
        finally:
            await asyncio.to_thread(server.close)


def test_off_nothing_of_it_is_loaded() -> None:
    """Without the variables, or with others than we speak: no import, and spans that do nothing."""
    code = (
        "import sys\n"
        "from parlour import main\n"
        "from parlour.kit.observe import traces\n"
        "for given in ({}, {'OTEL_SDK_DISABLED': 'true', 'OTEL_EXPORTER_OTLP_ENDPOINT': 'http://x'},\n"
        "    {'OTEL_TRACES_EXPORTER': 'none', 'OTEL_EXPORTER_OTLP_ENDPOINT': 'http://x'},\n"
        "    {'OTEL_EXPORTER_OTLP_PROTOCOL': 'grpc', 'OTEL_EXPORTER_OTLP_ENDPOINT': 'http://x'}):\n"
        "    assert not traces.begin('1', given), given\n"
        "with traces.span('a', fact=1) as span:\n"
        "    span.tell('b'); span.fail('c'); span.request('GET', '/', 500)\n"
        "assert traces.carried() is None\n"
        "assert not [each for each in sys.modules if each.startswith('opentelemetry')]\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert traces.along(code.upper) == code.upper


def test_without_the_extra_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    assert not traces.begin("1", {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"})
