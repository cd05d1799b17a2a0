"""Where the chats of a widget stand: the sites that browsers named, and whether they may there."""

from dataclasses import dataclass

from parlour.kit import origins
from parlour.links import sightings
from parlour.links.sightings import Sighting
from parlour.tools import Tools
from parlour.widgets.model import Widget


@dataclass(frozen=True, slots=True)
class Site:
    """A site whose pages asked for the chat of a link."""

    seen: Sighting
    allowed: bool
    """Whether that link's chat may stand there now."""


async def of_widget(tools: Tools, widget: Widget) -> list[Site]:
    """List where the chats of a widget's links were seen, the last one first."""
    seen = await tools.db.browse(sightings.of_widget, widget.id)
    own = await tools.db.browse(sightings.sites_of, {each.link_id for each in seen})
    return [Site(each, origins.fits(each.origin, _on(own[each.link_id], widget))) for each in seen]


def _on(own: tuple[str, ...] | None, widget: Widget) -> tuple[str, ...]:
    return widget.origins if own is None else own
