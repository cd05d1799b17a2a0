"""Privacy in the studio: what else is personal, who may see it for a reason, and trying that."""

from typing import Annotated, Any, Final

import msgspec
from litestar import Response, get, post

from parlour import privacy
from parlour.kit import masking
from parlour.kit.errors import Invalid, Stale
from parlour.privacy import MOST_PATTERNS, Reveal, rules
from parlour.rights import Permission
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web.gates import Asked, person
from parlour.web.studio import shell
from parlour.web.studio.agents.forms import FORM
from parlour.web.studio.shell import NOTHING, Filled

_PATH: Final = "/studio/privacy"
_SEE: Final = {"gate": person(Permission.PRIVACY_SEE)}
_MANAGE: Final = {"gate": person(Permission.PRIVACY_MANAGE)}
_SAMPLE: Final = 4_000
"""Characters of a text to try that are looked at."""

REVEALS: Final = (
    (Reveal.NOBODY.value, "Nobody", "Hidden is hidden. Who needs more is given the right to it."),
    (Reveal.LEADS.value, "Leads", "Owners, builders and team leads."),
    (
        Reveal.ANSWERING.value,
        "Everybody who answers",
        "Operators, too: who is to call a visitor back needs the number.",
    ),
)
"""Who may see hidden details for a reason: value, words, and a sentence."""


class PrivacyForm(msgspec.Struct, frozen=True):
    """The form; `seen` says which state was on the page, `act` whether it is only tried."""

    patterns: str = ""
    reveal: str = Reveal.LEADS.value
    sample: str = ""
    seen: str = ""
    act: str = ""

    def typed(self) -> dict[str, str]:
        """Return what was typed, to stand in the form again."""
        return {
            "patterns": self.patterns[:_SAMPLE],
            "reveal": self.reveal[:20],
            "sample": self.sample[:_SAMPLE],
        }


@get(_PATH, opt=_SEE)
async def settings(request: Asked, tools: Tools, seat: Seat) -> Response[Any]:
    """Show what is personal here, and who may see it for a reason."""
    return await _page(request, tools, seat)


@post(_PATH, opt=_MANAGE)
async def change(
    request: Asked, tools: Tools, seat: Seat, data: Annotated[PrivacyForm, FORM]
) -> Response[Any]:
    """Change it, unless somebody else did so meanwhile; or only try the patterns on a text."""
    try:
        patterns = rules.patterns_of(data.patterns.splitlines())
        if data.act == "try":
            tried = masking.mask(data.sample[:_SAMPLE], masking.patterns(patterns))
            return await _page(request, tools, seat, Filled(data.typed()), tried=tried)
        await privacy.change(
            tools,
            seat.who,
            patterns=patterns,
            reveal=privacy.reveal_of(data.reveal),
            seen=shell.seen(data.seen),
        )
    except Stale as problem:
        trouble = f"{problem.detail.partition(';')[0]}. What you chose is kept below."
        form = Filled(data.typed(), {}, trouble, problem.status)
        return await _page(request, tools, seat, form)
    except Invalid as problem:
        return await _page(request, tools, seat, Filled.after(problem, data.typed()))
    return shell.go(_PATH, "saved")


async def _page(
    request: Asked, tools: Tools, seat: Seat, form: Filled = NOTHING, *, tried: str | None = None
) -> Response[Any]:
    return shell.inside(
        request,
        seat,
        "studio/privacy.html",
        "privacy",
        status=form.status,
        form=form,
        kept=await tools.db.read(privacy.find, seat.person.workspace_id),
        reveals=REVEALS,
        most=MOST_PATTERNS,
        tried=tried,
    )


HANDLERS = [settings, change]
