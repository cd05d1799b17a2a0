"""A day of simulated visitors: seeded, in their agents' answers as in their silences."""

import random
from dataclasses import dataclass, field

import sqlalchemy as sa

from parlour import entrance, takeover
from parlour.agents.contract import Action, Text, Usage
from parlour.agents.model import Agent
from parlour.chat import rating as rating_of
from parlour.chat import redoing, runner, turns, wire
from parlour.chat.writing import Writing
from parlour.conversations import reading
from parlour.conversations import turns as rows
from parlour.conversations.model import TurnState
from parlour.insights import opened
from parlour.kit.clock import MINUTE, SECOND, SetClock
from parlour.rights import Who
from parlour.tools import Tools


@dataclass
class Somebody:
    """A visitor of the simulation."""

    tools: Tools
    token: str
    session: str | None = None
    talk: str = ""
    door: list[str] = field(default_factory=list)

    async def say(self, text: str) -> None:
        ticket = entrance.ticket(self.tools, self.token, self.session)
        said = await turns.say(self.tools, ticket, text, None)
        self.session, self.talk = said.visit.session, said.conversation_id

    async def rate(self, rating: str) -> None:
        """Say what they make of the last answer."""
        door = await entrance.admitted(self.tools, self.token, self.session)
        said = await self.tools.db.read(reading.read, self.talk)
        last = next(each for each in reversed(said) if each.author_kind == "agent")
        place = (self.talk, last.id)
        await rating_of.rate(self.tools, door, door.visitor_id or "", place,
                             rating_of.Rating(rating))  # fmt: skip

    async def another(self, place: str) -> None:
        """Ask for another answer, or say the last question otherwise."""
        ticket = entrance.ticket(self.tools, self.token, self.session)
        said = await self.tools.db.read(reading.read, self.talk)
        last = next(each for each in reversed(said) if each.author_kind == place)
        if place == "agent":
            await redoing.again(self.tools, ticket, self.talk, last.id)
        else:
            await redoing.edit(self.tools, ticket, "In other words?", None, last.id)

    async def anew(self) -> None:
        door = await entrance.admitted(self.tools, self.token, self.session)
        await turns.close(self.tools, door, door.visitor_id or "", self.talk)


async def answer(
    tools: Tools, clock: SetClock, talk: str, wait: int, *, state: str = "done", used: int = 0,
    asks: bool = False,
) -> None:  # fmt: skip
    """End the turn of a conversation as its runner does."""

    turn = await tools.db.read(rows.latest, talk)
    assert turn is not None
    writing = Writing(turn, tools.bus.begin_log(wire.log_key(turn.id, 0)), 1000, clock)

    def unit(conn: sa.Connection) -> None:
        if state != "failed":
            clock.forward(wait)
            writing.take(Text("An answer."))
        if used:
            writing.usage = Usage(used, used // 2)
        if asks:
            writing.actions.append(Action("handoff", {}))
        end = runner._End(TurnState(state), None if state == "done" else "error", writing)
        runner._finish(conn, tools, turn, end)

    await tools.db.write(unit)


@dataclass
class World:
    """Agents, their links, and a day of visitors."""

    tools: Tools
    clock: SetClock
    owner: Who
    agents: list[Agent]
    doors: list[tuple[str, str]]
    """Links: their ids and tokens."""
    noted: list[tuple[str, int, str]] = field(default_factory=list)
    """What leaves no row of its own: what it was, when, and the link or conversation."""

    def note(self, what: str, about: str) -> None:
        self.noted.append((what, self.clock.now(), about))

    async def day(self, dice: random.Random, visitors: int) -> None:
        """Let visitors come, talk, fall silent, come back, begin anew, and meet a person."""
        known: list[Somebody] = []
        for _ in range(visitors):
            self.clock.forward(dice.randrange(20 * MINUTE))
            if known and dice.random() < 0.3:
                who = dice.choice(known)
            else:
                link, token = dice.choice(self.doors)
                who = Somebody(self.tools, token, door=[link])
                known.append(who)
            self.tools.opened.add(self.about(who.door[0]))
            self.note("opened", who.door[0])
            await opened.keep(self.tools)
            for _ in range(dice.randrange(4)):
                await self.turn(dice, who)

    def about(self, link: str) -> tuple[str, str, str]:
        place = [each for each, _ in self.doors].index(link)
        return self.owner.workspace_id, self.agents[place % len(self.agents)].id, link

    async def turn(self, dice: random.Random, who: Somebody) -> None:
        await who.say("What about it?")
        luck = dice.random()
        state = "failed" if luck < 0.1 else "stopped" if luck < 0.2 else "done"
        used = dice.choice((0, 40, 1_000))
        asks = state == "done" and dice.random() < 0.15
        wait = dice.choice((50, 100, 130, 900, 2_400, 70_000))
        await answer(self.tools, self.clock, who.talk, wait, state=state, used=used, asks=asks)
        for what, place in (("again", "agent"), ("edited", "visitor")):
            if not asks and dice.random() < 0.1:
                self.note(what, who.talk)
                await who.another(place)
                await answer(self.tools, self.clock, who.talk, wait, used=used)
        for rating in ("up", "down", "none"):
            if dice.random() < 0.25:
                await who.rate(rating)
        if asks or dice.random() < 0.05:
            self.note("taken", who.talk)
            await takeover.take(self.tools, self.owner, who.talk)
            for _ in range(dice.randrange(3)):
                await takeover.say(self.tools, self.owner, who.talk, "I see to it.")
            await takeover.release(self.tools, self.owner, who.talk)
        if dice.random() < 0.1:
            await who.anew()
        self.clock.forward(dice.choice((10 * SECOND, 5 * MINUTE)))
