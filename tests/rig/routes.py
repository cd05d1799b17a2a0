"""The table of routes, as the site itself has it."""

import re
import warnings
from dataclasses import dataclass
from functools import cache

from litestar.routes import HTTPRoute

from parlour.config import Settings
from parlour.rights import Permission
from parlour.web import whole
from parlour.web.gates import Gate


@dataclass(frozen=True, slots=True)
class Route:
    """One call: how, where, and who may pass."""

    method: str
    path: str
    gate: Gate

    @property
    def kind(self) -> str:
        """`person`, `key`, or the name of a gate that asks for neither."""
        return self.gate.name.split(" ", maxsplit=1)[0]

    @property
    def permission(self) -> Permission | None:
        return self.gate.permission

    @property
    def changes(self) -> bool:
        return self.method != "GET"

    def at(self, **values: str) -> str:
        """The path with these values; whatever is not given is `nothing`, or 1 for a number."""
        return re.sub(
            r"\{(\w+)\}",
            lambda found: values.get(found[1], "1" if found[1] in {"n", "number"} else "nothing"),
            self.path,
        )

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@cache
def every_route() -> tuple[Route, ...]:
    """Every call that the site answers, those that the framework adds left out."""
    with warnings.catch_warnings():
        # The program itself does not hear what the framework plans for its next version.
        warnings.simplefilter("ignore")
        app = whole.routed(Settings().max_body_bytes)
    return tuple(
        Route(method, route.path_format, handler.opt["gate"])
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if "gate" in handler.opt
        for method in sorted(handler.http_methods - {"OPTIONS"})
    )
