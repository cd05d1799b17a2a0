"""Management calls: everything an API key opens."""

from parlour.web.api import agents, events, keys, links, people

HANDLERS = [*agents.HANDLERS, *links.HANDLERS, *keys.HANDLERS, *people.HANDLERS, *events.HANDLERS]
