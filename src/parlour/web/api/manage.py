"""Management calls: everything an API key opens."""

from parlour.web.api import agents, documents, drafts, events, keys, links, people

HANDLERS = [
    *agents.HANDLERS,
    *documents.HANDLERS,
    *drafts.HANDLERS,
    *links.HANDLERS,
    *keys.HANDLERS,
    *people.HANDLERS,
    *events.HANDLERS,
]
