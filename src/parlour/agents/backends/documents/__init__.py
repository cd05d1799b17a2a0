"""Agents that answer from a folder of documents, with no model, no key and no network."""

from parlour.agents.backends.documents.answering import Documents
from parlour.agents.backends.documents.config import Config, accept, check, shown
from parlour.agents.kinds import Kind

__all__ = ["KIND", "Config", "Documents"]

KIND = Kind(
    name="documents",
    config=Config,
    accept=accept,
    check=check,
    shown=shown,
    build=lambda _config, agent_id, tools: Documents(agent_id, tools),
)
