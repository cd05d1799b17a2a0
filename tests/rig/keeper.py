"""The owner of a test's instance: makes agents and links, and sees what is really stored."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from parlour import rights, visitors, workspaces
from parlour.agents import keeping as agents
from parlour.agents import sharing
from parlour.agents.model import Agent
from parlour.config import load
from parlour.conversations.store import conversations, messages
from parlour.conversations.turns import turns
from parlour.kit.clock import DAY
from parlour.kit.queue.rows import jobs
from parlour.kit.tokens import new_id
from parlour.links import keeping as links
from parlour.links import private, rotating
from parlour.links import store as link_rows
from parlour.links.rules import Kind
from parlour.rights import Who
from parlour.tools import Tools
from tests.rig.opening import opened_migrated
from tests.rig.server import Link
from tests.rig.storage import Storage
from tests.rig.waiting import eventually

_BY_CLOCK = {
    *("daily_counts", "daily_counted", "instance_clock"),
    *("hourly_counts", "hourly_counted", "insights_marks", "sittings", "openings", "said"),
    *("mail_wishes", "alerts"),
}


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
        wanted = links.Wish(**wish)
        if wanted.kind is Kind.PRIVATE:
            (made,) = await private.invite(self.tools, self.who, agent.id, [wanted])
        else:
            made = await links.create(self.tools, self.who, agent.id, wanted)
        token = made.token(self.tools.keys)
        return Link(made.id, token, f"{self.url}/chat/{token}")

    async def change(self, agent: Agent, link: Link, **wanted: Any) -> None:
        found = await self.tools.db.read(link_rows.find, agent.id, link.id)
        await links.change(self.tools, self.who, found, wanted)

    async def rotate(self, agent: Agent, link: Link, **turn: Any) -> Link:
        """Give a link another address; return the link as it is handed out then."""
        found = await self.tools.db.read(link_rows.find, agent.id, link.id)
        made = await rotating.rotate(self.tools, self.who, found, rotating.Turn(**turn))
        token = made.token(self.tools.keys)
        return Link(made.id, token, f"{self.url}/chat/{token}")

    async def retire(self, agent: Agent, link: Link) -> None:
        found = await self.tools.db.read(link_rows.find, agent.id, link.id)
        await rotating.retire(self.tools, self.who, found)

    async def terms(self, agent: Agent, **wanted: Any) -> None:
        """Change the terms on which visitors come to an agent."""
        await sharing.change(self.tools, self.who, agent, wanted)

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

    async def let_uses_end(self, link: Link) -> None:
        """Let every visitor's use of a link be over, as if they had been silent for long."""
        past = self.tools.clock.now() - 30 * DAY

        def unit(conn: sa.Connection) -> None:
            where = visitors.visitors.c.link_id == link.id
            values = {"use_began_at": past, "use_last_at": past}
            conn.execute(sa.update(visitors.visitors).where(where).values(**values))

        await self.tools.db.write(unit)

    async def uses(self, link: Link) -> int:
        wanted = sa.select(link_rows.links.c.uses).where(link_rows.links.c.id == link.id)
        return int((await self.rows(wanted))[0][0])

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
        """Wait until no job is running, and none waits that could."""

        async def none() -> bool:
            soon = sa.or_(jobs.c.owner.is_not(None), jobs.c.due <= self.tools.clock.now())
            return not await self.rows(sa.select(jobs.c.id).where(soon))

        await eventually(none)

    async def everything(self) -> str:
        """Every row of every table, as text."""

        def read(conn: sa.Connection) -> str:
            told = []
            for name in sa.inspect(conn).get_table_names():
                rows = conn.execute(sa.select(sa.text("*")).select_from(sa.table(name)))
                told += [f"{name}: {tuple(row)!r}" for row in rows]
            return "\n".join(told)

        return await self.tools.db.browse(read)

    async def fingerprint(self) -> dict[str, str]:
        """Hash every table (LNK-21: what must be the same before and after).

        Without what the clock does by itself once a minute: its jobs, and what they count.
        """

        def read(conn: sa.Connection) -> dict[str, str]:
            found = {}
            for name in set(sa.inspect(conn).get_table_names()) - _BY_CLOCK:
                if name.startswith("said_words"):
                    continue
                wanted = sa.select(sa.text("*")).select_from(sa.table(name))
                if name == jobs.name:
                    by_clock = sa.func.coalesce(jobs.c.key, "").like("every:%")
                    wanted = sa.select(jobs).where(sa.not_(by_clock))
                rows = conn.execute(wanted)
                told = "\n".join(sorted(repr(tuple(row)) for row in rows))
                found[name] = hashlib.sha256(told.encode()).hexdigest()
            return found

        return await self.tools.db.browse(read)


@asynccontextmanager
async def keeping(storage: Storage, url: str) -> AsyncIterator[Keeper]:
    """Open an instance beside its server."""
    settings = load({**storage.environment, "PARLOUR_ALLOW_NETWORKS": "127.0.0.0/8"})
    async with opened_migrated(settings) as tools:
        found = await workspaces.ensure_default(tools)
        yield Keeper(tools, rights.host(found.id), url)
