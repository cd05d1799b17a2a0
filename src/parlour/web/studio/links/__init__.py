"""Links in the studio: the table of all of them, making one, and the page of each."""

from parlour.web.studio.links import listing, making, one, opening, rotating

HANDLERS = [
    *listing.HANDLERS,
    *making.HANDLERS,
    *one.HANDLERS,
    *opening.HANDLERS,
    *rotating.HANDLERS,
]
