"""How long a start takes, and what the process holds while nobody is there."""

import tempfile
import time
import urllib.request

from bench import programs
from bench.house import start
from bench.table import Figure, median
from tests.rig.processes import free_port, plain_environment

ROUNDS = 5


def measure(_tools: programs.Tools) -> list[Figure]:
    seconds, used, held = [], [], []
    opened, with_studio = [], []
    with tempfile.TemporaryDirectory(prefix="parlour-bench-") as folder:
        for turn in range(ROUNDS + 1):
            port = free_port()
            settings = {"PARLOUR_DATA_DIR": folder, "PARLOUR_PORT": str(port)}
            program, took = start(port, plain_environment(**settings))
            cpu = programs.cpu_seconds(program.pid)
            time.sleep(2)
            if turn:  # the first start makes the database
                seconds.append(took)
                used.append(cpu)
                held.append(programs.resident_kib(program.pid) / 1024)
                opened.append(_asked(port, "/studio"))
                with_studio.append(programs.resident_kib(program.pid) / 1024)
            program.stop()
    return [
        Figure("ready to serve after start", median(seconds), "s", most=1.5),
        Figure("… of which CPU", median(used), "s"),
        Figure("the process at rest", median(held) * 1024**2 / 1e6, "MB", most=110),
        Figure("the studio, asked for first", median(opened), "s"),
        Figure("… and the process at rest after", median(with_studio) * 1024**2 / 1e6, "MB"),
    ]


def _asked(port: int, path: str) -> float:
    began = time.perf_counter()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
        answer.read()
    return time.perf_counter() - began
