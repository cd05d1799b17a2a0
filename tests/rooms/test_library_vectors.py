"""Searching with the help of an embeddings server: what it adds, and what happens without it."""

from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from parlour.agents.backends.documents import KIND, Config
from parlour.agents.backends.documents.config import endpoint
from parlour.agents.library import store, tables, vectors
from parlour.agents.library.indexing import forget, index
from parlour.agents.library.searching import search
from parlour.config import Settings
from parlour.kit.errors import Invalid
from parlour.kit.http import GuardedClient

if TYPE_CHECKING:
    from parlour.tools import Tools

ME = "agt_vectors"
_SENSES = {"car": 0, "vehicle": 0, "automobile": 0, "apple": 1, "fruit": 1, "stone": 2, "rock": 2}


class Senses:
    """An embeddings server that knows three things under seven names."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.keys: set[str | None] = set()
        self.answer: Any = None

    async def handle(self, request: web.Request) -> web.Response:
        document = await request.json()
        self.asked.append(document["input"])
        self.keys.add(request.headers.get("Authorization"))
        if self.answer is not None:
            status, body = self.answer
            return web.Response(status=status, body=body, content_type="application/json")
        data = [
            {"index": n, "embedding": self._sense(text.lower())}
            for n, text in enumerate(document["input"])
        ]
        return web.json_response({"data": data[::-1]})

    def _sense(self, text: str) -> list[float]:
        made = [0.1, 0.1, 0.1]
        for word, place in _SENSES.items():
            made[place] += 5.0 if word in text else 0.0
        return made


@pytest.fixture
async def senses() -> "AsyncIterator[tuple[Senses, vectors.Server]]":
    """The server, and how it is reached."""
    here = Senses()
    app = web.Application()
    app.router.add_post("/v1/embeddings", here.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    yield here, vectors.Server(f"http://127.0.0.1:{port}/v1/embeddings", "senses", "k-1")
    await runner.cleanup()


@pytest.fixture
async def open_tools(tools: "Tools") -> "AsyncIterator[Any]":
    """Tools that may call this machine."""
    settings = Settings(allow_networks=(_LOOPBACK,))
    client = GuardedClient(settings)
    yield SimpleNamespace(db=tools.db, clock=tools.clock, http=client)
    await client.close()


_LOOPBACK = ip_network("127.0.0.0/8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three documents that share no word with their questions."""
    folder = tmp_path / "things"
    folder.mkdir()
    (folder / "a.md").write_text("# Garage\n\nThe automobile needs new tyres in winter.")
    (folder / "b.md").write_text("# Kitchen\n\nAn apple keeps longer in the cold cellar.")
    (folder / "c.md").write_text("# Path\n\nEach rock was laid by hand.")
    return folder


async def best(tools: Any, question: str, server: vectors.Server | None) -> str:
    hits = (await search(tools, ME, question, server=server)).hits
    return hits[0].path if hits else ""


async def test_likeness_finds_what_words_do_not(
    open_tools: Any, folder: Path, senses: tuple[Senses, vectors.Server]
) -> None:
    fake, server = senses
    report = await index(open_tools, ME, folder, server=server)
    assert report.warning == ""
    assert fake.asked == [
        [
            "Garage\nThe automobile needs new tyres in winter.",
            "Kitchen\nAn apple keeps longer in the cold cellar.",
            "Path\nEach rock was laid by hand.",
        ]
    ]
    assert fake.keys == {"Bearer k-1"}
    assert await best(open_tools, "stone", server) == "c.md"
    assert await best(open_tools, "which fruit", server) == "b.md"
    assert await best(open_tools, "tyres", server) == "a.md"
    assert await best(open_tools, "stone", None) != "c.md"


async def test_only_what_changed_is_sent(
    open_tools: Any, folder: Path, senses: tuple[Senses, vectors.Server]
) -> None:
    fake, server = senses
    await index(open_tools, ME, folder, server=server)
    fake.asked.clear()
    await index(open_tools, ME, folder, server=server)
    assert fake.asked == []
    (folder / "b.md").write_text("# Kitchen\n\nThe vehicle stands there now.")
    await index(open_tools, ME, folder, server=server)
    assert fake.asked == [["Kitchen\nThe vehicle stands there now."]]
    other = vectors.Server(server.url, "another model")
    fake.asked.clear()
    await index(open_tools, ME, folder, server=other)
    assert sum(len(each) for each in fake.asked) == 3
    await forget(open_tools, ME)
    kept = await open_tools.db.browse(lambda conn: conn.execute(tables.vectors.select()).all())
    assert kept == []


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"{}"),
        (200, b"no json"),
        (200, b'{"data": []}'),
        (200, b'{"data": [{"index": 0, "embedding": []}]}'),
        (200, b'{"data": [{"index": 0, "embedding": ["x"]}]}'),
        (200, b'{"data": [{"index": 0, "embedding": [1e999]}]}'),
        (200, b'{"data": [{"index": 0, "embedding": [1]}, {"index": 1, "embedding": [1, 2]}]}'),
    ],
)
async def test_without_the_server_words_decide(
    open_tools: Any,
    folder: Path,
    senses: tuple[Senses, vectors.Server],
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    body: bytes,
) -> None:
    fake, server = senses
    fake.answer = (status, body)
    monkeypatch.setattr(vectors, "_ATTEMPTS", 1)
    report = await index(open_tools, ME, folder, server=server)
    assert report.warning.startswith("the embeddings server answered")
    state = await open_tools.db.read(store.state_of, ME)
    assert (state.state, state.error) == ("ready", report.warning)
    assert await best(open_tools, "tyres in winter", server) == "a.md"
    fake.answer = None  # it is back: the next run makes up for it
    await index(open_tools, ME, folder, server=server)
    assert await best(open_tools, "stone", server) == "c.md"


async def test_a_closed_address_is_not_called(tools: "Tools", folder: Path) -> None:
    server = vectors.Server("http://127.0.0.1:9/v1/embeddings", "m")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(vectors, "_ATTEMPTS", 1)
        report = await index(tools, ME, folder, server=server)
    assert report.warning.startswith("the embeddings server cannot be asked")


def test_config(tools: "Tools", folder: Path) -> None:
    given = {
        "path": str(folder),
        "embeddings_base_url": "https://models.example",
        "embeddings_model": "m",
        "embeddings_api_key": "sk-1",
    }
    kept = KIND.accept(given, None, tools, trusted=True)
    assert isinstance(kept, Config)
    assert "sk-1" not in str(kept)
    shown = KIND.shown(kept)
    assert shown == given | {"embeddings_api_key": "set"}
    assert KIND.accept(shown, kept, tools, trusted=True) == kept
    assert KIND.load(KIND.stored(kept)) == kept
    moved = shown | {"embeddings_base_url": "https://other.example"}
    wrong: list[dict[str, Any]] = [
        moved,
        given | {"embeddings_model": None},
        given | {"embeddings_base_url": None},
        given | {"embeddings_base_url": "file:///etc/passwd"},
        given | {"embeddings_api_key": "a b"},
    ]
    for each in wrong:
        with pytest.raises(Invalid):
            KIND.accept(each, kept, tools, trusted=True)
    bare = KIND.accept({"path": str(folder)}, kept, tools, trusted=True)
    assert KIND.shown(bare) == {"path": str(folder)}


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("https://a.example", "https://a.example/v1/embeddings"),
        ("https://a.example/v1/", "https://a.example/v1/embeddings"),
        ("http://a.example:8000/api/embeddings", "http://a.example:8000/api/embeddings"),
    ],
)
def test_endpoint(written: str, address: str) -> None:
    assert endpoint(written) == address
