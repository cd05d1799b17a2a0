"""Management calls: everything an API key opens."""

from parlour.web.api import (
    agents,
    all_links,
    conversations,
    documents,
    drafts,
    events,
    keys,
    links,
    people,
    widgets,
)

HANDLERS = [
    *agents.HANDLERS,
    *documents.HANDLERS,
    *drafts.HANDLERS,
    *links.HANDLERS,
    *conversations.HANDLERS,
    *all_links.HANDLERS,
    *widgets.HANDLERS,
    *keys.HANDLERS,
    *people.HANDLERS,
    *events.HANDLERS,
]
