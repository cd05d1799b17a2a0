"""Programs that manage an instance over HTTP, each with a key of its own."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from parlour import rights, staff, workspaces
from parlour.agents import keeping
from parlour.agents.model import Agent
from parlour.kit.tokens import new_id
from parlour.rights import Role, Who
from tests.rig.keeper import Keeper


@dataclass(frozen=True, slots=True)
class Told:
    """What the server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The stable code of a problem document."""
        assert self.headers["Content-Type"] == "application/problem+json", self.body
        return str(self.json["code"])

    @property
    def fields(self) -> list[str]:
        return [each["field"] for each in self.json.get("errors", [])]


@dataclass(frozen=True, slots=True)
class Api:
    """Somebody who calls the management interface with one key."""

    http: aiohttp.ClientSession
    url: str
    key: str

    async def call(
        self,
        method: str,
        path: str,
        json: Any = None,
        **headers: str,
    ) -> Told:
        """Call; header names are written with `_` for `-`. Bytes are sent as they are."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.key:
            given.setdefault("Authorization", f"Bearer {self.key}")
        body = None
        if isinstance(json, bytes):
            body, json = io.BytesIO(json), None
            given.setdefault("Content-Type", "application/json")
        async with self.http.request(
            method, self.url + path, json=json, data=body, headers=given
        ) as response:
            return Told(response.status, response.headers, await response.read())

    async def get(self, path: str, **headers: str) -> Told:
        return await self.call("GET", path, **headers)

    async def post(self, path: str, json: Any = None, **headers: str) -> Told:
        return await self.call("POST", path, json, **headers)

    async def put(self, path: str, json: Any, **headers: str) -> Told:
        return await self.call("PUT", path, json, **headers)

    async def delete(self, path: str, **headers: str) -> Told:
        return await self.call("DELETE", path, **headers)


@dataclass
class Office:
    """A workspace of the test's own on the standing server, and programs that act in it."""

    keeper: Keeper
    http: aiohttp.ClientSession
    who: Who
    secrets: list[str] = field(default_factory=list)

    async def api(self, role: Role = Role.OWNER, agent_id: str | None = None) -> Api:
        """Somebody new with a key of that role."""
        made = await staff.create_key(self.keeper.tools, self.who, role.value, role, agent_id)
        self.secrets.append(made.secret)
        return Api(self.http, self.keeper.url, made.secret)

    async def agent(self, backend: str, config: dict[str, Any], name: str = "handbook") -> Agent:
        """Make an agent as somebody at the command line does, who may name any folder."""
        wish = keeping.Wish(name, backend, config)
        tools = self.keeper.tools
        return (await keeping.create(tools, self.who, wish, trusted=True, publish=True)).agent

    def stranger(self, key: str = "") -> Api:
        return Api(self.http, self.keeper.url, key)


async def office_of(keeper: Keeper, http: aiohttp.ClientSession) -> Office:
    """Open a workspace."""
    slug = f"w{new_id('x')[2:].lower()}"
    made = await workspaces.create(keeper.tools, slug)
    return Office(keeper, http, rights.host(made.id))


MODEL = {"base_url": "http://127.0.0.1:8099/v1", "model": "fake"}


async def new_agent(api: Api, name: str = "helper", **more: Any) -> Any:
    """Make an agent over HTTP."""
    wish = {"name": name, "backend": "openai", "config": MODEL, **more}
    made = await api.post("/api/agents", wish)
    assert made.status == 201, made.body
    return made.json
