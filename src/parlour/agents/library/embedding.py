"""Having vectors made of what has none, where the owner names a server that makes them."""

from itertools import chain
from typing import Final

import sqlalchemy as sa

from parlour.agents.library import store, vectors
from parlour.agents.library.markup import plain
from parlour.agents.library.running import Run
from parlour.kit.errors import Unavailable

_EMBEDDED: Final = 8
"""Documents whose vectors are asked for and stored together."""


async def embed(run: Run, server: vectors.Server) -> str:
    """Have the server make them; searching does without them until they are there.

    Returns why it does without them for longer, empty when it does not.
    """
    db = run.tools.db
    missing = await db.browse(store.without_vectors, run.agent_id, server.model)
    try:
        for done in range(0, len(missing), _EMBEDDED):
            run.progress(done, len(missing), "embeddings")
            texts = await db.browse(_spoken, missing[done : done + _EMBEDDED])
            made = await vectors.of_passages(run.tools, server, list(chain(*texts.values())))
            await db.write(_keep_vectors, run, server.model, texts, made)
    except Unavailable as error:
        values = {"error": str(error), "at": run.tools.clock.now()}
        await db.write(store.advance, run.agent_id, run.id, values)
        return str(error)
    return ""


def _spoken(conn: sa.Connection, ids: list[str]) -> dict[str, list[str]]:
    """Return what is sent of each document: its passages, under their headings."""
    titles = store.titles(conn, ids)
    return {
        document: [
            " › ".join(dict.fromkeys([titles[document][1], *row.headings])) + "\n" + plain(row.text)
            for row in store.passages_of(conn, document)
        ]
        for document in ids
    }


def _keep_vectors(
    conn: sa.Connection, run: Run, model: str, texts: dict[str, list[str]], made: bytes
) -> None:
    # Only who still has the right may write.
    store.advance(conn, run.agent_id, run.id, {"current": ""})
    width = len(made) // max(1, sum(len(each) for each in texts.values()))
    for document, each in texts.items():
        store.keep_vectors(conn, document, model, made[: width * len(each)])
        made = made[width * len(each) :]
