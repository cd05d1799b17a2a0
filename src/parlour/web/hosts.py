"""Hosts of workspaces: which one a request came to, and that nothing of others is there."""

import re
from typing import Any, Final
from urllib.parse import urlsplit

from litestar.types import HTTPScope, Scope

from parlour import workspaces
from parlour.kit.errors import NotFound, Unavailable
from parlour.links import address
from parlour.tools import Tools
from parlour.web import peers

TOOLS: Final = "parlour.tools"
"""Where a request's scope holds the tools with which nothing of other workspaces is there."""
ORIGIN: Final = "parlour.origin"
"""Where it holds the origin of the workspace's host, as browsers name it."""
_LABEL: Final = re.compile(r"[a-z0-9-]{1,40}\Z", re.ASCII)
_NOWHERE: Final = "/chat/-/-/-/-"


class Hosts:
    """The hosts of workspaces below `PARLOUR_BASE_DOMAIN`."""

    def __init__(self, tools: Tools) -> None:
        """Take the tools of the process."""
        settings = tools.settings
        self._tools = tools
        self._below = f".{settings.base_domain}"
        self._own = (urlsplit(settings.public_url).hostname or "").lower()
        self._inside: dict[str, tuple[Tools, bytes]] = {}

    async def placed(self, scope: HTTPScope) -> HTTPScope:
        """Return the scope of a request as it is at the host it came to.

        At the host of a workspace everything of others is as if it had never been; at one of no
        workspace, everything is. All other hosts are the instance's own.
        """
        name = self._name(scope)
        if name is None:
            return scope
        found = self._inside.get(name) or await self._find(name)
        told: Any = {**scope}
        if found is None:
            if not scope["path"].startswith("/static/"):
                told["path"] = _NOWHERE
            return told  # type: ignore[no-any-return]  # a scope with one more or another entry
        told[TOOLS], told[ORIGIN] = found
        return told  # type: ignore[no-any-return]

    async def _find(self, name: str) -> tuple[Tools, bytes] | None:
        # Not every database takes every string, and what is tried out has no host.
        if not _LABEL.match(name):
            return None
        try:
            found = await self._tools.db.read(workspaces.find, name)
        except NotFound:
            return None
        except Unavailable:
            # Who asks next finds the same out, and says so; until then there is nothing.
            return self._tools.inside(""), b""
        self._tools.homes.learn(found.id, found.slug)
        origin = address.home(self._tools, found.id).encode()
        made = self._inside[name] = (self._tools.inside(found.id), origin)
        return made

    def _name(self, scope: HTTPScope) -> str | None:
        """Return what stands before the base domain in the host's name; None elsewhere.

        A forwarded host counts only where a trusted proxy says it, and where the request's own is
        none of ours: a proxy that passes the host on may pass on what a stranger wrote, too.
        """
        own = forwarded = b""
        for header, value in scope["headers"]:
            if header == b"host":
                own = value
            elif header == b"x-forwarded-host":
                forwarded = value.rpartition(b",")[2]
        host = _host(own)
        if forwarded and not self._is_ours(host):
            trusted = self._tools.settings.trusted_proxies
            if peers.other_end(scope, trusted).is_trusted:
                host = _host(forwarded)
        if host == self._own or not host.endswith(self._below):
            return None
        return host.removesuffix(self._below)

    def _is_ours(self, host: str) -> bool:
        return host == self._own or host.endswith(self._below)


def tools_of(scope: Scope) -> Tools:
    """Return the tools with which a request is answered at the host it came to."""
    found: Tools = scope.get(TOOLS) or scope["litestar_app"].state.tools  # type: ignore[assignment]
    return found


def _host(header: bytes) -> str:
    """Return the name in a Host header: small, without its port and a dot at its end."""
    name = header.decode("latin-1").strip().lower()
    if name.startswith("["):
        return name
    return name.partition(":")[0].removesuffix(".")
