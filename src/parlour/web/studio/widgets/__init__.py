"""Widgets in the studio: the cards, how each looks, and Share Chat Link."""

from parlour.web.studio.widgets import cards, editing, placing, sharing

HANDLERS = [*cards.HANDLERS, *editing.HANDLERS, *placing.HANDLERS, *sharing.HANDLERS]
