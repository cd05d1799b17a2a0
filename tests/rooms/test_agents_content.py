"""What is remembered of published versions: only what was really published."""

import pytest
import sqlalchemy as sa
from msgspec import structs

from parlour.agents import store
from parlour.agents.model import Content
from parlour.kit.errors import Conflict
from parlour.tools import Tools
from tests.rooms.conftest import Maker


async def test_a_version_that_was_taken_back_is_not_remembered(
    tools: Tools, make_agent: Maker
) -> None:
    agent = await make_agent()
    draft = agent.draft

    def publish(conn: sa.Connection, name: str, error: Exception | None) -> Content:
        content = structs.replace(draft, display_name=name)
        number = store.add_version(conn, agent.id, content, 1)
        assert number == 2
        seen = store.published_content(conn, agent.id, number)
        if error is not None:
            raise error
        return seen

    with pytest.raises(Conflict):
        await tools.db.write(publish, "Never", Conflict("the disk broke"))
    assert (await tools.db.write(publish, "Real", None)).display_name == "Real"
    for _ in range(2):
        found = await tools.db.read(store.published_content, agent.id, 2)
        assert found.display_name == "Real"
