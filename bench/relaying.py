"""Relaying a reply with everything on: stored, resumable, streamed to the one who asked."""

from typing import Any

from bench import programs
from bench.house import EVENTS, House, model, serving
from bench.table import Figure, median

STREAMS = 200
CHUNKS = 400
ROUNDS = 3
LATE = 100
"""Milliseconds after which a chunk counts as late."""


def measure(tools: programs.Tools) -> list[Figure]:
    with (
        tools.model() as model_port,
        serving(model(model_port)) as house,
        programs.bare("relay", str(model_port)) as (bare_port, bare_pid),
    ):
        ours, theirs = [], []
        for turn in range(ROUNDS + 1):
            first = _many(tools, house.port, house.say, house.pid)
            second = _many(tools, bare_port, "/", bare_pid)
            if turn:  # the first round warms up
                ours.append(first)
                theirs.append(second)
        added = [_first_token(tools, house, model_port) for _ in range(ROUNDS)]
    cost = median(each["cost"] for each in ours)
    bare = median(each["cost"] for each in theirs)
    return [
        Figure(f"relay, CPU per chunk, {STREAMS} streams × 50/s", cost, "µs", most=45),
        Figure("… the same libraries, bare, nothing kept", bare, "µs"),
        Figure("… ratio to bare", cost / bare, "×"),
        Figure("… chunks on time", median(each["on_time"] for each in ours), "%", least=99.9),
        Figure("… of bare", median(each["on_time"] for each in theirs), "%"),
        Figure("… delay of a chunk, p99", median(each["p99"] for each in ours), "ms"),
        Figure("first token, added at one stream", median(added), "ms", most=5),
    ]


def _many(tools: programs.Tools, port: int, path: str, pid: int) -> dict[str, float]:
    before = programs.cpu_seconds(pid)
    met = _stream(tools, port, path, f"#p20n{CHUNKS}#", STREAMS, ramp=1, times=1, seconds=30)
    used = programs.cpu_seconds(pid) - before
    if met["chunks"] != STREAMS * CHUNKS:
        raise RuntimeError(f"streams were lost: {met}")
    return {
        "cost": used / met["chunks"] * 1e6,
        "on_time": 100 * met["on_time"] / met["chunks"],
        "p99": met["delay"]["p99"],
    }


def _first_token(tools: programs.Tools, house: House, model_port: int) -> float:
    through = _stream(tools, house.port, house.say, "#p20n3#", 1, times=30, seconds=10)
    body = '{"stream": true, "messages": [{"role": "user", "content": "#p20n3#"}]}'
    path = "/v1/chat/completions"
    direct = tools.visitors(model_port, "POST", path, body=body, end="[DONE]", times=30, seconds=10)
    return float(through["first"]["p50"] - direct["first"]["p50"])


def _stream(
    tools: programs.Tools, port: int, path: str, said: str, visitors: int, **options: Any
) -> dict[str, Any]:
    return tools.visitors(
        port,
        "POST",
        path,
        headers=(EVENTS,),
        body=f'{{"message": "{said}"}}',
        end="event: done",
        visitors=visitors,
        late=LATE,
        **options,
    )
