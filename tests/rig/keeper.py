"""The owner of a test's instance: makes agents and links, and sees what is really stored."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from parlour import main, rights, workspaces
from parlour.agents import keeping as agents
from parlour.agents.model import Agent
from parlour.config import load
from parlour.conversations.store import conversations, messages
from parlour.conversations.turns import turns
from parlour.kit.queue.rows import jobs
from parlour.kit.tokens import new_id
from parlour.links import keeping as links
from parlour.links import store as link_rows
from parlour.rights import Who
from parlour.tools import Tools
from tests.rig.server import Link
from tests.rig.storage import Storage
from tests.rig.waiting import eventually


@dataclass(frozen=True, slots=True)
class Keeper:
    """Acts on the storage directly, as the command line does beside a running server."""

    tools: Tools
    who: Who
    url: str
    """Where the server is."""

    async def agent(self, backend: str, config: dict[str, Any], **texts: Any) -> Agent:
        """Make a published agent with a name of its own."""
        name = f"a{new_id('x')[2:].lower()}"
        wish = agents.Wish(name, backend, config, texts)
        made = await agents.create(self.tools, self.who, wish, trusted=True, publish=True)
        return made.agent

    async def model_agent(self, base_url: str, **texts: Any) -> Agent:
        return await self.agent("openai", {"base_url": base_url, "model": "fake"}, **texts)

    async def link(self, agent: Agent, **wish: Any) -> Link:
        made = await links.create(self.tools, self.who, agent.id, links.Wish(**wish))
        token = made.token(self.tools.keys)
        return Link(made.id, token, f"{self.url}/chat/{token}")

    async def change(self, agent: Agent, link: Link, **wanted: Any) -> None:
        found = await self.tools.db.read(link_rows.find, agent.id, link.id)
        await links.change(self.tools, self.who, found, wanted)

    async def revoke(self, agent: Agent, link: Link) -> None:
        found = await self.tools.db.read(link_rows.find, agent.id, link.id)
        await links.revoke(self.tools, self.who, found)

    async def switch(self, agent: Agent, *, live: bool) -> None:
        await agents.switch(self.tools, self.who, agent, live=live)

    async def end(self, link: Link) -> None:
        """Let a temporary link's time be over, as if its hours had passed."""
        past = self.tools.clock.now() - 1000

        def unit(conn: sa.Connection) -> None:
            where = link_rows.links.c.id == link.id
            conn.execute(sa.update(link_rows.links).where(where).values(expires_at=past))

        await self.tools.db.write(unit)

    # What is really stored

    async def rows(self, wanted: sa.Select[Any]) -> list[Any]:
        def read(conn: sa.Connection) -> list[Any]:
            return list(conn.execute(wanted))

        return await self.tools.db.read(read)

    async def messages(self, link: Link) -> list[Any]:
        """Every message that came or went by a link, replaced ones included, in order."""
        return await self.messages_of(link.token)

    async def messages_of(self, token: str) -> list[Any]:
        return await self.rows(
            sa.select(messages)
            .join(conversations, conversations.c.id == messages.c.conversation_id)
            .where(conversations.c.link_id == self._link_id(token))
            .order_by(conversations.c.created_at, conversations.c.id, messages.c.seq)
        )

    async def turns(self, link: Link) -> list[Any]:
        return await self.turns_of([link.token])

    async def turns_of(self, tokens: list[str]) -> list[Any]:
        ids = [self._link_id(token) for token in tokens]
        return await self.rows(
            sa.select(turns)
            .join(conversations, conversations.c.id == turns.c.conversation_id)
            .where(conversations.c.link_id.in_(ids))
            .order_by(turns.c.conversation_id, turns.c.reply_seq)
        )

    def _link_id(self, token: str) -> str:
        genuine = self.tools.keys.open_link(token)
        assert genuine is not None
        return genuine.link_id

    async def quiet(self) -> None:
        """Wait until no job is running."""
        running = sa.select(jobs.c.id).where(jobs.c.owner.is_not(None))

        async def none() -> bool:
            return not await self.rows(running)

        await eventually(none)

    async def fingerprint(self) -> dict[str, str]:
        """Hash every table (LNK-21: what must be the same before and after)."""

        def read(conn: sa.Connection) -> dict[str, str]:
            found = {}
            for name in sa.inspect(conn).get_table_names():
                rows = conn.execute(sa.select(sa.text("*")).select_from(sa.table(name)))
                told = "\n".join(sorted(repr(tuple(row)) for row in rows))
                found[name] = hashlib.sha256(told.encode()).hexdigest()
            return found

        return await self.tools.db.browse(read)


@asynccontextmanager
async def keeping(storage: Storage, url: str) -> AsyncIterator[Keeper]:
    """Open an instance beside its server."""
    settings = load({**storage.environment, "PARLOUR_ALLOW_NETWORKS": "127.0.0.0/8"})
    async with main.opened(settings) as tools:
        found = await workspaces.ensure_default(tools)
        yield Keeper(tools, rights.host(found.id), url)
