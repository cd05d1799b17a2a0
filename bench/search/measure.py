"""How well the documents agent finds and declines, on the PostgreSQL manual, beside plain BM25.

    python -m bench.search.measure [--folder DIR] [--set NAME] [--misses] [--embeddings URL]

Indexes the folder into a fresh SQLite file, asks every question, prints a table.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from bench.search.baseline import BM25
from parlour.agents.backends.documents.answering import Documents
from parlour.agents.backends.documents.words import say
from parlour.agents.contract import Citation, Question, Said, Text
from parlour.agents.library import store, vectors
from parlour.agents.library.indexing import index
from parlour.agents.library.markup import plain
from parlour.config import Settings
from parlour.kit.clock import SystemClock
from parlour.kit.db import migrate, open_database
from parlour.kit.http import GuardedClient

HERE = Path(__file__).parent
MANUAL = Path("/usr/share/doc/postgresql-doc-15/html")
AGENT = "agt_measured"


@dataclass
class Asked:
    """One question and what came of it."""

    id: str
    question: str
    right: list[str]
    cited: list[str]
    declined: bool
    first_ms: float


def questions(name: str) -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((HERE / f"{name}.toml").read_text())["ask"]
    return found


async def ask(agent: Documents, key: str, entry: dict[str, Any]) -> Asked:
    question = Question((Said("visitor", entry["q"]),), AGENT, "cnv_measured", "trn_measured")
    cited: list[str] = []
    text = ""
    first = 0.0
    began = time.perf_counter()
    async for part in agent.answer(question):
        if isinstance(part, Text):
            first = first or (time.perf_counter() - began) * 1000
            text += part.text
        elif isinstance(part, Citation):
            cited.append(part.source.removesuffix(".html"))
    declined = text.startswith(say("none", "en"))
    return Asked(key, entry["q"], entry["pages"], cited, declined, first)


def hits(asked: list[Asked], cited: Callable[[Asked], list[str]]) -> tuple[float, float]:
    answerable = [each for each in asked if each.right]
    first = sum(bool(set(cited(each)[:1]) & set(each.right)) for each in answerable)
    third = sum(bool(set(cited(each)[:3]) & set(each.right)) for each in answerable)
    return 100 * first / len(answerable), 100 * third / len(answerable)


def print_table(asked: list[Asked], baselines: dict[str, BM25]) -> None:
    parts = {"all": asked}
    if all(each.id.isdigit() for each in asked):
        parts["dev"] = [each for each in asked if int(each.id) % 2]
        parts["held out"] = [each for each in asked if not int(each.id) % 2]
    print(f"{'':26}" + "".join(f"{name + ' hit@1':>16}{'hit@3':>7}" for name in parts))
    rows: dict[str, Callable[[Asked], list[str]]] = {
        "Parlour, found": lambda each: each.cited,
        "Parlour, answered": lambda each: [] if each.declined else each.cited,
    }
    for name, bm25 in baselines.items():
        rows[name] = lambda each, bm25=bm25: bm25.pages(each.question)  # type: ignore[misc]
    for name, cited in rows.items():
        scores = [hits(part, cited) for part in parts.values()]
        print(f"{name:26}" + "".join(f"{one:15.0f}%{three:6.0f}%" for one, three in scores))
    for name, part in parts.items():
        none = [each for each in part if not each.right]
        some = [each for each in part if each.right]
        print(
            f"{name}: declines {sum(each.declined for each in none)} of {len(none)} without an "
            f"answer, {sum(each.declined for each in some)} of {len(some)} with one"
        )
    times = sorted(each.first_ms for each in asked)
    print(
        f"first words after {statistics.median(times):.0f} ms, "
        f"p95 {times[int(len(times) * 0.95)]:.0f} ms"
    )


def print_misses(asked: list[Asked]) -> None:
    for each in asked:
        right = set(each.cited[:1]) & set(each.right) if each.right else each.declined
        if not right or (each.declined and each.right):
            mark = "declined " if each.declined else ""
            print(f"  {each.id} {mark}{each.question!r}: {each.cited} not {each.right}")


def baselines(conn: sa.Connection) -> dict[str, BM25]:
    pages: dict[str, list[str]] = {}
    sections: dict[tuple[str, int], list[str]] = {}
    joined = sa.select(store.documents.c.path, store.documents.c.title, store.passages).join(
        store.passages, store.passages.c.document_id == store.documents.c.id
    )
    for row in conn.execute(joined.order_by(store.documents.c.path, store.passages.c.number)):
        name = row.path.removesuffix(".html")
        text = plain(row.text)
        pages.setdefault(name, [row.title]).append(text)
        heads = [row.title, *row.headings]
        sections.setdefault((name, row.section), heads).append(text)
    return {
        "BM25 over whole pages": BM25([(name, "\n".join(t)) for name, t in pages.items()]),
        "BM25 over sections": BM25([(key[0], "\n".join(t)) for key, t in sections.items()]),
    }


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, default=MANUAL)
    parser.add_argument("--set", default="questions")
    parser.add_argument("--embeddings", default="", help="address of an embeddings server, …/v1")
    parser.add_argument("--model", default="minilm")
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--database", default="", help="postgresql://… instead of SQLite")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "parlour.db"
        await migrate(given.database, path)
        db = await open_database(given.database, path)
        loopback = Settings(allow_networks=(ip_network("127.0.0.0/8"),))
        http = GuardedClient(loopback)
        tools: Any = SimpleNamespace(db=db, clock=SystemClock(), http=http)
        address = f"{given.embeddings}/embeddings"
        server = vectors.Server(address, given.model) if given.embeddings else None
        began = time.perf_counter()
        report = await index(tools, AGENT, given.folder, server=server)
        print(
            f"indexed {report.documents} documents, {report.passages} passages in "
            f"{time.perf_counter() - began:.1f} s {report.warning}"
        )
        entries = questions(given.set)
        agent = Documents(AGENT, tools, server)
        asked = [await ask(agent, key, entry) for key, entry in entries.items()]
        print_table(asked, await db.browse(baselines))
        if given.misses:
            print_misses(asked)
        await http.close()
        await db.close()


if __name__ == "__main__":
    asyncio.run(main())
