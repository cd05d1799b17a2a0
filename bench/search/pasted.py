"""How well messages of a program are found when people paste them, with names of their own in them.

    python -m bench.search.pasted [--folder DIR]

Takes a hundred messages that stand in the PostgreSQL manual, in words of five and more, puts other
names into their quotation marks, and asks each: the pages that have it are right.
"""

import argparse
import asyncio
import itertools
import re
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from bench.search.measure import AGENT, MANUAL
from parlour.agents.library import searching, store
from parlour.agents.library.indexing import index
from parlour.agents.library.markup import plain
from parlour.kit.clock import SystemClock
from parlour.kit.db import migrate, open_database

MESSAGE = re.compile(r"(?:ERROR|FATAL|WARNING|LOG|HINT|DETAIL|NOTICE|PANIC):\s+([^\n]{15,200})")
NAMES = ("orders", "billing", "mary", "x17", "acme", "web")
LEAST, MOST = 5, 100
"""Words of a message, and how many are asked."""


def messages(conn: sa.Connection) -> dict[str, set[str]]:
    """Find the messages, each with the documents that have it; not those of release notes."""
    columns = store.documents.c.path, store.passages.c.text
    joined = sa.select(*columns).join(
        store.passages, store.passages.c.document_id == store.documents.c.id
    )
    found: dict[str, set[str]] = {}
    for path, text in conn.execute(joined.order_by(*columns)):
        for match in () if path.startswith("release") else MESSAGE.finditer(plain(text)):
            if len((said := match[1].strip()).split()) >= LEAST:
                found.setdefault(said, set()).add(path)
    return found


def asked(conn: sa.Connection) -> list[tuple[set[str], list[str]]]:
    """Ask as many as there shall be, spread over all; return what is right and what was found."""
    names = itertools.cycle(NAMES)
    found = messages(conn)
    step = max(1, len(found) // MOST)
    asked = []
    for said in sorted(found)[::step][:MOST]:
        question = re.sub(r'"[^"]{1,40}"', lambda _: f'"{next(names)}"', said)
        hits = searching.find(conn, AGENT, question).hits
        asked.append((found[said], [each.path for each in hits]))
    return asked


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, default=MANUAL)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "parlour.db"
        await migrate("", path)
        db = await open_database("", path)
        tools: Any = SimpleNamespace(db=db, clock=SystemClock())
        await index(tools, AGENT, parser.parse_args().folder)
        told = await db.browse(asked)
        await db.close()
    for most in (1, 3):
        right = sum(not of.isdisjoint(paths[:most]) for of, paths in told)
        print(f"among the first {most}: {right} of {len(told)}")


if __name__ == "__main__":
    asyncio.run(main())
