"""A visitor's own drawer, as pages: what is kept of them, to take along, to end, to delete."""

from collections.abc import Mapping
from typing import Any, Final, Literal

from litestar import Response, get, post

from parlour import forgetting
from parlour.entrance import Door, devices, look, owned
from parlour.entrance.crossing import leave, may_cross
from parlour.kit.errors import Problem
from parlour.tools import Tools
from parlour.web import keepsake, sessions
from parlour.web.counting import spared
from parlour.web.gates import LINK, Asked
from parlour.web.visit import aside

PATHS: Final = ["/chat/{token:str}/yours", "/public/chat/{token:str}/yours"]

Form = Literal["json", "html"]


def below(name: str) -> list[str]:
    """Return the paths of a page below the drawer's."""
    return [f"{path}/{name}" for path in PATHS]


@get(PATHS, opt={"gate": LINK})
async def yours_page(request: Asked, tools: Tools, token: str) -> Response[Any]:
    """Show what is kept of this visitor, and until when; of strangers, that nothing is."""
    await spared(request, tools, "transcripts")
    return await _shown(request, tools, await _door(request, tools, token))


@get(below("data.json"), opt={"gate": LINK})
async def data_json(request: Asked, tools: Tools, token: str) -> Response[Any]:
    """Give the visitor everything that is kept of them, as JSON."""
    return await _file(request, tools, token, "json")


@get(below("data.html"), opt={"gate": LINK})
async def data_page(request: Asked, tools: Tools, token: str) -> Response[Any]:
    """Give the visitor everything that is kept of them, as a page to keep and to read."""
    return await _file(request, tools, token, "html")


@get(below("delete"), opt={"gate": LINK})
async def ask_delete(request: Asked, tools: Tools, token: str) -> Response[Any]:
    """Show what would be deleted, and ask whether it shall be."""
    await spared(request, tools, "transcripts")
    door = await _door(request, tools, token)
    if door.visitor_id is None:
        return await _shown(request, tools, door)
    who = keepsake.visitor_of(door)
    going = await tools.db.browse(forgetting.of_visitor, who, who.id)
    found = {
        "conversations": len(going.conversations),
        "messages": going.messages,
        "shares": going.shares,
        "notes": going.notes,
        "memories": going.memories,
        "sessions": going.sessions,
        "proofs_of_identity": int(going.is_known),
    }
    return page(request, door, "yours-delete", found=keepsake.shown(found))


@post(below("delete"), opt={"gate": LINK})
async def delete_all(request: Asked, tools: Tools, token: str) -> Response[Any]:
    """Erase the visitor with everything, at once, and show the receipt."""
    await spared(request, tools, "erasures")
    door = await _door(request, tools, token)
    if door.visitor_id is None:
        return await _shown(request, tools, door)
    who = keepsake.visitor_of(door)
    gone = await forgetting.forget_visitor(tools, who, who.id)
    receipt = gone.receipt
    found: Mapping[str, int] = {} if receipt is None else receipt.deleted
    answer = page(request, door, "yours-deleted", receipt=receipt, found=keepsake.shown(found))
    return _unknown(request, tools, token, answer)


@post(below("leave"), opt={"gate": LINK})
async def forget_here(request: Asked, tools: Tools, token: str) -> Response[Any]:
    """End the session of this browser, here and on the server; what was said stays."""
    door = await _door(request, tools, token)
    left = await leave(tools, door)
    answer = await _shown(request, tools, await look(tools, token, None), left=left)
    return _unknown(request, tools, token, answer)


@post(below("end"), opt={"gate": LINK})
async def end_other(request: Asked, tools: Tools, token: str) -> Response[Any]:
    """End what a confirmed visitor has in another browser."""
    door = await _door(request, tools, token)
    if door.visitor_id is not None:
        who = keepsake.visitor_of(door)
        device_id = str((await request.form()).get("device", ""))[:60]
        await devices.end(
            tools, who, who.id, device_id, agent_id=door.agent_id, link_id=door.link_id
        )
    return await _shown(request, tools, await _door(request, tools, token))


async def _door(request: Asked, tools: Tools, token: str) -> Door:
    session = sessions.from_cookie(request.scope, tools.keys, token, tools.settings)
    return await owned(tools, token, session)


async def _file(request: Asked, tools: Tools, token: str, form: Form) -> Response[Any]:
    await spared(request, tools, "transcripts")
    door = await _door(request, tools, token)
    kept, words = await keepsake.kept_of(tools, door, said=True), aside.words_of(request, door)
    if form == "json":
        body, media = keepsake.as_json(kept, door.agent_name), "application/json; charset=utf-8"
    else:
        body = keepsake.as_page(kept, door.agent_name, words)
        media = "text/html; charset=utf-8"
    headers = {
        "Content-Disposition": f'attachment; filename="chat-data.{form}"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return Response(body, media_type=media, headers=headers)


async def _shown(request: Asked, tools: Tools, door: Door, *, left: bool = False) -> Response[Any]:
    kept = None if door.visitor_id is None else await keepsake.kept_of(tools, door)
    proved = door.proof is not None
    crosses = may_cross(door) and door.refused() is None
    return page(request, door, "yours", kept=kept, left=left, proved=proved, crosses=crosses)


def page(
    request: Asked, door: Door, name: str, problem: Problem | None = None, **more: Any
) -> Response[Any]:
    """Show a page of the drawer; as `aside.page`."""
    words = aside.words_of(request, door)
    where = aside.action_of(request, "yours")
    path, mark, kept = where.partition("?")
    return aside.page(
        request,
        door,
        name,
        problem,
        y=words.yours,
        counted=words.count,
        number=words.number,
        token=request.path_params["token"],
        yours=path,
        asked=mark + kept,
        **more,
    )


def _unknown(request: Asked, tools: Tools, token: str, answer: Response[Any]) -> Response[Any]:
    """Let the browser forget the session, too."""
    answer.set_cookie(sessions.over(request.scope, tools, token))
    return answer


HANDLERS: Final = [
    *(yours_page, data_json, data_page),
    *(ask_delete, delete_all, forget_here, end_other),
]
