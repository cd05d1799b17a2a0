"""Agents that answer from a folder of documents, with no model, no key and no network."""

from parlour.agents.backends.documents.answering import Documents
from parlour.agents.backends.documents.config import (
    Config,
    accept,
    check,
    prepare,
    server_of,
    shown,
)
from parlour.agents.kinds import Kind
from parlour.agents.library import indexing

__all__ = ["KIND", "Config", "Documents", "server_of"]

KIND = Kind(
    name="documents",
    config=Config,
    accept=accept,
    check=check,
    shown=shown,
    build=lambda config, agent_id, tools: Documents(agent_id, tools, server_of(config, tools)),
    prepare=prepare,
    forget=lambda agent_id, tools: indexing.forget(tools, agent_id),
)
