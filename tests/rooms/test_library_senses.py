"""What a library has learned of its words is kept with its index, on both databases alike."""

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from parlour.agents.library import tables
from parlour.agents.library.indexing import index
from parlour.agents.library.searching import search
from parlour.kit.db import migrate, open_database

if TYPE_CHECKING:
    from parlour.tools import Tools

ME = "agt_senses"
MATTERS = {
    "boat": "sail mast keel anchor harbour tide rudder deck rope crew wind wave",
    "bread": "flour yeast oven dough crust salt water knead bake loaf rise warm",
    "clock": "gear spring hand minute dial pendulum wind tick hour repair glass second",
    "garden": "rose soil spade seed water shade prune hedge worm compost rain bed",
}


def written(folder: Path) -> Path:
    """Write a library that is large enough to learn from: eighty pages of three sections."""
    folder.mkdir()
    for n in range(80):
        matter, words = [*MATTERS.items()][n % 4]
        row = words.split()
        parts = [f"# The {matter} {n}\n"]
        for part in range(3):
            some = " ".join(row[(n + part + step) % len(row)] for step in (0, 2, 3, 7, 8))
            parts.append(f"## Part {part}\n\nHere is told of {some} and their {matter}.\n")
        (folder / f"{matter}{n}.md").write_text("\n".join(parts))
    return folder


def _named(conn: sa.Connection) -> tuple[set[str], set[int]]:
    rows = conn.execute(sa.select(tables.postings.c.term, tables.postings.c.generation)).all()
    return {row.term for row in rows if row.term[0] == " "}, {row.generation for row in rows}


async def test_both_databases_learn_the_same(tools: "Tools", tmp_path: Path) -> None:
    folder, other = written(tmp_path / "library"), tmp_path / "other.db"
    await migrate("", other)
    db = await open_database("", other)
    twin: Any = SimpleNamespace(db=db, clock=tools.clock)
    await index(tools, ME, folder)
    await index(twin, ME, folder)
    for question in ("oven for a loaf", "repair a pendulum", "water 2 roses", "tide in the harbor"):
        here, there = await search(tools, ME, question), await search(twin, ME, question)
        assert here.hits
        assert [(h.path, h.headings, h.score) for h in here.hits] == [
            (h.path, h.headings, h.score) for h in there.hits
        ]
    await db.close()


async def test_what_was_learned_goes_with_its_index(tools: "Tools", tmp_path: Path) -> None:
    folder = written(tmp_path / "library")
    await index(tools, ME, folder)
    names, _ = await tools.db.browse(_named)
    assert {" dough", " mast", " #0", " #79"} <= names
    (folder / "boat0.md").unlink()
    await index(tools, ME, folder)
    names, generations = await tools.db.browse(_named)
    assert " #78" in names
    assert " #79" not in names
    assert len(generations) == 1
    assert (await search(tools, ME, "knead the dough")).hits[0].path.startswith("bread")
