"""Versions that come back, drafts given up, previews apart, and asking before keeping."""

import pytest
import sqlalchemy as sa

from parlour import events, workspaces
from parlour.agents import keeping, previews, readying, store, trial, uploading, versions
from parlour.agents.backends.documents.config import Config, Document, mirrored
from parlour.agents.changes import changes
from parlour.agents.library import store as library
from parlour.agents.model import Agent
from parlour.kit.errors import Conflict, NotFound, Stale
from parlour.rights import Who
from parlour.tools import Tools
from tests.rooms.conftest import Maker
from tests.rooms.test_uploads import DOORS, ROSES, found, names, now, up


async def edited(tools: Tools, owner: Who, agent: Agent, **texts: object) -> Agent:
    made = await keeping.edit(tools, owner, await now(tools, agent), None, texts, trusted=True)
    return made.agent


async def test_a_version_comes_back_as_the_next_one(
    tools: Tools, owner: Who, make_agent: Maker
) -> None:
    agent = await make_agent(description="First")
    await keeping.publish(tools, owner, await edited(tools, owner, agent, description="Second"))
    back = await versions.roll_back(tools, owner, agent, 1)
    assert (back.published, back.draft.description) == (3, "First")
    kept = await tools.db.read(store.every_version, agent.id)
    assert [(each.number, each.restored_from) for each in kept] == [(3, 1), (2, None), (1, None)]
    assert kept[0].published_by == owner.name
    assert kept[0].content == kept[2].content
    with pytest.raises(Conflict):
        await versions.roll_back(tools, owner, agent, 1)
    with pytest.raises(NotFound):
        await versions.roll_back(tools, owner, agent, 9)

    def told(conn: sa.Connection) -> list[tuple[str, object]]:
        columns = events.events.c
        wanted = sa.select(columns.kind, columns.data).where(columns.agent_id == agent.id)
        return [(row[0], row[1]) for row in conn.execute(wanted.order_by(columns.id))]

    assert ("agent.rolled_back", {"version": 3, "from": 1}) in await tools.db.read(told)


async def test_a_draft_with_changes_keeps_them(tools: Tools, owner: Who, make_agent: Maker) -> None:
    agent = await make_agent(description="First")
    await keeping.publish(tools, owner, await edited(tools, owner, agent, description="Second"))
    await edited(tools, owner, agent, description="Third")
    back = await versions.roll_back(tools, owner, agent, 1)
    assert back.draft.description == "Third"
    assert await tools.db.read(versions.unpublished, back) == ["Line under the name"]


async def test_a_draft_is_given_up(tools: Tools, owner: Who, make_agent: Maker) -> None:
    agent = await make_agent(description="First")
    changed = await edited(tools, owner, agent, description="Second")
    with pytest.raises(Stale, match=f"{owner.name} changed this meanwhile"):
        await versions.discard(tools, owner, agent, agent.seen)
    given_up = await versions.discard(tools, owner, agent, changed.seen)
    assert given_up.draft.description == "First"
    assert await tools.db.read(versions.unpublished, given_up) == []
    wish = keeping.Wish("new-one", "documents", {})
    made = await keeping.create(tools, owner, wish, trusted=True, publish=False)
    with pytest.raises(Conflict):
        await versions.discard(tools, owner, made.agent)


async def test_giving_up_a_draft_brings_documents_back_and_drops_new_ones(
    tools: Tools, owner: Who
) -> None:
    wish = keeping.Wish("handbook", "documents", {})
    agent = (await keeping.create(tools, owner, wish, trusted=True, publish=False)).agent
    await up(tools, owner, agent, "a.md", DOORS)
    await keeping.publish(tools, owner, agent)
    await up(tools, owner, agent, "b.md", ROSES)
    await uploading.remove(tools, owner, agent, "a.md")
    draft = await now(tools, agent)
    assert await tools.db.read(versions.unpublished, draft) == ["Documents: 1 added, 1 removed"]
    await versions.discard(tools, owner, agent)
    assert await names(tools, agent) == ["a.md"]


async def test_a_preview_answers_with_the_draft_and_is_nowhere(tools: Tools, owner: Who) -> None:
    home = (await workspaces.ensure_previews(tools)).id
    wish = keeping.Wish("handbook", "documents", {})
    agent = (await keeping.create(tools, owner, wish, trusted=True, publish=False)).agent
    await up(tools, owner, agent, "a.md", DOORS)
    preview = await previews.mirror(tools, await now(tools, agent), home)
    await readying.prepare(tools, {"agent": preview.id})
    assert await found(tools, preview, "how do I turn the brass key?") == ["a.md"]
    assert await found(tools, agent, "how do I turn the brass key?") == [], "nothing is published"
    same = await previews.mirror(tools, agent, home)
    assert (same.id, same.published) == (preview.id, preview.published)
    assert [each.id for each in await tools.db.read(store.every, owner.workspace_id)] == [agent.id]
    listed = await tools.db.read(workspaces.every)
    assert home not in [each.id for each in listed]

    # What the preview has read is not read again.
    published = await keeping.publish(tools, owner, agent)
    await readying.prepare(tools, {"agent": agent.id})
    assert await found(tools, agent, "how do I turn the brass key?") == ["a.md"]
    assert published.published == 1
    current = await previews.mirror(tools, agent, home)
    assert keeping.library_of(current.draft, current.id) == agent.id
    await readying.prepare(tools, {"agent": preview.id})
    assert await tools.db.read(library.state_of, preview.id) is None

    await up(tools, owner, agent, "b.md", ROSES)
    changed = await previews.mirror(tools, agent, home)
    await readying.prepare(tools, {"agent": changed.id})
    assert await found(tools, changed, "what do roses want?") == ["b.md"]
    assert await found(tools, agent, "what do roses want?") == []

    await keeping.delete(tools, owner, agent)
    assert await tools.db.read(store.by_id, preview.id) is None
    for each in (agent, preview):
        await readying.forget(tools, {"agent": each.id})
        assert await tools.db.read(library.living, each.id) == []


async def test_what_changed_in_words(tools: Tools, owner: Who, make_agent: Maker) -> None:
    agent = await make_agent(description="First")
    assert changes(None, agent.draft) == ["First version"]
    assert changes(agent.draft, agent.draft) == []
    config = {**keeping.shown_config(agent.draft), "model": "other", "api_key": "k"}
    made = await keeping.edit(
        tools, owner, agent, config, {"starters": ("One?",), "display_name": "Z"}, trusted=True
    )
    assert set(changes(agent.draft, made.agent.draft)) == {"Name", "Starters", "Model", "Key"}
    assert keeping.secrets_of(made.agent.draft).keys() == {"api_key"}
    again = {**keeping.shown_config(made.agent.draft), "model": "third"}
    kept = await keeping.edit(tools, owner, made.agent, again, {}, trusted=True)
    assert keeping.secrets_of(kept.agent.draft) == keeping.secrets_of(made.agent.draft)


async def test_asking_says_what_is_wrong(tools: Tools, owner: Who, make_agent: Maker) -> None:
    """Nothing listens there; the words are the owner's, and nothing is kept."""
    agent = await make_agent()
    tried = await trial.ask_draft(tools, agent, trusted=True)
    assert not tried.answered
    assert tried.code == "unreachable"
    assert tried.problem
    assert await now(tools, agent) == agent


def test_a_preview_reads_for_itself_what_was_read_otherwise() -> None:
    document = Document("a.md", "fil_a", 1, "d", 0, "")
    plain = Config(uploads=(document,))
    by_meaning = Config(uploads=(document,), embeddings_base_url="https://x", embeddings_model="m")
    newer = Config(uploads=(Document("a.md", "fil_b", 1, "e", 0, ""),))
    assert mirrored(plain, plain, "agt_1").read_from == "agt_1"
    assert mirrored(by_meaning, plain, "agt_1").read_from == ""
    assert mirrored(newer, plain, "agt_1").read_from == ""
    assert mirrored(plain, None, "agt_1").read_from == ""
