"""Agents in the studio: the list, making one, and the pages of one behind its tabs."""

from parlour.web.studio.agents import (
    documents,
    editing,
    history,
    listing,
    making,
    switching,
    trying,
)

HANDLERS = [
    *listing.HANDLERS,
    *making.HANDLERS,
    *editing.HANDLERS,
    *documents.HANDLERS,
    *history.HANDLERS,
    *switching.HANDLERS,
    *trying.HANDLERS,
]
