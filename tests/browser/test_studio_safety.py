"""The studio before whatever visitors and agents write: it runs nothing, and asks nobody else."""

import aiohttp
import sqlalchemy as sa
from playwright.async_api import expect

from parlour.conversations import store
from parlour.conversations.model import Message, State
from parlour.kit.tokens import new_id
from tests.browser.hostile import corpus
from tests.browser.test_page_safety import EXPLORE
from tests.browser.test_studio_conversations import LIST, owned, server, signed_in
from tests.browser.test_studio_desk import DESK
from tests.rig import plays
from tests.rig.browser import Browser
from tests.rig.keeper import keeping
from tests.rig.model import FakeModel
from tests.rig.server import Server
from tests.rig.visitor import Visitor

__all__ = ["owned", "server"]

IMAGE = "<img src=x onerror=alert(1)>"


def add(conn: sa.Connection, talk: str, texts: list[str]) -> None:
    """As if a visitor and an agent had said these by turns."""
    rows = [
        Message(new_id("msg"), seq, "agent" if seq % 2 else "visitor", "", text, State.DONE, seq)
        for seq, text in enumerate(texts, 3)
    ]
    store.add_messages(conn, talk, rows)
    mine = store.conversations.c.id == talk
    last = {"last_seq": rows[-1].seq, "message_count": rows[-1].seq}
    conn.execute(sa.update(store.conversations).where(mine).values(**last))


async def test_nothing_breaks_out_at_the_desk(
    browser: Browser, server: Server, model: FakeModel, http: aiohttp.ClientSession, owned: None
) -> None:
    """TKO-10, XSS-01: stored and live, with the owner's own session."""
    link = server.make_link("shop", "--name", IMAGE)
    vera = Visitor(http, server.url, link.token)
    model.plays(plays.reply(f"{IMAGE} [x](javascript:alert(1))"))
    assert (await vera.call("chat", json={"message": IMAGE})).status == 200
    talk = server.cli("conversation", "list")[0]["id"]
    server.cli("conversation", "note", talk, IMAGE)
    said = [text.replace("\0", "") for text in corpus()[::3]]
    async with keeping(server.storage, server.url) as keeper:
        await keeper.tools.db.write(add, talk, [text for text in said if text.strip()])
    page = await signed_in(browser, server, "olga@team.example")
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    places = (LIST, DESK, f"{LIST}/{talk}", f"{LIST}/{talk}/print", "/studio", f"{DESK}/{talk}")
    for place in places:
        await page.goto(server.url + place)
        assert await page.evaluate(EXPLORE) == 0, place
    await expect(page.locator(".turn").first).to_be_attached()
    await vera.call("chat", json={"message": f"live {IMAGE}", "async_mode": True})
    await expect(page.locator(".bubble").last).to_have_text(f"live {IMAGE}")
    await expect(page.locator(".turn--agent .prose").last).to_contain_text("<img")
    assert await page.evaluate(EXPLORE) == 0
    assert dialogs == []
