"""The interface's description as a page: every call, its fields, its answers; no script needed."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from parlour.web.assets import assets

Document = dict[str, Any]
_TEMPLATES: Final = Path(__file__).parents[1] / "templates"


def page(document: Document) -> bytes:
    """Lay out an OpenAPI document."""
    groups = [
        {"name": tag["name"], "told": tag["description"], "calls": _calls(document, tag["name"])}
        for tag in document["tags"]
    ]
    shown = _template().render(base=assets().base, info=document["info"], groups=groups)
    return shown.encode()


def _calls(document: Document, tag: str) -> list[Document]:
    return [
        {
            "id": operation["operationId"],
            "method": method.upper(),
            "path": path,
            "told": operation["description"],
            "summary": operation["summary"],
            "closed": bool(operation["security"]),
            "asked": _parameters(document, operation) + _body(document, operation),
            "answers": _answers(document, operation),
        }
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if tag in operation["tags"]
    ]


def _parameters(document: Document, operation: Document) -> list[Document]:
    rows = []
    for parameter in operation.get("parameters", []):
        schema = _resolved(document, parameter.get("schema", {}))
        told = parameter.get("description") or schema.get("description", "")
        rows.append(
            {
                "name": parameter["name"],
                "where": parameter["in"],
                "type": _type(document, schema),
                "needed": parameter.get("required", False),
                "told": told,
            }
        )
    return rows


def _body(document: Document, operation: Document) -> list[Document]:
    content = operation.get("requestBody", {}).get("content", {})
    rows = []
    for media in content.values():
        rows += _fields(document, media.get("schema", {}), "body")
    return rows


def _answers(document: Document, operation: Document) -> list[Document]:
    found = []
    for status, response in operation["responses"].items():
        if "$ref" in response or status >= "400":
            continue
        content: Document = response.get("content", {})
        media = next(iter(content), "")
        schema = content.get(media, {}).get("schema", {})
        found.append(
            {
                "status": status,
                "type": _type(document, schema) if media == "application/json" else media,
                "fields": _fields(document, _inner(document, schema), "answer"),
            }
        )
    return found


def _inner(document: Document, schema: Document) -> Document:
    """Look into a list, or into a page of one, for the form that matters."""
    schema = _resolved(document, schema)
    if schema.get("type") == "array":
        return _resolved(document, schema.get("items", {}))
    items = schema.get("properties", {}).get("items")
    return _resolved(document, items.get("items", {})) if items else schema


def _fields(document: Document, schema: Document, where: str) -> list[Document]:
    schema = _resolved(document, schema)
    needed = schema.get("required", [])
    return [
        {
            "name": name,
            "where": where,
            "type": _type(document, each),
            "needed": name in needed,
            "told": _resolved(document, each).get("description", ""),
        }
        for name, each in schema.get("properties", {}).items()
    ]


def _type(document: Document, schema: Document) -> str:
    schema = _resolved(document, schema)
    for many in ("oneOf", "anyOf"):
        if many in schema:
            kinds = [_type(document, each) for each in schema[many]]
            return " or ".join(dict.fromkeys(kinds))
    if "enum" in schema:
        return " or ".join(json.dumps(each) for each in schema["enum"])
    kind = schema.get("type", "any")
    if isinstance(kind, list):
        return " or ".join(kind)
    if kind == "array":
        return f"list of {_type(document, schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("title") or kind)


def _resolved(document: Document, schema: Document) -> Document:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: Document = document["components"]["schemas"][name] if name else schema
    return found


def _words(text: str) -> Markup:
    """Show what stands between backticks as code."""
    pieces = str(escape(text)).split("`")
    shown = [f"<code>{piece}</code>" if at % 2 else piece for at, piece in enumerate(pieces)]
    return Markup("".join(shown))  # noqa: S704 - escaped two lines above


@lru_cache
def _template() -> Template:
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters["words"] = _words
    return made.get_template("docs.html")
