"""Agents answered by any server that speaks the OpenAI chat completions protocol."""

from parlour.agents.backends.openai.client import OpenAI
from parlour.agents.backends.openai.config import Config, accept, check, secrets, shown
from parlour.agents.kinds import Kind

__all__ = ["KIND", "Config", "OpenAI"]

KIND = Kind(
    name="openai",
    config=Config,
    accept=accept,
    check=check,
    shown=shown,
    secrets=secrets,
    attaches=lambda config: frozenset({"text", "image"} if config.images else {"text"}),
    build=lambda config, _agent_id, tools: OpenAI(config, tools),
)
