"""Management calls: everything an API key opens."""

from parlour.web.api import agents, conversations, events, keys, links, people

HANDLERS = [
    *agents.HANDLERS,
    *links.HANDLERS,
    *conversations.HANDLERS,
    *keys.HANDLERS,
    *people.HANDLERS,
    *events.HANDLERS,
]
