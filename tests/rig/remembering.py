"""An agent that remembers, on the rooms themselves: what answers for it, and its jobs by hand."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from parlour import memory
from parlour.agents.contract import (
    BackendFailure,
    Part,
    Question,
    Remembered,
    Text,
    Usage,
)
from parlour.chat.runner import Runner
from parlour.chat.turns import RUN
from parlour.conversations import turns as rows
from parlour.kit.queue import Job
from parlour.kit.queue.rows import jobs
from parlour.links import keeping as links
from parlour.rights import Who
from parlour.tools import Tools
from parlour.transcripts import finding
from tests.rig.confirming import Browser

FACTS = "FACTS\n- Name: Ana, plan gold\nNOTES\n- Likes short answers"
KNOWN = Remembered("Name: Ana, plan gold", "Likes short answers")


@dataclass
class Model:
    """Answers, and writes; keeps what it was asked."""

    questions: list[Question] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    answers: str = FACTS
    says: list[Part] = field(default_factory=lambda: [Text("Yes.")])
    failure: BackendFailure | None = None
    writing: asyncio.Event = field(default_factory=asyncio.Event)
    waits: asyncio.Event | None = None
    repeatable = False

    async def answer(self, question: Question) -> AsyncIterator[Part]:
        self.questions.append(question)
        for part in self.says:
            yield part

    async def write(self, _instructions: str, material: str) -> AsyncGenerator[Part, None]:
        self.asked.append(material)
        if self.failure is not None:
            raise self.failure
        self.writing.set()
        if self.waits is not None:
            await self.waits.wait()
        yield Text(self.answers)
        yield Usage(700, 50)


@dataclass
class Plain:
    """Answers, and writes nothing for the house, as programs of owners do."""

    questions: list[Question] = field(default_factory=list)
    repeatable = False

    async def answer(self, question: Question) -> AsyncIterator[Part]:
        self.questions.append(question)
        yield Text("Yes.")


@dataclass
class Place:
    """An agent, its links, and what answers for it."""

    tools: Tools
    owner: Who
    agent: Any
    model: Any
    runner: Runner
    epoch: int = 1

    async def door(self, agent: Any = None) -> Browser:
        wish = links.Wish(name="Door")
        made = await links.create(self.tools, self.owner, (agent or self.agent).id, wish)
        return Browser(self.tools, made.token(self.tools.keys))

    async def run(self, browser: Browser, *texts: str) -> None:
        """Say something, and have it answered."""
        for text in texts:
            await browser.say(text)
            turn = await self.tools.db.read(rows.latest, browser.conversation)
            assert turn is not None
            await self.runner.run(self.turn_job(turn.id))

    async def ask(self, browser: Browser, *texts: str) -> Question:
        """Say something and have it answered; what the agent was shown of the last one."""
        await self.run(browser, *texts)
        question = self.model.questions[-1]
        assert isinstance(question, Question)
        return question

    async def due(self) -> list[str]:
        """The memories that wait to be brought up to date."""
        wanted = sa.select(jobs.c.payload).where(jobs.c.name == memory.UPDATE)
        found = await self.tools.db.read(lambda conn: conn.execute(wanted).scalars().all())
        return [each["memory"] for each in found]

    async def update(self) -> None:
        """Do all the jobs there are, and take them away."""
        for each in await self.due():
            await memory.update(self.tools, self.backend, self.job(each))
        await self.tools.db.write(lambda conn: conn.execute(sa.delete(jobs)))

    def turn_job(self, turn_id: str) -> Job:
        return Job("job", RUN, {"turn": turn_id}, 1, 2)

    def job(self, memory_id: str) -> Job:
        return Job("job", memory.UPDATE, {"memory": memory_id}, 1, 1)

    async def backend(self, *_: Any) -> Any:
        return self.model

    async def talk(self, browser: Browser) -> finding.Talk:
        return await self.tools.db.read(finding.find, self.owner, browser.conversation)

    async def held(self, browser: Browser) -> memory.Held | None:
        who = (await self.talk(browser)).visitor_id
        return await self.tools.db.read(memory.seen_by, self.owner, who)


FIVE = ("I am Ana, on the gold plan", "two", "three", "four", "five")
