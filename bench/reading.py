"""How fast a large manual is read in, and how soon an answer out of it begins."""

import time
from pathlib import Path

from bench import programs
from bench.house import EVENTS, serving
from bench.table import Figure, median

MANUAL = Path("/usr/share/doc/postgresql-doc-15/html")
QUESTIONS = (
    "How do I make a partial index?",
    "What does VACUUM FULL do?",
    "Which function gives the current date?",
    "How can I see what queries are running?",
    "How do I restore one table from a dump?",
)


def measure(tools: programs.Tools) -> list[Figure]:
    if not MANUAL.is_dir():
        return []
    began = time.perf_counter()
    with serving(["--backend", "documents", "--path", str(MANUAL)]) as house:
        indexed = time.perf_counter() - began
        begins = []
        for question in QUESTIONS * 3:
            body = f'{{"message": "{question}"}}'
            met = tools.visitors(
                house.port,
                "POST",
                house.say,
                headers=(EVENTS,),
                body=body,
                end="event: delta",
                times=1,
                seconds=5,
            )
            begins.append(met["whole"]["p50"])
    return [
        Figure("PostgreSQL manual, server started and all indexed", indexed, "s", most=60),
        Figure("… an answer begins, median", median(begins), "ms", most=50),
        Figure("… the slowest of 15", max(begins), "ms"),
    ]
