"""Agents that answer from documents, in a folder or uploaded: no model, no key, no network."""

from parlour.agents.backends.documents.answering import Documents
from parlour.agents.backends.documents.config import (
    Config,
    accept,
    check,
    lacking,
    mirrored,
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
    build=lambda config, agent_id, tools: Documents(
        config.read_from or agent_id, tools, server_of(config, tools)
    ),
    files=lambda config: [each.file for each in config.uploads],
    lacking=lacking,
    mirrored=mirrored,
    library=lambda config, agent_id: config.read_from or agent_id,
    secrets=lambda config: (
        {"embeddings_api_key": config.embeddings_key_at} if config.embeddings_key_sealed else {}
    ),
    prepare=prepare,
    forget=lambda agent_id, tools: indexing.forget(tools, agent_id),
)
