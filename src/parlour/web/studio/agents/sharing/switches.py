"""What is switched on or off for visitors: asking for a person, being remembered, speaking."""

from typing import Annotated, Any

import msgspec
from litestar import Response, post

from parlour.agents import sharing
from parlour.kit.errors import Stale
from parlour.rights import Permission
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web.gates import Asked, person
from parlour.web.studio import shell
from parlour.web.studio.agents import frame
from parlour.web.studio.agents.forms import FORM
from parlour.web.studio.agents.sharing import page
from parlour.web.studio.telling import Told

_MAY = {"gate": person(Permission.LINKS_MANAGE)}


class PersonForm(msgspec.Struct, frozen=True):
    """Whether visitors may ask for a person."""

    asks_person: str = ""
    seen: str = ""


class MemoryForm(msgspec.Struct, frozen=True):
    """Whether the agent remembers visitors."""

    memory: str = ""
    seen: str = ""


class VoiceForm(msgspec.Struct, frozen=True):
    """Whether visitors may speak."""

    voice: str = ""
    seen: str = ""


@post(page.OWN + "/person", opt=_MAY)
async def change_asking(
    request: Asked, tools: Tools, seat: Seat, name: str, data: Annotated[PersonForm, FORM]
) -> Response[Any]:
    """Say whether visitors may ask for a person; it is in force at once."""
    asks = bool(data.asks_person)
    said = "Visitors can ask for a person." if asks else "Visitors cannot ask for a person."
    wanted = {"asks_person": asks}
    return await _switch(request, tools, seat, name, wanted, of="person", seen=data.seen, said=said)


@post(page.OWN + "/memory", opt=_MAY)
async def change_memory(
    request: Asked, tools: Tools, seat: Seat, name: str, data: Annotated[MemoryForm, FORM]
) -> Response[Any]:
    """Say whether the agent remembers visitors; it is in force at once."""
    remembers = bool(data.memory)
    said = "Confirmed visitors are remembered." if remembers else "Nobody is remembered."
    wanted = {"memory": remembers}
    return await _switch(request, tools, seat, name, wanted, of="memory", seen=data.seen, said=said)


@post(page.OWN + "/voice", opt=_MAY)
async def change_voice(
    request: Asked, tools: Tools, seat: Seat, name: str, data: Annotated[VoiceForm, FORM]
) -> Response[Any]:
    """Say whether visitors may speak into the message box; it is in force at once."""
    speaks = bool(data.voice)
    said = "Visitors can speak their messages." if speaks else "Visitors type their messages."
    wanted = {"voice": speaks}
    return await _switch(request, tools, seat, name, wanted, of="voice", seen=data.seen, said=said)


async def _switch(
    request: Asked,
    tools: Tools,
    seat: Seat,
    name: str,
    wanted: dict[str, bool],
    *,
    of: str,
    seen: str,
    said: str,
) -> Response[Any]:
    """Switch, and say so; who looked at an older state is shown what it is now, and asked again."""
    agent = await frame.find(tools, seat, name)
    try:
        agent, _ = await sharing.change(tools, seat.who, agent, wanted, shell.seen(seen))
    except Stale as problem:
        agent = await frame.find(tools, seat, name)
        form = page.after(problem, {field: "1" if on else "0" for field, on in wanted.items()})
        return await page.show(request, tools, seat, agent, form, of=of)
    return shell.tell(request, seat, page.path_of(agent), Told(said))


HANDLERS = [change_asking, change_memory, change_voice]
