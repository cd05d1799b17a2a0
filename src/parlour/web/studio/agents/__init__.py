"""Agents in the studio: the list, making one, and the pages of one behind its tabs."""

from parlour.web.studio.agents import (
    chatting,
    documents,
    editing,
    history,
    listing,
    making,
    picturing,
    sharing,
    switching,
    trying,
)

HANDLERS = [
    *listing.HANDLERS,
    *making.HANDLERS,
    *editing.HANDLERS,
    *chatting.HANDLERS,
    *documents.HANDLERS,
    *picturing.HANDLERS,
    *history.HANDLERS,
    *sharing.HANDLERS,
    *switching.HANDLERS,
    *trying.HANDLERS,
]
