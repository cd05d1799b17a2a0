"""What a visit costs: the page, writing down a message, and an idle viewer's memory."""

import subprocess
import tempfile
import time
from pathlib import Path

from bench import programs
from bench.house import EVENTS, House, model, serving
from bench.table import Figure, median

ROUNDS = 3
VIEWERS = 2000


def measure(tools: programs.Tools) -> list[Figure]:
    with tools.model() as model_port, serving(model(model_port)) as house:
        return [*_page(tools, house), *_messages(tools, house), *_viewers(tools, house)]


def _page(tools: programs.Tools, house: House) -> list[Figure]:
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(house.get(house.page))
        with programs.bare("page", file.name) as (bare_port, bare_pid):
            ours, theirs = [], []
            for turn in range(ROUNDS + 1):
                second = _visits(tools, bare_port, house.page, bare_pid)
                first = _visits(tools, house.port, house.page, house.pid)
                if turn:
                    ours.append(first)
                    theirs.append(second)
    rate, bare_rate = (median(each[0] for each in found) for found in (ours, theirs))
    cost, bare_cost = (median(each[1] for each in found) for found in (ours, theirs))
    return [
        Figure("chat page, requests per second", rate, "/s"),
        Figure("… the bare framework, the same bytes", bare_rate, "/s"),
        Figure("… ratio to bare", 100 * rate / bare_rate, "%", least=50),
        Figure("… CPU per request", cost, "µs"),
        Figure("… of bare", bare_cost, "µs"),
    ]


def _visits(tools: programs.Tools, port: int, path: str, pid: int) -> tuple[float, float]:
    before = programs.cpu_seconds(pid)
    met = tools.visitors(port, "GET", path, visitors=32, seconds=3)
    used = programs.cpu_seconds(pid) - before
    count = met["whole"]["count"]
    if met["refused"] or met["failed"] or not count:
        raise RuntimeError(f"not all were served: {met}")
    return count / met["seconds"], used / count * 1e6


def _messages(tools: programs.Tools, house: House) -> list[Figure]:
    figures = []
    for visitors in (1, 50):
        met = [
            tools.visitors(
                house.port,
                "POST",
                house.say,
                headers=(EVENTS,),
                body='{"message": "#p0n1#"}',
                end="event: done",
                visitors=visitors,
                seconds=4,
            )
            for _ in range(ROUNDS)
        ]
        rate = median(each["whole"]["count"] / each["seconds"] for each in met)
        p50, p99 = (median(each["acknowledged"][p] for each in met) for p in ("p50", "p99"))
        who = f"{visitors} at once" if visitors > 1 else "one after another"
        figures += [
            Figure(f"messages stored and answered, {who}", rate, "/s"),
            Figure("… acknowledged after, p50", p50, "ms"),
            Figure("… p99", p99, "ms"),
        ]
    return figures


def _viewers(tools: programs.Tools, house: House) -> list[Figure]:
    headers = (EVENTS, house.session())
    path = f"/api/public/live/{house.token}"

    def held(count: int, seconds: float) -> int:
        command = tools.visitors_command(
            house.port, "GET", path, headers=headers, visitors=count, seconds=seconds, hold=True
        )
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            if not process.stdout.readline().startswith(f"HELD {count}"):
                raise RuntimeError("not all viewers were let in")
            time.sleep(seconds / 2)
            return programs.resident_kib(house.pid)

    held(100, 1)
    before = programs.resident_kib(house.pid)
    each = (held(VIEWERS, 4) - before) / VIEWERS
    return [Figure(f"an idle viewer, of {VIEWERS:,}", each, "KiB", most=25)]
