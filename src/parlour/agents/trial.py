"""Asking a backend one question before it is kept, to see that it answers, and what is wrong."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from parlour.agents import keeping
from parlour.agents.contract import BackendFailure, Enough, Part, Question, Said, Text, Usage
from parlour.agents.model import Agent
from parlour.agents.pouring import pour
from parlour.kit.tokens import new_id
from parlour.tools import Tools

ASKED: Final = "Say hello in one short sentence."
_SECONDS: Final = 20.0
_SHOWN: Final = 400


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of asking."""

    answered: bool
    text: str
    """What it said, cut to a few hundred characters."""
    problem: str
    """What is wrong, for the owner; empty when it answered."""
    code: str
    """The failure's code; empty when it answered."""
    first_ms: int | None
    """Milliseconds to the first word."""
    total_ms: int
    tokens: int | None


async def ask(
    tools: Tools,
    backend: str,
    config: Mapping[str, Any],
    agent: Agent | None = None,
    *,
    trusted: bool,
) -> Tried:
    """Ask a backend that is set up like this; secrets left out are those of the agent's draft.

    Nothing is kept. Invalid: the config does not fit.
    """
    kind = keeping.kind_of(backend)
    kept = agent is not None and agent.draft.backend == backend
    previous = kind.load(agent.draft.config) if kept and agent is not None else None
    accepted = kind.accept(config, previous, tools, trusted=trusted)
    await kind.check(accepted, tools, trusted=trusted)
    agent_id = "agt_trial" if agent is None else agent.id
    question = Question((Said("visitor", ASKED),), agent_id, "cnv_trial", new_id("trn"))
    heard = _Heard()
    try:
        async with asyncio.timeout(_SECONDS):
            await pour(kind.build(accepted, agent_id, tools), question, heard.take)
    except TimeoutError:
        return heard.told("timeout", f"nothing came to an end within {_SECONDS:.0f} seconds")
    except BackendFailure as failure:
        return heard.told(failure.code, str(failure))
    except Exception as error:  # noqa: BLE001 - a function of the owner's own may raise anything
        return heard.told("refused", f"{type(error).__name__}: {error}")
    return heard.told("", "") if heard.text.strip() else heard.told("bad_answer", "it said nothing")


async def ask_draft(
    tools: Tools, agent: Agent, config: Mapping[str, Any] | None = None, *, trusted: bool = False
) -> Tried:
    """Ask an agent's backend as its draft, or a config that somebody is writing, sets it up."""
    given = keeping.shown_config(agent.draft) if config is None else config
    return await ask(tools, agent.draft.backend, given, agent, trusted=trusted)


class _Heard:
    """What came so far, and when."""

    def __init__(self) -> None:
        self._now = asyncio.get_running_loop().time
        self._began = self._now()
        self._first: float | None = None
        self._tokens: int | None = None
        self.text = ""

    def take(self, part: Part) -> None:
        """Take in a part of the answer. Enough: as much has come as is shown."""
        if isinstance(part, Text) and part.text:
            self._first = self._first or self._now()
            self.text += part.text
        elif isinstance(part, Usage):
            self._tokens = part.input_tokens + part.output_tokens
        if len(self.text) > _SHOWN:
            raise Enough

    def told(self, code: str, problem: str) -> Tried:
        """Say what came of it."""
        now = self._now()
        first = None if self._first is None else round((self._first - self._began) * 1000)
        total = round((now - self._began) * 1000)
        text = self.text[:_SHOWN].strip()
        return Tried(not code, text, problem[:_SHOWN], code, first, total, self._tokens)
