"""How the parts of an answer are written as JSON by backends outside, and read with bounds."""

from collections.abc import Mapping
from typing import Any, Final, get_args

import msgspec
import orjson

from parlour.agents.contract import (
    Action,
    BackendFailure,
    Citation,
    Part,
    Remember,
    Status,
    Suggestion,
    Text,
    Usage,
    Variable,
)

MAX_PARTS: Final = 100_000
_MAX_TOKENS: Final = 100_000_000
_MAX_VALUE_BYTES: Final = 16_384
_LINE: Final = 200
LONGEST_SUGGESTION: Final = 120
_QUOTE: Final = 20_000
_ADDRESS: Final = 2_000
_ACTIONS: Final = get_args(Action.__annotations__["name"])
_SHAPES: Final[dict[str, type[Any]]] = {
    "text": Text,
    "status": Status,
    "citation": Citation,
    "variable": Variable,
    "remember": Remember,
    "action": Action,
    "suggestion": Suggestion,
}


def part_of(document: object) -> Part | None:
    """Read one part, `{"type": "text", "text": "…"}`; None for a type that is not known.

    A part of a known type that does not fit raises BackendFailure `bad_answer`; an `error` part
    raises BackendFailure `refused` with its message, which only the owner sees.
    """
    if not isinstance(document, Mapping):
        raise BackendFailure("bad_answer", "a part is not a JSON object")
    kind = document.get("type")
    if kind == "usage":
        return usage_of(document.get("input_tokens"), document.get("output_tokens"))
    if kind == "error":
        told = document.get("message")
        raise BackendFailure("refused", one_line(told if isinstance(told, str) else "no message"))
    if not isinstance(kind, str) or (shape := _SHAPES.get(kind)) is None:
        return None
    try:
        part: Part = msgspec.convert(document, shape)
    except msgspec.ValidationError as error:
        raise BackendFailure("bad_answer", f"a part of type {kind} does not fit: {error}") from None
    return bounded(part)


def answer_of(document: object) -> list[Part]:
    """Read a whole answer: `text` or `parts`, and beside it `status`, `citations`, `variables`
    (an object), `remember`, `usage`, `actions` and `suggestions`. Names that are not known are
    ignored."""  # noqa: D205, D209
    if not isinstance(document, Mapping):
        raise BackendFailure("bad_answer", "the answer is not a JSON object")
    documents: list[object] = []
    if (label := document.get("status")) is not None:
        documents.append({"type": "status", "label": label})
    if (text := document.get("text")) is not None:
        documents.append({"type": "text", "text": text})
    documents += _list(document, "parts")
    documents += [_typed(each, "citation") for each in _list(document, "citations")]
    variables = document.get("variables") or {}
    if not isinstance(variables, Mapping):
        raise BackendFailure("bad_answer", "variables is not a JSON object")
    documents += [{"type": "variable", "name": k, "value": v} for k, v in variables.items()]
    if (notes := document.get("remember")) is not None:
        documents.append({"type": "remember", "notes": notes})
    if (usage := document.get("usage")) is not None:
        documents.append(_typed(usage, "usage"))
    documents += [_typed(each, "action") for each in _list(document, "actions")]
    for each in _list(document, "suggestions"):
        told = {"text": each} if isinstance(each, str) else each
        documents.append(_typed(told, "suggestion"))
    if (error := document.get("error")) is not None:
        documents.append({"type": "error", "message": error})
    parts = [part_of(each) for each in documents]
    return [part for part in parts if part is not None]


def _list(document: Mapping[str, Any], name: str) -> list[object]:
    found = document.get(name) or []
    if not isinstance(found, list) or len(found) > MAX_PARTS:
        raise BackendFailure("bad_answer", f"{name} is not a list, or has too many entries")
    return found


def _typed(document: object, kind: str) -> object:
    return {**document, "type": kind} if isinstance(document, Mapping) else document


def usage_of(input_tokens: object, output_tokens: object) -> Usage | None:
    """Believe a count of tokens only when both numbers can be true; None otherwise."""
    counts = [count for count in (input_tokens, output_tokens) if type(count) is int]
    if len(counts) != 2 or not all(0 <= count <= _MAX_TOKENS for count in counts):
        return None
    return Usage(*counts)


def bounded(part: Part) -> Part | None:
    """Cut what is too long, take away what the outside may not say; None when nothing is left."""
    match part:
        case Text(text):
            return Text(storable(text))
        case Status():
            return _status(part)
        case Citation():
            return _citation(part)
        case Variable(name, value):
            return _variable(name, value)
        case Remember(notes):
            return Remember(storable(notes[:_QUOTE]))
        case Action(name, arguments):
            if name not in _ACTIONS:
                raise BackendFailure("bad_answer", "an action of that name is not known")
            return Action(name, _kept(arguments, "an action's arguments"))
        case Suggestion(text):
            return Suggestion(one_line(text, LONGEST_SUGGESTION)) if text.strip() else None
        case Usage(input_tokens, output_tokens):
            return usage_of(input_tokens, output_tokens)


def _status(part: Status) -> Status:
    if part == Status():
        raise BackendFailure("bad_answer", "a status says nothing")
    return Status(one_line(part.label), part.doing, part.tool[:64])


def _citation(part: Citation) -> Citation:
    if not 1 <= part.n <= 999:
        raise BackendFailure("bad_answer", "a citation's n is not between 1 and 999")
    return Citation(
        n=part.n,
        title=one_line(part.title),
        source=one_line(part.source),
        quote=storable(part.quote[:_QUOTE]),
        section=one_line(part.section),
        # `passage` opens a stored document; only who keeps documents here may name one.
        url=part.url if _is_address(part.url) else "",
    )


def _is_address(url: str) -> bool:
    """Whether a browser can be sent there: http(s), of a sane length, nothing that is not seen."""
    web = url.lower().startswith(("https://", "http://"))
    return web and len(url) <= _ADDRESS and url.isprintable() and " " not in url


def _variable(name: str, value: Any) -> Variable:
    if not 0 < len(name) <= 100:
        raise BackendFailure("bad_answer", "a variable's name has 1 to 100 characters")
    return Variable(storable(name), _kept(value, f"the variable {one_line(name)}"))


def _kept(value: Any, what: str) -> Any:
    """Return a value as plain JSON that every database takes; BackendFailure when it is none."""
    try:
        written = orjson.dumps(_plain(value))
        kept = orjson.loads(written)
        if b"\\u0000" in written:  # of an object that only just became plain
            kept = _plain(kept)
    except (TypeError, ValueError, RecursionError):
        raise BackendFailure("bad_answer", f"{what} cannot be written as JSON") from None
    if len(written) > _MAX_VALUE_BYTES:
        raise BackendFailure("bad_answer", f"{what} is too large")
    return kept


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, Mapping):
        return {_plain(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


def storable(text: str) -> str:
    """Replace what no database takes: NUL, and halves of characters."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def one_line(text: str, longest: int = _LINE) -> str:
    """Make a short single line of any text."""
    return storable(" ".join(text[: longest * 4].split())[:longest])
