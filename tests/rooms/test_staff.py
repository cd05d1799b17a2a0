"""API keys: shown once, kept as keyed hashes, good until they are revoked."""

import pytest
import sqlalchemy as sa

from parlour import staff, workspaces
from parlour.kit.clock import MINUTE
from parlour.kit.errors import Conflict, Invalid, NotFound, StorageFull, Unauthorized
from parlour.rights import Permission, Role, Who
from parlour.tools import Tools
from tests.rooms.conftest import Maker


async def test_a_key_says_who_acts(tools: Tools, owner: Who, make_agent: Maker) -> None:
    agent = await make_agent()
    made = await staff.create_key(tools, owner, "CI", Role.BUILDER, agent.id)
    who = await staff.authenticate(tools, made.secret)
    assert (who.kind, who.name, who.role, who.agent_id) == ("key", "CI", Role.BUILDER, agent.id)
    assert who.workspace_id == owner.workspace_id
    assert who.may(Permission.LINKS_MANAGE)
    assert not who.may(Permission.KEYS_MANAGE)


async def test_only_a_keyed_hash_is_kept(tools: Tools, owner: Who) -> None:
    """API-03: hash at rest, a prefix that scanners know, last use."""
    made = await staff.create_key(tools, owner, "CI", Role.OWNER)
    assert made.secret.startswith("parlour_key_")

    def everything(conn: sa.Connection) -> str:
        return repr(conn.execute(sa.select(staff.api_keys)).all())

    stored = await tools.db.read(everything)
    assert made.secret not in stored
    assert made.secret.removeprefix("parlour_key_")[:12] not in stored
    assert (await tools.db.read(staff.every_key, owner.workspace_id))[0].last_used_at is None
    await staff.authenticate(tools, made.secret)
    assert (await tools.db.read(staff.every_key, owner.workspace_id))[0].last_used_at is not None


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "x",
        "parlour_key_",
        "parlour_key_" + "a" * 40,
        "parlour_key_\0",
        "Parlour_Key_x",
        "é" * 9,
    ],
)
async def test_other_strings_open_nothing(tools: Tools, secret: str) -> None:
    """API-01"""
    with pytest.raises(Unauthorized):
        await staff.authenticate(tools, secret)


async def test_a_changed_case_is_another_key(tools: Tools, owner: Who) -> None:
    """API-01: wrong case."""
    made = await staff.create_key(tools, owner, "CI", Role.OWNER)
    with pytest.raises(Unauthorized):
        await staff.authenticate(tools, made.secret.swapcase())


async def test_a_revoked_key_is_dead_at_once(tools: Tools, owner: Who) -> None:
    """API-02"""
    made = await staff.create_key(tools, owner, "CI", Role.OWNER)
    await staff.authenticate(tools, made.secret)
    await staff.revoke_key(tools, owner, made.key.id)
    with pytest.raises(Unauthorized):
        await staff.authenticate(tools, made.secret)
    with pytest.raises(NotFound):
        await staff.revoke_key(tools, owner, made.key.id)
    assert await tools.db.read(staff.every_key, owner.workspace_id) == []


async def test_keys_of_another_workspace_are_out_of_reach(tools: Tools, owner: Who) -> None:
    other = await workspaces.create(tools, "other")
    made = await staff.create_key(tools, owner, "CI", Role.OWNER)
    stranger = Who("host", "host", "command line", other.id, Role.OWNER)
    with pytest.raises(NotFound):
        await staff.revoke_key(tools, stranger, made.key.id)
    assert await tools.db.read(staff.every_key, other.id) == []


async def test_a_full_disk_keeps_nobody_from_reading(
    tools: Tools, owner: Who, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DSK-01: noting when a key was last used is not worth a refusal."""
    made = await staff.create_key(tools, owner, "CI", Role.OWNER)

    async def full(*_args: object, **_more: object) -> None:
        raise StorageFull("the disk is full")

    monkeypatch.setattr(tools.db, "write", full)
    assert (await staff.authenticate(tools, made.secret)).id == made.key.id


@pytest.mark.parametrize("name", ["", "\n", "a\nb", "x" * 201])
async def test_names_of_keys(tools: Tools, owner: Who, name: str) -> None:
    with pytest.raises(Invalid):
        await staff.create_key(tools, owner, name, Role.OWNER)


def test_a_key_for_one_agent_reaches_no_further() -> None:
    """API-07: no key makes itself a wider one."""
    scoped = Who("key", "key_x", "CI", "wsp_x", Role.OWNER, "agt_x")
    assert not scoped.may(Permission.KEYS_MANAGE)
    assert not scoped.may(Permission.METRICS_SEE)
    assert scoped.may(Permission.AGENTS_MANAGE)


async def test_last_use_is_noted_once_a_minute(tools: Tools, owner: Who) -> None:
    made = await staff.create_key(tools, owner, "CI", Role.OWNER)
    await staff.authenticate(tools, made.secret)
    first = (await tools.db.read(staff.every_key, owner.workspace_id))[0].last_used_at
    await staff.authenticate(tools, made.secret)
    second = (await tools.db.read(staff.every_key, owner.workspace_id))[0].last_used_at
    assert first == second
    assert first is not None
    assert tools.clock.now() - first < MINUTE


@pytest.mark.parametrize("slug", ["", "A", "a b", "-a", "a.b", "x" * 41, "é"])
async def test_workspaces_have_names_that_fit_an_address(tools: Tools, slug: str) -> None:
    with pytest.raises(Invalid):
        await workspaces.create(tools, slug)


async def test_a_workspace_is_made_once(tools: Tools) -> None:
    made = await workspaces.create(tools, "acme")
    with pytest.raises(Conflict):
        await workspaces.create(tools, "acme")
    assert await tools.db.read(workspaces.find, "acme") == made


async def test_keys_are_read_page_by_page(
    tools: Tools, owner: Who, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those that were made in the same millisecond."""
    now = tools.clock.now()
    for n in range(7):
        monkeypatch.setattr(tools.clock, "now", lambda at=now + n // 3: at)
        await staff.create_key(tools, owner, f"{n}", Role.ANALYST)
    every = await tools.db.read(staff.every_key, owner.workspace_id)
    found: list[staff.ApiKey] = []
    while page := await tools.db.read(
        staff.every_key,
        owner.workspace_id,
        after=(found[-1].created_at, found[-1].id) if found else None,
        limit=2,
    ):
        assert len(page) <= 2
        found += page
    assert found == every
    assert len({each.id for each in found}) == 7
