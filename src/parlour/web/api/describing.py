"""The OpenAPI document: what the framework writes, made true: gates, problems, names, tags."""

import ast
import inspect
import itertools
import json
import re
from functools import lru_cache
from typing import Any, Final

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.routes import HTTPRoute

from parlour import __version__
from parlour.web import chronicle
from parlour.web.api import (
    address_shapes,
    agents,
    all_links,
    answers,
    asking,
    canned,
    completing,
    contact,
    conversations,
    devices,
    documents,
    draft_shapes,
    drafts,
    embedding,
    events,
    files,
    handoff_shapes,
    handoffs,
    holds,
    identity,
    ids,
    internal_notes,
    keys,
    links,
    mails,
    messages,
    metrics,
    notes,
    own,
    people,
    privacy,
    private_links,
    public,
    rating_shapes,
    receipts,
    remembered,
    retention,
    rotating,
    saying,
    shapes,
    shares,
    sharing,
    sharing_shapes,
    team_shapes,
    teams,
    verify,
    visitors,
    webhook_shapes,
    webhooks,
    widgets,
)
from parlour.web.gates import LINK, OPEN, SELF, Gate
from parlour.web.problems import MEDIA

Document = dict[str, Any]
Handlers = tuple[HTTPRouteHandler, ...]

_TAGS: Final = (
    ("Visitors", "Chatting through a link. Whoever has the link may; there is no account."),
    ("Agents", "What answers behind links: make, publish, switch on and off."),
    ("Links", "Doors to an agent. The address of a link goes only to who may manage links."),
    (
        "Conversations",
        "What was said. Personal details are told to who may see them; see `masked`.",
    ),
    ("Notes", "What visitors left for the team at links that were shut."),
    ("Widgets", "How an agent looks to whoever comes by a widget's links."),
    ("Keys", "API keys, by which programs act. A key is shown once."),
    ("People", "Who signs in to the studio, and who is invited to."),
    ("Privacy", "What is held for personal, and seeing it for a while with a reason."),
    ("Teams", "Who looks after which agents, and so sees what is said with them."),
    ("Numbers", "How much of everything there was, and a line for each session."),
    ("Webhooks", "Programs that are told, signed, of what happens."),
    ("History", "Who did what, when, and to what."),
    ("Service", "Whether the server is alive and ready, and what it offers."),
)
_MODULES: Final = {
    "public": "Visitors",
    "contact": "Visitors",
    "files": "Visitors",
    "embedding": "Visitors",
    "answers": "Visitors",
    "own": "Visitors",
    "verify": "Visitors",
    "identity": "Links",
    "agents": "Agents",
    "documents": "Agents",
    "drafts": "Agents",
    "sharing": "Agents",
    "links": "Links",
    "private_links": "Links",
    "rotating": "Links",
    "conversations": "Conversations",
    "holds": "Conversations",
    "handoffs": "Conversations",
    "completing": "Conversations",
    "internal_notes": "Conversations",
    "canned": "Conversations",
    "devices": "Conversations",
    "downloads": "Conversations",
    "visitors": "Conversations",
    "receipts": "Conversations",
    "remembered": "Conversations",
    "shares": "Conversations",
    "all_links": "Links",
    "notes": "Notes",
    "widgets": "Widgets",
    "keys": "Keys",
    "people": "People",
    "mails": "People",
    "privacy": "Privacy",
    "retention": "Privacy",
    "teams": "Teams",
    "messages": "Numbers",
    "metrics": "Numbers",
    "webhooks": "Webhooks",
    "events": "History",
    "service": "Service",
    "interface": "Service",
}
_DESCRIBED: Final = (
    shapes,
    agents,
    documents,
    draft_shapes,
    drafts,
    embedding,
    sharing_shapes,
    sharing,
    address_shapes,
    links,
    private_links,
    rotating,
    all_links,
    conversations,
    rating_shapes,
    handoff_shapes,
    handoffs,
    holds,
    completing,
    internal_notes,
    canned,
    devices,
    visitors,
    receipts,
    remembered,
    own,
    messages,
    metrics,
    notes,
    shares,
    widgets,
    keys,
    people,
    mails,
    privacy,
    retention,
    team_shapes,
    teams,
    webhook_shapes,
    webhooks,
    chronicle,
    events,
    public,
    files,
    answers,
    contact,
    verify,
    identity,
    saying,
    asking,
)
_SHUT: Final = {
    403: "The link is switched off, or the agent is not published.",
    404: "There is no such link, or no such session on it.",
    410: "The link has ended.",
    429: "Too many requests; `Retry-After` says when to try again.",
    503: "The agent is away, or a part of the server is.",
}
"""How a visitor's call may be refused at the door."""

_PROBLEM: Final[Document] = {
    "title": "Problem",
    "description": "A refusal or failure (RFC 9457). Programs decide by `code`, which is stable.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What went wrong, for people."},
        "code": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}


@lru_cache(maxsize=2)
def described(app: Litestar, handlers: Handlers) -> Document:
    """Return the OpenAPI document of these calls of a site, made once."""
    made = _renamed(_written(app, handlers))
    operations = _operations(app)
    paths: Document = {}
    for path, item in made["paths"].items():
        kept = {
            method: _true(operation, operations[path, method])
            for method, operation in item.items()
            if (path, method) in operations
        }
        if kept:
            paths[path] = kept
    components = made.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = _PROBLEM
    for name, schema in components["schemas"].items():
        _tell_fields(name, schema)
    components["responses"] = {"Problem": _problem("It was refused or failed.")}
    components["securitySchemes"] = {
        "key": {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key: `Authorization: Bearer parlour_key_…`.",
        }
    }
    made["info"]["description"] = (
        "Errors are problem documents. Unknown fields of a body are refused. Times are RFC 3339 "
        "in UTC. Ids begin with what they name: agt_, lnk_, key_, cnv_, msg_."
    )
    made["tags"] = [{"name": name, "description": told} for name, told in _TAGS]
    made.pop("servers", None)
    return {**made, "paths": dict(sorted(paths.items())), "components": _pruned(components, paths)}


def _written(app: Litestar, handlers: Handlers) -> Document:
    """Have the framework describe the calls, on a site that is never served."""
    written = Litestar(
        list(handlers),
        dependencies=app.dependencies,
        openapi_config=OpenAPIConfig(title="Parlour", version=__version__),
        logging_config=None,
    )
    made: Document = written.openapi_schema.to_schema()
    return made


def _renamed(made: Document) -> Document:
    """Give pages of a list names that a person would give them."""
    text = json.dumps(made)
    told: Document = json.loads(re.sub(r"Page_[\w.]*?(\w+?)Shown_", r"PageOf\1s", text))
    return told


def _tell_fields(name: str, schema: Document) -> None:
    """Say of each field what its form in the code says, and how ids and times are written."""
    told = _said().get(name, {})
    if told.get(""):
        schema["description"] = told[""]
    for field, property_ in schema.get("properties", {}).items():
        if field in told:
            property_.setdefault("description", told[field])
        kind = ids.OF_FIELD.get(field)
        if field == "id":
            kind = next((id_ for form, id_ in ids.OF_FORM.items() if name.startswith(form)), None)
        for each in (property_, *property_.get("oneOf", [])):
            if each.get("type") == "string" and kind:
                each["pattern"] = ids.ID[kind]
            elif each.get("type") == "string" and (field.endswith("_at") or field == "at"):
                each["format"] = "date-time"


@lru_cache
def _said() -> dict[str, dict[str, str]]:
    """Collect what stands under each form and each of its fields in the code."""
    found: dict[str, dict[str, str]] = {}
    for module in _DESCRIBED:
        for form in ast.parse(inspect.getsource(module)).body:
            if isinstance(form, ast.ClassDef):
                bases = [base.id for base in form.bases if isinstance(base, ast.Name)]
                kept = [found.get(base, {}) for base in bases]
                found[form.name] = dict(itertools.chain.from_iterable(map(dict.items, kept)))
                found[form.name][""] = " ".join((ast.get_docstring(form) or "").split())
                for field, after in itertools.pairwise(form.body):
                    if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                        text = _text(after)
                        found[form.name] |= {field.target.id: text} if text else {}
    return found


def _text(statement: ast.stmt) -> str:
    value = statement.value if isinstance(statement, ast.Expr) else None
    said = value.value if isinstance(value, ast.Constant) else None
    return " ".join(said.split()) if isinstance(said, str) else ""


def _operations(app: Litestar) -> dict[tuple[str, str], HTTPRouteHandler]:
    found = {}
    for route in app.routes:
        for handler in route.route_handlers if isinstance(route, HTTPRoute) else ():
            if _tag(handler) is not None:
                for method in handler.http_methods:
                    found[route.path_format, method.lower()] = handler
    return found


def _tag(handler: HTTPRouteHandler) -> str | None:
    module = getattr(handler.fn, "__module__", "")
    inside, _, name = module.rpartition(".")
    return _MODULES.get(name) if inside.endswith(".api") else None


def _true(operation: Document, handler: HTTPRouteHandler) -> Document:
    gate: Gate = handler.opt["gate"]
    operation["operationId"] = handler.handler_name.rpartition(".")[2].rstrip("_")
    operation["tags"] = [_tag(handler)]
    told = " ".join((handler.fn.__doc__ or "").split())
    operation["summary"] = re.split(r"(?<=[.:;])\s", told, maxsplit=1)[0].rstrip(".:;")
    operation["description"] = f"{told} {_gate_told(gate)}".strip()
    operation["security"] = [{"key": []}] if gate.permission or gate is SELF else []
    responses = {
        status: response for status, response in operation["responses"].items() if status < "400"
    }
    if streams := handler.opt.get("streams"):
        content = responses["200"].setdefault("content", {}) if streams == "also" else {}
        content["text/event-stream"] = {"schema": {"type": "string"}}
        responses["200"]["content"] = content
    responses["default"] = {"$ref": "#/components/responses/Problem"}
    refuses: dict[int, str] = handler.opt.get("refuses", {})
    if gate is LINK:
        refuses = _SHUT | refuses
    responses |= {str(status): _problem(told) for status, told in refuses.items()}
    if gate.permission or gate is SELF:
        responses["401"] = _problem("No key, or one that is not good.")
        responses["403"] = _problem("The key may not do this.")
    operation["responses"] = responses
    return operation


def _gate_told(gate: Gate) -> str:
    if gate.permission is not None:
        return f"Needs a key with {gate.permission.value}."
    return {OPEN: "", LINK: "Needs the link's token.", SELF: ""}[gate]


def _problem(told: str) -> Document:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": told, "content": {MEDIA: {"schema": schema}}}


def _pruned(components: Document, paths: Document) -> Document:
    """Leave out the forms that no call of ours uses."""
    schemas, wanted, waiting = components["schemas"], {"Problem"}, [paths]
    while waiting:
        for name in _named(waiting.pop()):
            if name not in wanted:
                wanted.add(name)
                waiting.append(schemas[name])
    kept = {name: schemas[name] for name in sorted(wanted)}
    return {**components, "schemas": kept}


def _named(part: Any) -> set[str]:
    if isinstance(part, dict):
        reference = part.get("$ref", "")
        own = {reference.rpartition("/")[2]} if "/schemas/" in str(reference) else set()
        return own.union(*(_named(each) for each in part.values()))
    if isinstance(part, list):
        return set().union(*(_named(each) for each in part))
    return set()
