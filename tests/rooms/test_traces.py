"""After forgetting, no byte of the visitor is left: not in files, dumps, Redis, queues or logs."""

import asyncio
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from redis.asyncio import Redis

from parlour import forgetting, insights, sharing, takeover, webhooks
from parlour.agents.contract import Remember, Text
from parlour.attachments import store as attachments
from parlour.attachments.store import Held
from parlour.conversations import erasing, store
from parlour.kit.queue import Job
from parlour.kit.queue.rows import jobs
from parlour.kit.tokens import new_id
from parlour.notes import keeping as notes
from parlour.notes.store import Note, Wish
from parlour.rights import Role, Who
from parlour.sharing import Mode
from parlour.takeover import noting
from parlour.tools import Tools
from parlour.transcripts import finding, revealing
from parlour.verification.identities import Identity, Proof, prove
from parlour.webhooks import keeping as hooks
from parlour.webhooks import store as hook_rows
from tests.rig.confirming import Browser
from tests.rig.remembering import Place
from tests.rig.services import postgres_bin
from tests.rig.storage import SQLITE, Storage
from tests.rig.waiting import PATIENCE, eventually
from tests.rooms.test_memory import place
from tests.rooms.test_webhooks import SAID, URL, Receiver

__all__ = ["place"]

GONE_MEANWHILE = -2

# No two begin alike: an index that stores only how a word differs from the one before keeps them.
WORDS = {
    "said": "qzheron",
    "answered": "xwplover",
    "address": "jvsnipe@visitors.example",
    "name": "kqdunlin",
    "variable": "zvgodwit",
    "note": "vxcurlew",
    "internal": "wqavocet",
    "guest": "zkwhimbrel",
    "operator": "xkdotterel",
    "reason": "jxphalarope",
    "rating": "vjlapwing",
    "memory": "zxturnstone",
    "action": "qkruff",
    "job": "kzstint",
    "file": "wzgoosander",
    "file_name": "xqmerganser",
}


@dataclass
class Model:
    """Answers with a word of its own, and remembers one."""

    questions: list[Any]
    repeatable = False

    async def answer(self, question: Any) -> Any:
        self.questions.append(question)
        yield Text(f"Noted, {WORDS['answered']}.")
        yield Remember(f"They are {WORDS['memory']}")


async def planted(place: Place) -> tuple[Browser, str]:
    """Leave a word of its own by every way in; answers with who left them, and their id."""
    tools, owner = place.tools, place.owner
    tools.http = Receiver(answers=[500] * 99)  # type: ignore[assignment]
    await hooks.create(tools, owner, hooks.Wish("CRM", URL, tuple(SAID), sees_personal=True))
    place.model = Model([])
    vera = await place.door()
    await vera.confirm(WORDS["address"])
    # Mails that wait, and what no program has taken yet.
    await vera.ask(WORDS["address"])
    await place.ask(vera, f"I am {WORDS['said']}, and so on.", *["More."] * 5)
    await place.update()
    talk = await place.talk(vera)
    await beside(tools, owner, talk)
    await by_others(tools, owner, talk)
    await webhooks.hand_out(tools)
    for hook in await tools.db.read(hook_rows.every, owner.workspace_id):
        await webhooks.deliver(tools, Job("j", webhooks.DELIVER, {"webhook": hook.id}, 1, 1))
    await insights.read_on(tools)
    return vera, talk.visitor_id


async def beside(tools: Tools, owner: Who, talk: finding.Talk) -> None:
    """What stands beside the messages: who they are, variables, a rating, a note, a job."""
    now = tools.clock.now()
    named = Identity(Proof.TOKEN, "crm-1", WORDS["address"], WORDS["name"])

    def unit(conn: sa.Connection) -> None:
        store.set_variables(conn, talk.id, {"phone": WORDS["variable"]})
        said = {"reasons": [], "words": WORDS["rating"], "at": now}
        store.change(conn, talk.id, 2, rating=-1, rated=said)
        prove(conn, talk.visitor_id, talk.link_id, named, now, is_new=False)
        note = Note(
            new_id("nte"), talk.agent_id, talk.link_id, Wish.MESSAGE, "offline", WORDS["note"],
            WORDS["address"], now, None, None,
        )  # fmt: skip
        notes.leave(conn, note, owner.workspace_id)
        told = {"conversation": talk.id, "arguments": {"to": WORDS["job"]}}
        tools.queue.enqueue(conn, "handing.share", told, run_at=now + 10**9)
        file = Held(new_id("att"), "text", "text/plain", f"{WORDS['file_name']}.txt", 5)
        attachments.begin(conn, file, talk.link_id, now)
        attachments.add(conn, file.id, 0, [WORDS["file"].encode()], now)
        attachments.finish(conn, file.id, file.size, now)
        attachments.send(conn, [file.id], talk.id)
        store.change(conn, talk.id, 1, extra={"files": [file.told()]})
        actions = [{"name": "share", "arguments": {"to": WORDS["action"]}}]
        conn.execute(
            sa.text("UPDATE turns SET actions = :a"), {"a": str(actions).replace("'", '"')}
        )

    await tools.db.write(unit)


async def by_others(tools: Tools, owner: Who, talk: finding.Talk) -> None:
    """What people of the team and guests wrote of them."""
    await takeover.take(tools, owner, talk.id)
    await takeover.say(tools, owner, talk.id, f"Dear {WORDS['operator']}")
    await takeover.release(tools, owner, talk.id)
    await noting.note(tools, owner, talk.id, WORDS["internal"])
    tina = Who("person", "per_tina", "Tina", owner.workspace_id, Role.TEAM_LEAD)
    await revealing.reveal(tools, tina, talk.id, f"Because of {WORDS['reason']}")
    wish = sharing.Wish(Mode.TAKEOVER, name="Gina")
    token = (await sharing.make(tools, owner, talk.id, wish)).share.token(tools.keys)
    secret = await sharing.open_(tools, token, None)
    await sharing.say(tools, token, secret, f"I know {WORDS['guest']}", None)


async def bytes_of(tools: Tools, storage: Storage) -> bytes:
    """Every byte that this instance keeps: its folder, a whole dump, all of Redis."""
    folder = Path(tools.settings.data_dir)
    found = [each.read_bytes() for each in sorted(folder.rglob("*")) if each.is_file()]
    if storage.engine != SQLITE:
        binaries = postgres_bin()
        assert binaries is not None
        dump = [str(binaries / "pg_dump"), "--data-only", storage.database_url]
        found.append(await asyncio.to_thread(subprocess.check_output, dump))
        async with Redis.from_url(storage.redis_url) as redis:
            found += [await redis.dump(key) or b"" async for key in redis.scan_iter()]
    return b"\n".join(found)


def standing(kept: bytes) -> set[str]:
    """Tell which words are there, as they are or as a dump writes bytes."""
    words = {what: word.encode() for what, word in WORDS.items()}
    return {what for what, word in words.items() if word in kept or word.hex().encode() in kept}


async def test_no_byte_is_left(
    place: Place, storage: Storage, capfd: pytest.CaptureFixture[str]
) -> None:
    """PRI-02, PRI-03, PRI-05, promise 23: planted by every way in, looked for everywhere."""
    tools = place.tools
    _, visitor_id = await planted(place)
    assert standing(await bytes_of(tools, storage)) == set(WORDS)
    gone = await forgetting.forget_visitor(tools, place.owner, visitor_id)
    assert gone.receipt is not None
    # A live log of an answer stays for a minute where it is being followed, once its end is told.
    if storage.redis_url:
        await eventually(lambda: tools.bus.healthy)
        await tools.bus._sender.flush(PATIENCE)  # type: ignore[attr-defined]
    await tools.bus.close()
    if storage.redis_url:
        async with Redis.from_url(storage.redis_url) as redis:
            async for key in redis.scan_iter():
                left = await redis.pttl(key)
                assert left == GONE_MEANWHILE or 0 <= left <= 60_000, (key, left)
                await redis.delete(key)
    kept = await bytes_of(tools, storage)
    assert standing(kept) == set()
    told = capfd.readouterr()
    assert standing((told.out + told.err).encode()) == set(), "in the log"
    waits = sa.select(jobs.c.name)
    assert erasing.SCRUB in await tools.db.read(lambda conn: conn.execute(waits).scalars().all())
    await tools.db.scrub()


async def test_deleted_words_leave_the_search_index(place: Place, storage: Storage) -> None:
    """EXP-08: an index keeps deleted words until it is written anew, which does not stop others."""
    tools = place.tools
    vera = await place.door()
    for number in range(9):
        await vera.say(f"{WORDS['said']}{number} {'word ' * 30}")
        await insights.read_on(tools)
    assert WORDS["said"].encode() in await bytes_of(tools, storage)
    await forgetting.forget_conversation(tools, place.owner, vera.conversation)
    assert WORDS["said"].encode() not in await bytes_of(tools, storage)
