"""The widgets of a workspace as cards, by agent."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from litestar import Response, get
from litestar.params import QueryParameter

from parlour.agents import store as agents
from parlour.agents.model import Agent
from parlour.links import store as links
from parlour.rights import Permission
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web import inks
from parlour.web.gates import Asked, person
from parlour.web.studio import shell
from parlour.widgets import store
from parlour.widgets.model import FIRST_NAME, Widget

LIST: Final = "/studio/widgets"
_AT_ONCE: Final = 24

Text = Annotated[str, QueryParameter(max_length=200)]
Word = Annotated[str, QueryParameter(max_length=20)]
Number = Annotated[int, QueryParameter(ge=1, le=100_000)]


@dataclass(frozen=True, slots=True)
class Card:
    """A widget, and what became of its links."""

    widget: Widget
    agent: Agent
    links: int = 0
    uses: int = 0

    @property
    def path(self) -> str:
        """Where the widget's own page is."""
        return f"{LIST}/{self.agent.name}/{self.widget.id}"

    @property
    def names(self) -> tuple[str, str]:
        """What stands on the card, and below it: what tells it from the other cards goes first."""
        agent = self.agent.draft.display_name
        if self.widget.is_first and self.widget.name == FIRST_NAME:
            return agent, FIRST_NAME
        return self.widget.name, agent

    @property
    def title(self) -> str:
        """The agent's name as visitors read it here."""
        return self.widget.title or self.agent.draft.display_name

    @property
    def picture(self) -> str:
        """The digest of the picture that visitors see here; empty for a letter."""
        return self.widget.logo or self.agent.draft.avatar

    @property
    def accent(self) -> str:
        """The colour that visitors see here; empty for the house's."""
        return self.widget.accent or self.agent.draft.accent

    @property
    def state(self) -> str:
        """`live`, `offline`, or `draft` before the first publishing of its agent."""
        if self.agent.published is None:
            return "draft"
        return "live" if self.agent.live else "offline"

    def fits(self, text: str, show: str) -> bool:
        """Whether it has this in a name, and is of the sort that is shown."""
        if show in {"live", "offline"} and (self.state == "live") != (show == "live"):
            return False
        names = (self.widget.name, self.title, self.agent.name, self.agent.draft.display_name)
        return any(text in name.lower() for name in names)


@get(LIST, opt={"gate": person(Permission.LINKS_SEE)})
async def widgets(
    request: Asked,
    tools: Tools,
    seat: Seat,
    q: Text = "",
    show: Word = "",
    page: Number = 1,
) -> Response[Any]:
    """Show the widgets of all agents."""
    every = await _every(tools, seat)
    fitting = [card for card in every if card.fits(q.strip().lower(), show)]
    start = (page - 1) * _AT_ONCE
    shown = fitting[start : start + _AT_ONCE]
    live = sum(card.state == "live" for card in every)
    kept = {"q": q, "show": show}
    return shell.inside(
        request,
        seat,
        "studio/widgets.html",
        "widgets",
        cards=shown,
        counts={"": len(every), "live": live, "offline": len(every) - live},
        q=q,
        show=show,
        found=len(fitting),
        start=start,
        before=_path(**kept, page=page - 1) if page > 1 else "",
        after=_path(**kept, page=page + 1) if len(fitting) > start + _AT_ONCE else "",
        inks=ink_sheet(shown),
        manages=seat.who.may(Permission.LINKS_MANAGE),
    )


def ink_sheet(found: Iterable[Card]) -> str:
    """Return where the inks of these widgets are; empty when none has one."""
    return inks.address({each.accent for each in found if each.accent})


async def _every(tools: Tools, seat: Seat) -> list[Card]:
    workspace = seat.person.workspace_id
    known = await tools.db.browse(agents.every, workspace)
    found = await tools.db.browse(store.of_agents, workspace, [each.id for each in known])
    counted = await tools.db.browse(links.count_of_widgets, workspace)
    return [
        Card(widget, agent, *counted.get(widget.id, (0, 0)))
        for agent in known
        for widget in found[agent.id]
    ]


def _path(**words: Any) -> str:
    query = urlencode({name: each for name, each in words.items() if each})
    return f"{LIST}?{query}" if query else LIST


HANDLERS = [widgets]
