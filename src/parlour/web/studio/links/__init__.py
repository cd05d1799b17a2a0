"""Links in the studio: the table of all of them, making one, and the page of each."""

from parlour.web.studio.links import listing, making, one

HANDLERS = [*listing.HANDLERS, *making.HANDLERS, *one.HANDLERS]
