r"""Agents answered by a Python callable on this machine, with any framework inside.

    # mybot.py, beside which `parlour serve` is started
    from parlour.agents.contract import Status, Text

    async def answer(text, question):
        yield Status("Thinking it over")
        async for token in my_framework.stream(text, history=question.messages):
            yield token                      # a str is text
        yield Text("\n\nAnything else?")    # and so is Text

    # parlour agent create bot --backend function --target mybot:answer

The target is a function, a coroutine function, a generator, an async generator or an instance with
`__call__`. It is called with the visitor's message, or with the message and the whole
`contract.Question` when it takes two arguments (the second required, or named `question`). It
returns or yields text, parts of `parlour.agents.contract`, or the JSON forms of a webhook agent.

What is not async runs in a thread of its own. When the visitor presses stop, a coroutine is
cancelled, and a generator is closed before its next item; a plain function cannot be stopped, and
its result is dropped.
"""

from parlour.agents.backends.function.config import Config, accept, check, shown
from parlour.agents.backends.function.running import FunctionBackend
from parlour.agents.kinds import Kind, any_attachment

__all__ = ["KIND", "Config", "FunctionBackend"]

KIND = Kind(
    name="function",
    config=Config,
    accept=accept,
    check=check,
    shown=shown,
    attaches=any_attachment,
    build=lambda config, agent_id, tools: FunctionBackend(
        config.target, agent_id, limit=tools.settings.workers
    ),
)
