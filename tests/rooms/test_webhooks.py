"""Webhooks on the room itself: what is told, in which order, and what when nobody listens."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from standardwebhooks import Webhook

from parlour import events, webhooks
from parlour.events import Kind
from parlour.forgetting import forget_conversation
from parlour.kit.clock import DAY, HOUR, MINUTE, SECOND, SetClock, SystemClock
from parlour.kit.errors import Conflict, Invalid, NotAllowed, NotFound, Stale
from parlour.kit.http import Blocked, GuardedClient, RequestFailed
from parlour.kit.queue import Job
from parlour.kit.queue.rows import jobs
from parlour.links import keeping as links
from parlour.rights import Role, Who
from parlour.staff import people
from parlour.staff.people import NewPerson
from parlour.tools import Tools
from parlour.webhooks import deliveries, delivering, keeping, noticing, rules, store, trying
from parlour.webhooks.keeping import Wish
from parlour.webhooks.rules import State
from tests.rooms.conftest import Maker
from tests.rooms.test_calling import Post
from tests.rooms.test_takeover import Talk

URL = "https://hook.example/in"
SAID = (Kind.CONVERSATION_STARTED, Kind.MESSAGE_CREATED, Kind.CONVERSATION_ERASED)


@dataclass
class Receiver:
    """A program that is told; stands where the guarded client does, and answers as told."""

    answers: list[int | Exception] = field(default_factory=list)
    """What it answers next; then 204."""
    headers: dict[str, str] = field(default_factory=dict)
    calls: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def check(self, url: str) -> None:
        if "internal" in url:
            raise Blocked

    @asynccontextmanager
    async def stream(self, method: str, url: str, **more: Any) -> AsyncIterator[Any]:
        del method, url
        self.calls.append((more["headers"], more["body"]))
        answer = self.answers.pop(0) if self.answers else 204
        if isinstance(answer, Exception):
            raise answer

        async def settle() -> None:
            return

        yield SimpleNamespace(status=answer, settle=settle, headers=self.headers)

    def took(self, secret: str) -> list[Any]:
        """What it was told since, each with a signature that is right."""
        told = [Webhook(secret).verify(body, headers) for headers, body in self.calls]
        self.calls.clear()
        return told


@dataclass
class Scene:
    """A visitor's conversation, and a webhook that hears of it."""

    talk: Talk
    owner: Who
    receiver: Receiver
    post: Post
    id: str = ""
    secret: str = ""

    @property
    def tools(self) -> Tools:
        return self.talk.tools

    async def make(self, **more: Any) -> None:
        wish = Wish(**{"name": "CRM", "url": URL, "kinds": SAID} | more)
        made = await keeping.create(self.tools, self.owner, wish)
        self.id, self.secret = made.hook.id, made.secret or ""

    async def runs(self) -> None:
        """Hand out what happened, and tell the webhook what is due."""
        await webhooks.hand_out(self.tools)
        await webhooks.deliver(self.tools, Job("j", webhooks.DELIVER, {"webhook": self.id}, 1, 1))

    async def hook(self) -> store.Hook:
        return await self.tools.db.read(store.find, self.owner.workspace_id, self.id)

    async def changed(self, **values: Any) -> None:
        """Have the row be like this, however that came."""
        await self.tools.db.write(lambda conn: store.change(conn, self.id, **values))

    async def log(self, state: State | None = None) -> list[deliveries.Delivery]:
        return await self.tools.db.read(deliveries.page, self.id, limit=50, state=state)


@pytest.fixture
async def scene(tools: Tools, owner: Who, make_agent: Maker) -> Scene:
    clock = tools.clock = SetClock(SystemClock().now())
    receiver, post = Receiver(), Post()
    tools.http, tools.mail = receiver, post  # type: ignore[assignment]
    agent = await make_agent("helper")
    link = await links.create(tools, owner, agent.id, links.Wish())
    return Scene(Talk(tools, link.token(tools.keys), owner, owner, clock), owner, receiver, post)


async def test_an_event_is_told_with_the_change_that_made_it(scene: Scene) -> None:
    """WHK-01, WHK-03: written with the change, signed, masked, and only what was chosen."""
    await scene.talk.say("Before anybody listens")
    await scene.make()
    await scene.talk.say("Write to vera@example.org")
    row = sa.select(events.events.c.kind).where(sa.text("untold"))
    marked = await scene.tools.db.read(lambda conn: list(conn.execute(row).scalars()))
    assert marked == ["message.created"], "the row itself waits, whatever happens to the process"
    await scene.runs()
    (headers, body) = scene.receiver.calls[0]
    (told,) = scene.receiver.took(scene.secret)
    assert told["type"] == "message.created"
    assert told["data"]["message"]["text"].startswith("Write to ")
    assert b"vera@example.org" not in body
    assert told["data"]["visitor"]["email"] is None
    assert told["data"]["agent"]["name"] == "helper"
    (one,) = await scene.log()
    assert (headers["webhook-id"], one.state, one.status) == (one.id, State.DELIVERED, 204)
    await scene.runs()
    assert scene.receiver.calls == [], "once, when all is well"


async def test_personal_details_go_only_where_somebody_who_sees_them_said_so(scene: Scene) -> None:
    """SHR-05, PRI-05: masked by the right of the webhook; nobody gives more than they have."""
    await scene.make(sees_personal=True)
    await scene.talk.say("Write to vera@example.org")
    await scene.runs()
    told = scene.receiver.took(scene.secret)
    assert [each["type"] for each in told] == ["conversation.started", "message.created"]
    assert told[1]["data"]["message"]["text"] == "Write to vera@example.org"
    masked = Who("person", "per_x", "Max", scene.owner.workspace_id, Role.OWNER)
    for act in (
        keeping.create(scene.tools, masked, Wish("Mine", URL, SAID, sees_personal=True)),
        keeping.change(scene.tools, masked, scene.id, Wish(name="Mine")),
    ):
        with pytest.raises(NotAllowed):
            await act


async def test_what_is_not_taken_is_told_again_and_in_order(scene: Scene) -> None:
    """WHK-02, WHK-03: the same id at each try, what follows waits; others go on."""
    await scene.make(kinds=[Kind.MESSAGE_CREATED])
    scene.receiver.answers = [500, RequestFailed("timeout", "no answer")]
    await scene.talk.say("one")
    await scene.talk.say("two")
    await scene.runs()
    assert len(scene.receiver.calls) == 1, "two waits for one"
    await scene.runs()
    assert len(scene.receiver.calls) == 1, "and the webhook is left alone for a moment"
    scene.talk.clock.forward(7 * SECOND)
    await scene.runs()
    hook = await scene.hook()
    assert (hook.failures, hook.trouble) == (2, "the program: timeout")
    scene.talk.clock.forward(7 * MINUTE)
    await scene.runs()
    await scene.runs()
    ids = [headers["webhook-id"] for headers, _ in scene.receiver.calls]
    assert ids[0] == ids[1] == ids[2] != ids[3]
    texts = [each["data"]["message"]["text"] for each in scene.receiver.took(scene.secret)]
    assert texts == ["one", "one", "one", "two"]
    assert (await scene.hook()).failing_since is None


async def test_another_conversation_does_not_wait(scene: Scene) -> None:
    """WHK-03: the order is one of each conversation."""
    await scene.make(kinds=[Kind.MESSAGE_CREATED])
    scene.receiver.answers = [400]
    await scene.talk.say("first visitor")
    scene.talk.session = None
    await scene.talk.say("second visitor")
    await scene.talk.say("second again")
    await scene.runs()
    scene.talk.clock.forward(2 * SECOND)
    await scene.runs()
    told = [each["data"]["message"]["text"] for each in scene.receiver.took(scene.secret)]
    assert sorted(told) == ["first visitor", "second again", "second visitor"]
    assert told.index("second visitor") < told.index("second again")


async def test_a_wish_to_be_left_alone_is_heeded_and_tries_come_to_an_end(scene: Scene) -> None:
    """WHK-02: 429 with Retry-After; after the last try it has failed, and can be told again."""
    await scene.make(kinds=[Kind.MESSAGE_CREATED])
    scene.receiver.answers, scene.receiver.headers = [429], {"Retry-After": "3600"}
    await scene.talk.say("one")
    await scene.runs()
    scene.talk.clock.forward(HOUR - 10 * MINUTE)
    await scene.runs()
    assert len(scene.receiver.calls) == 1
    scene.receiver.headers = {}
    tries = len(scene.tools.settings.webhook_retries)
    scene.receiver.answers = [500] * tries
    for _ in range(tries):
        scene.talk.clock.forward(30 * HOUR)
        await scene.changed(failing_since=None)
        await scene.runs()
    (one,) = await scene.log(State.FAILED)
    assert one.attempts == tries + 1
    assert await keeping.replay(scene.tools, scene.owner, scene.id, one.id) == 1
    with pytest.raises(Conflict):
        await keeping.replay(scene.tools, scene.owner, scene.id, one.id)
    scene.talk.clock.forward(HOUR)
    scene.receiver.calls.clear()
    await scene.runs()
    assert [headers["webhook-id"] for headers, _ in scene.receiver.calls] == [one.id]
    assert (await scene.log())[0].state is State.DELIVERED


@pytest.mark.parametrize("how", ["gone", "silent"])
async def test_one_that_fails_for_good_is_turned_off_and_owners_hear_of_it(
    scene: Scene, how: str
) -> None:
    """WHK-02: 410 at once, silence after five days; what waits goes out when it is on again."""
    new = NewPerson(
        scene.owner.workspace_id, "olga@team.example", "Olga", Role.OWNER, "a good long password"
    )
    await people.add(scene.tools, scene.owner, new)
    await scene.make(kinds=[Kind.MESSAGE_CREATED])
    await scene.talk.say("one")
    if how == "gone":
        scene.receiver.answers = [410]
    else:
        scene.receiver.answers = [500, 500]
        await scene.runs()
        scene.talk.clock.forward(6 * DAY)
    await scene.runs()
    hook = await scene.hook()
    assert (hook.is_on, bool(hook.off_why)) == (False, True)
    assert await scene.tools.db.read(store.count_off, scene.owner.workspace_id) == (1, 0)
    for _ in range(2):
        await _notices(scene)
    (mail,) = scene.post.mails
    assert (mail.to, mail.subject) == ("olga@team.example", "The webhook CRM was turned off")
    await scene.talk.say("while it is off")
    await scene.runs()
    assert len(scene.receiver.calls) == (1 if how == "gone" else 2)
    with pytest.raises(Conflict):
        await keeping.replay(scene.tools, scene.owner, scene.id)
    await keeping.change(scene.tools, scene.owner, scene.id, Wish(is_on=True))
    scene.talk.clock.forward(DAY)
    scene.receiver.calls.clear()
    await scene.runs()
    told = [each["data"]["message"]["text"] for each in scene.receiver.took(scene.secret)]
    assert told == ["one"], "what happened meanwhile does not go out"


async def _notices(scene: Scene) -> None:
    def take(conn: sa.Connection) -> list[Job]:
        due = sa.select(jobs).where(jobs.c.name == noticing.NOTICE)
        found = [Job(row.id, row.name, row.payload, 1, 1) for row in conn.execute(due)]
        conn.execute(sa.delete(jobs).where(jobs.c.id.in_([each.id for each in found])))
        return found

    for job in await scene.tools.db.write(take):
        await webhooks.notice(scene.tools, job)


async def test_two_secrets_sign_for_a_day_after_a_rotation(scene: Scene) -> None:
    """WHK-01, API-10: sealed, shown once; another host gets its own at once."""
    await scene.make(kinds=[Kind.MESSAGE_CREATED])
    hook = await scene.hook()
    assert scene.secret not in repr(hook)
    new = (await keeping.rotate(scene.tools, scene.owner, scene.id)).secret
    assert new not in (None, scene.secret)
    await scene.talk.say("one")
    await scene.runs()
    headers, body = scene.receiver.calls[0]
    assert len(headers["webhook-signature"].split()) == 2
    for secret in (scene.secret, new or ""):
        Webhook(secret).verify(body, headers)
    scene.talk.clock.forward(25 * HOUR)
    await scene.talk.say("two")
    await scene.runs()
    assert len(scene.receiver.calls[1][0]["webhook-signature"].split()) == 1
    same = await keeping.change(scene.tools, scene.owner, scene.id, Wish(url=URL + "?b"))
    assert same.secret is None
    other = Wish(url="https://elsewhere.example/")
    moved = await keeping.change(scene.tools, scene.owner, scene.id, other)
    assert moved.secret not in (None, new)
    assert moved.hook.old_secret is None


async def test_what_is_forgotten_meanwhile_goes_out_no_more(scene: Scene) -> None:
    """PRI-02, PRI-03: no text waits in the queue; that it was forgotten is told."""
    await scene.make()
    scene.receiver.answers = [500]
    await scene.talk.say("my secret sorrow")
    await scene.runs()
    everything = await scene.tools.db.read(_everything)
    assert "my secret sorrow" not in everything
    await forget_conversation(scene.tools, scene.owner, scene.talk.id)
    scene.receiver.calls.clear()
    for _ in range(3):
        scene.talk.clock.forward(10 * MINUTE)
        await scene.runs()
    (told,) = scene.receiver.took(scene.secret)
    assert told["type"] == "conversation.erased"
    assert [each.state for each in await scene.log()] == [
        State.DELIVERED,
        State.DROPPED,
        State.DROPPED,
    ]


def _everything(conn: sa.Connection) -> str:
    tables = (deliveries.deliveries, store.webhooks, jobs, events.events)
    return "".join(str(row) for each in tables for row in conn.execute(sa.select(each)))


async def test_what_does_not_fit_is_said_field_by_field(scene: Scene) -> None:
    """SSR-01, WHK: addresses are refused when they are saved; two editors meet."""
    for wish, field_ in (
        (Wish("", URL, SAID), "name"),
        (Wish("CRM", "http://internal/", SAID), "url"),
        (Wish("CRM", "https://x/" + "a" * 2_000, SAID), "url"),
        (Wish("CRM", URL, ()), "events"),
        (Wish("CRM", URL, ["message.imagined"]), "events"),
    ):
        with pytest.raises(Invalid) as refused:
            await keeping.create(scene.tools, scene.owner, wish)
        assert [each.field for each in refused.value.errors] == [field_]
    await scene.make()
    seen = (await scene.hook()).updated_at
    await keeping.change(scene.tools, scene.owner, scene.id, Wish(name="First"), seen=seen)
    with pytest.raises(Stale):
        await keeping.change(scene.tools, scene.owner, scene.id, Wish(name="Two"), seen=seen)
    stranger = Who("person", "per_x", "Sam", "wks_elsewhere", Role.OWNER)
    with pytest.raises(NotFound):
        await keeping.delete(scene.tools, stranger, scene.id)
    await keeping.delete(scene.tools, scene.owner, scene.id)
    await scene.talk.say("nobody listens")
    assert not await scene.tools.db.read(events.any_untold)


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "http://169.254.169.254/latest"])
async def test_an_address_that_became_private_is_not_called(scene: Scene, url: str) -> None:
    """SSR-01, SSR-05: looked at again when it is called, and told without saying what is there."""
    await scene.make(kinds=[Kind.MESSAGE_CREATED])
    await scene.changed(url=url)
    scene.tools.http = GuardedClient(scene.tools.settings)
    try:
        works, told = await trying.send_test(scene.tools, scene.owner, scene.id)
    finally:
        await scene.tools.http.close()
    assert not works
    assert "127" not in told
    (one,) = await scene.log()
    assert (one.kind, one.state, one.event_id) == (rules.TEST, State.FAILED, None)


async def test_a_test_that_works_ends_the_rest(scene: Scene) -> None:
    await scene.make(kinds=[Kind.MESSAGE_CREATED])
    scene.receiver.answers = [500]
    await scene.talk.say("one")
    await scene.runs()
    assert (await scene.hook()).rests_until is not None
    assert (await trying.send_test(scene.tools, scene.owner, scene.id))[0]
    assert (await scene.hook()).rests_until is None
    assert orjson.loads(scene.receiver.calls[-1][1])["type"] == rules.TEST


async def test_what_was_delivered_long_ago_is_forgotten(scene: Scene) -> None:
    await scene.make(kinds=[Kind.MESSAGE_CREATED])
    await scene.talk.say("one")
    await scene.runs()
    await keeping.change(scene.tools, scene.owner, scene.id, Wish(is_on=False))
    scene.talk.clock.forward(31 * DAY)
    await webhooks.tidy(scene.tools)
    assert await scene.log() == []


async def test_many_webhooks_leave_workers_to_the_chat(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """WHK-04: a bound on how many are told at once; the next one comes back later."""
    await scene.make(kinds=[Kind.MESSAGE_CREATED])
    await scene.talk.say("one")
    await webhooks.hand_out(scene.tools)
    monkeypatch.setattr(delivering, "_MOST", 0)
    await scene.runs()
    assert scene.receiver.calls == []
    found = sa.select(sa.func.count()).where(jobs.c.name == webhooks.DELIVER)
    assert await scene.tools.db.read(lambda conn: conn.execute(found).scalar_one()) == 1
