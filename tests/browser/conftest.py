"""Fixtures of the page's own tests: a stage that plays the server, with one empty chat on it."""

from collections.abc import Iterator

import pytest

from parlour.web import pages
from tests.browser.stage import Play, Stage

FACE = pages.Face(
    name="Postgres Handbook",
    initial="P",
    subtitle="AI assistant · answers from the manual",
    welcome="I answer from the manual and show you the page each time.",
    starters=("Explain VACUUM and VACUUM FULL", "Choose between B-tree, GIN and BRIN"),
    placeholder="Ask about PostgreSQL",
    privacy="Kept 30 days, then deleted.",
)


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A stage on a free port."""
    standing = Stage()
    standing.start()
    yield standing
    standing.stop()


@pytest.fixture
def play(stage: Stage) -> Play:
    """An empty conversation at `/chat/tok`; the test says what the agent does."""
    made = stage.plays["tok"] = Play("tok", FACE)
    return made
