"""Reading a request's JSON strictly: one kind of content, no duplicate keys, no odd numbers."""

import json
from typing import Any, NoReturn

import msgspec
from litestar import Request
from litestar.datastructures import State

from parlour.kit.errors import FieldError, Invalid, Problem

_TYPES = ("application/json",)


class UnsupportedContent(Problem):
    """A body of a kind that is not taken here."""

    status = 415
    title = "That kind of content is not taken here"
    default_code = "unsupported_media_type"


class StrictRequest(Request[Any, Any, State]):
    """A request whose JSON body is read strictly."""

    async def json(self) -> Any:
        """Read the JSON body into the form that the handler takes.

        Raises:
            UnsupportedContent: it does not say that it is JSON, so a plain form cannot send it.
            Invalid: it is not UTF-8, not JSON, nested too deep, names a key twice, or does not
                fit: a text is no number, a number no yes, and 1.0 no whole number.
        """
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in _TYPES:
            raise UnsupportedContent("send JSON, with Content-Type: application/json")
        if self.headers.get("content-encoding", "identity") != "identity":
            raise UnsupportedContent("send the body without Content-Encoding")
        form = self.route_handler.parsed_data_field
        found = read_json(await self.body())
        return found if form is None else fitted(found, form.annotation)


def read_json(body: bytes) -> Any:
    """Read JSON that came from outside; Invalid says what is wrong with it."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise _invalid("the body is not valid UTF-8") from None
    try:
        found = json.loads(text, object_pairs_hook=_once_each, parse_constant=_no_constant)
        if "\\u" in text:
            # Half of a pair can be written as an escape, and is no text anywhere after this.
            json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise _invalid("the body holds half a character") from None
    except RecursionError:
        raise _invalid("the body is nested too deep") from None
    except ValueError as error:
        raise _invalid(f"the body is not valid JSON: {error}") from None
    return found


def fitted(found: Any, form: Any) -> Any:
    """Make what was read the form that was asked for; Invalid names the field that does not fit."""
    try:
        return msgspec.convert(found, form)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `")
        field = place.rpartition("$")[2].rstrip("`").lstrip(".")
        raise Invalid("the input does not fit", errors=[FieldError(field, message)]) from None


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _invalid(message: str) -> Invalid:
    return Invalid(message, errors=[FieldError("", message)])
