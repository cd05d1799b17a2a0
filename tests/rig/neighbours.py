"""Two workspaces on one server, each full of things, and ids of one asked for by the other."""

import re
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa

from parlour import staff
from parlour.attachments import store as attachments
from parlour.attachments.store import Held
from parlour.kit.tokens import new_id
from parlour.rights import Role
from parlour.staff import tables
from parlour.widgets.model import first_id
from tests.rig.egress import Scene, Somebody, joined, scene_of
from tests.rig.managing import MODEL, Api, Office
from tests.rig.model import FakeModel
from tests.rig.routes import Route
from tests.rig.server import Server

PLAIN: Final = {
    "mode": "view",
    "duration": "1",
    "number": "1",
    "n": "1",
    "act": "live",
    "rest": "x",
}
"""What stands in paths and is nobody's."""


@dataclass
class House:
    """A workspace, its owner in a browser and by a key, and an id of every kind of thing."""

    scene: Scene
    owner: Somebody
    api: Api
    ids: dict[str, str] = field(default_factory=dict)


async def furnished(office: Office, house: Server, model: FakeModel) -> House:
    """Fill a workspace with one of everything that has an id."""
    scene = await scene_of(office, house, model)
    owner = await joined(scene, "Olga", Role.OWNER, sees=True)
    made = House(scene, owner, Api(office.http, house.url, owner.key))
    api, talk, agent = made.api, f"/api/conversations/{scene.talk}", scene.agent

    async def new(path: str, body: dict[str, Any], status: int = 201) -> Any:
        told = await api.post(path, body)
        assert told.status == status, (path, told.body)
        return told.json

    share = await new(f"{talk}/shares", {"mode": "view", "hours": 1})
    hook = {"name": "Hook", "url": "http://127.0.0.1:8099/hook", "events": ["link.created"]}
    tools, who = office.keeper.tools, office.who
    key = await staff.create_key(tools, who, "Other", Role.OPERATOR)
    house.keep_secret(key.secret)
    made.ids = {
        **{name: scene.values[name] for name in ("conversation_id", "visitor_id", "message_id")},
        **{name: scene.values[name] for name in ("link_id", "note_id", "person_id")},
        # Of a name that only this workspace has; the others' agents are called alike.
        "name": (await office.agent("openai", MODEL, new_id("x")[2:].lower())).name,
        "user_id": scene.talk,
        "widget_id": first_id(agent.id),
        "share_id": share["id"],
        "webhook_id": (await new("/api/webhooks", hook))["id"],
        "team_id": (await new("/api/teams", {"name": "Desk"}))["id"],
        "reply_id": (await new("/api/canned-replies", {"shortcut": "hi", "text": "Hello"}))["id"],
        "view_id": (await new("/api/messages/views", {"name": "Mine", "query": "q=tea"}))["id"],
        "key_id": key.key.id,
        "invitation_id": (await new("/api/people", {"email": mail(), "role": "analyst"}))["id"],
        "receipt_id": (await erased(made))["id"],
        "file_id": await kept(made, office),
    }
    columns = tables.staff_sessions.c
    found = await tools.db.read(
        lambda conn: conn.execute(tables.staff_sessions.select()).mappings().all()
    )
    theirs = [each[columns.id.name] for each in found if each["person_id"] == made.ids["person_id"]]
    made.ids["session_id"] = theirs[0]
    # Nothing in these workspaces has such a thing; ids are as good as theirs would be.
    made.ids |= {"device_id": new_id("dev"), "delivery_id": new_id("dlv")}
    return made


async def kept(made: House, office: Office) -> str:
    """Have a file stand in the conversation, as if its visitor had sent it; its id."""
    held, now = (
        Held(new_id("att"), "text", "text/plain", "notes.txt", 0),
        office.keeper.tools.clock.now(),
    )

    def unit(conn: sa.Connection) -> None:
        attachments.begin(conn, held, made.scene.values["link_id"], now)
        attachments.add(conn, held.id, 0, [b"tea"], now)
        attachments.finish(conn, held.id, 3, now)
        attachments.send(conn, [held.id], made.scene.talk)

    await office.keeper.tools.db.write(unit)
    got = await made.api.get(f"/api/conversations/{made.scene.talk}/files/{held.id}")
    assert got.status == 200, got.body
    return held.id


async def erased(made: House) -> Any:
    """Forget a conversation; what is told of it."""
    listed = (await made.api.get("/api/conversations")).json["items"]
    other = next(each["id"] for each in listed if each["id"] != made.scene.talk)
    told = await made.api.delete(f"/api/conversations/{other}")
    assert told.status == 200, told.body
    return (await made.api.get("/api/receipts")).json["items"][0]


def mail() -> str:
    return f"{new_id('x')[2:].lower()}@team.example"


def never(ids: dict[str, str]) -> dict[str, str]:
    """Ids of the same form that nothing has."""
    return {
        name: new_id(value.partition("_")[0]) if re.match(r"[a-z]{3}_\w{22}\Z", value) else
        value[:-6] + "zzzzz9"
        for name, value in ids.items()
    }  # fmt: skip


def params(route: Route) -> list[str]:
    """The names of what stands in a route's path and is somebody's."""
    return [each for each in re.findall(r"\{(\w+)\}", route.path) if each not in PLAIN]
