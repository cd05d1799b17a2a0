"""What the documents agent says: quoted, cited, honest, and the same on both databases."""

import asyncio
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from parlour.agents.backends.documents import KIND, Config, Documents
from parlour.agents.contract import Citation, Part, Question, Said, Status, Text
from parlour.agents.library.indexing import index
from parlour.agents.library.markup import plain
from parlour.agents.library.opening import passage
from parlour.agents.library.searching import search
from parlour.kit.db import migrate, open_database
from parlour.kit.errors import Invalid

if TYPE_CHECKING:
    from parlour.tools import Tools

ME = "agt_answers"

GUIDE = """# House guide

## Heating

The boiler stands in the cellar. To restart the boiler, hold the red button for five seconds:

1. Open the flap.
2. Hold the red button.

```
boiler --restart
```

## Rubbish

Paper is collected on Mondays. Glass goes to the container behind the church.

## Keys

A spare key lies with the neighbour. If you lose a key, call the locksmith at once.
"""


@pytest.fixture
async def agent(tools: "Tools", tmp_path: Path) -> Documents:
    """An agent that knows a house."""
    folder = tmp_path / "guide"
    folder.mkdir()
    (folder / "guide.md").write_text(GUIDE)
    (folder / "garden.md").write_text("# Garden\n\nThe lawn is mown in May. Water it at night.\n")
    (folder / "attic.md").write_text("# Attic\n\nBats live there. Leave the small window open.\n")
    await index(tools, ME, folder)
    return Documents(ME, tools)


def asked(*texts: str) -> Question:
    messages = tuple(Said("visitor", text) for text in texts)
    return Question(messages, ME, "cnv_1", "trn_1")


async def answer(agent: Documents, *texts: str) -> list[Part]:
    return [part async for part in agent.answer(asked(*texts))]


def text_of(parts: list[Part]) -> str:
    return "".join(part.text for part in parts if isinstance(part, Text))


def citations_of(parts: list[Part]) -> list[Citation]:
    return [part for part in parts if isinstance(part, Citation)]


async def test_an_answer_quotes_and_cites(tools: "Tools", agent: Documents) -> None:
    parts = await answer(agent, "How do I restart the boiler?")
    labels = [part.label for part in parts if isinstance(part, Status)]
    assert labels[0] == "Searching 3 documents"
    assert labels[1].startswith("Reading ")
    text = text_of(parts)
    assert "hold the red button for five seconds:\n\n1. Open the flap.\n2. Hold the red" in text
    assert "Rubbish" not in text.partition("[1]")[0]
    first = citations_of(parts)[0]
    assert (first.n, first.title, first.source) == (1, "House guide", "guide.md")
    assert first.section == "House guide › Heating"
    for cited in citations_of(parts):
        assert f"[{cited.n}]" in text
        source = GUIDE if cited.source == "guide.md" else ""
        assert not source or " ".join(cited.quote.split()) in " ".join(plain(source).split())
        opened = await passage(tools, ME, cited.passage, cited.quote)
        assert any(block.marked for block in opened.blocks)


async def test_the_same_question_gets_the_same_answer(agent: Documents) -> None:
    assert agent.repeatable
    question = "when is the paper collected?"
    assert await answer(agent, question) == await answer(agent, question)


@pytest.mark.parametrize(
    "question",
    ["What is the capital of Australia?", "Can I pay by credit card?", "😀", "'; DROP TABLE x; --"],
)
async def test_it_says_when_there_is_no_answer(agent: Documents, question: str) -> None:
    text = text_of(await answer(agent, question))
    assert text.startswith(("That is not in these documents.", "Please write a question"))


async def test_it_names_what_is_nearest(agent: Documents) -> None:
    parts = await answer(agent, "Who repairs a broken boiler made by Kettleworth in Wessex?")
    text = text_of(parts)
    assert text.startswith(
        "That is not in these documents.\n\nThe nearest I have:\n\n- House guide"
    )
    assert citations_of(parts)[0].section == "House guide › Heating"


async def test_a_question_that_leans_on_the_one_before(agent: Documents) -> None:
    alone = text_of(await answer(agent, "and where is it?"))
    after = text_of(await answer(agent, "How do I restart the boiler?", "and where is it?"))
    assert alone.startswith("That is not in these documents.")
    assert "boiler --restart" in after


@pytest.mark.parametrize(
    ("text", "said"),
    [("Hello!", "Hello."), ("thanks a lot", "You’re welcome."), ("  ?", "Please write")],
)
async def test_courtesy(agent: Documents, text: str, said: str) -> None:
    parts = await answer(agent, text)
    assert text_of(parts).startswith(said)
    assert citations_of(parts) == []


async def test_before_the_first_reading_it_says_so(tools: "Tools") -> None:
    unread = Documents("agt_new", tools, patience=0)
    text = text_of(await answer(unread, "Where is the key?"))
    assert text.startswith("I am still reading these documents.")


async def test_a_question_during_the_first_reading_is_answered(
    tools: "Tools", tmp_path: Path
) -> None:
    """Whoever opens a new link at once is not sent away."""
    folder = tmp_path / "new"
    folder.mkdir()
    (folder / "key.md").write_text("# The key\n\nThe key hangs behind the door.\n")
    asked = asyncio.create_task(answer(Documents("agt_new", tools), "Where is the key?"))
    await index(tools, "agt_new", folder)
    assert "behind the door" in text_of(await asked)


async def test_both_databases_find_the_same(
    tools: "Tools", agent: Documents, tmp_path: Path
) -> None:
    other = tmp_path / "other.db"
    await migrate("", other)
    db = await open_database("", other)
    twin: Any = SimpleNamespace(db=db, clock=tools.clock)
    await index(twin, ME, tmp_path / "guide")
    for question in ("boiler", "where does glass go", "lost my kye", "water the lawn", "bats"):
        here, there = await search(tools, ME, question), await search(twin, ME, question)
        assert [(h.path, h.headings, h.score) for h in here.hits] == [
            (h.path, h.headings, h.score) for h in there.hits
        ]
    await db.close()


async def test_over_http_only_listed_folders_may_be_named(tools: "Tools", tmp_path: Path) -> None:
    root = tmp_path / "open"
    (root / "docs").mkdir(parents=True)
    (tmp_path / "open-too").mkdir()
    (root / "out").symlink_to(tmp_path)
    settings = replace(tools.settings, documents_roots=(root,))
    listed: Any = SimpleNamespace(settings=settings)
    good = KIND.accept({"path": f"{root}/docs"}, None, listed, trusted=False)
    assert KIND.shown(good) == {"path": f"{root}/docs"}
    outside = (f"{root}/../closed", f"{root}/out", f"{root}-too", str(tmp_path))
    for path in (*outside, "docs", "/", "a\0b"):
        with pytest.raises(Invalid):
            KIND.accept({"path": path}, None, listed, trusted=False)
        with pytest.raises(Invalid):
            KIND.accept({"path": f"{root}/docs"}, None, tools, trusted=False)
    assert KIND.accept({"path": str(tmp_path)}, None, tools, trusted=True).path == str(tmp_path)
    kept = Config(str(tmp_path))  # what was set at the command line may stay
    assert KIND.accept({"path": str(tmp_path)}, kept, tools, trusted=False) == kept
    for given in ({"path": 5}, {"path": "x" * 1001}, {"path": "/", "x": 1}):
        with pytest.raises(Invalid):
            KIND.accept(given, None, tools, trusted=True)
    with pytest.raises(Invalid):
        await KIND.check(Config(f"{root}/docs"), tools, trusted=True)


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("When are you open?", "Monday to Friday"),
        ("How much is shipping?", "12.90"),
        ("where is my order", "two working days"),
        ("how do i get my money back", "within 30 days"),
        ("Do you sell carpets?", "That is not in these documents."),
        ("who is the boss", "That is not in these documents."),
    ],
)
async def test_one_page_is_a_library_too(
    tools: "Tools", tmp_path: Path, question: str, told: str
) -> None:
    """In a small library every word is common, and still tells what a question is about."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "shop.md").write_text(
        "# The lamp shop\n\n## Opening hours\n\nWe are open Monday to Friday from 9 to 18.\n\n"
        "## Delivery\n\nOrders are sent within two working days. Abroad we ship for 12.90.\n\n"
        "## Returns\n\nSend anything back within 30 days, and we give your money back.\n"
    )
    await index(tools, "agt_shop", folder)
    assert told in text_of(await answer(Documents("agt_shop", tools), question))
