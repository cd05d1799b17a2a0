"""Reading the text of a variable as the kind of value that its setting has."""

import ipaddress
import types
import typing
from pathlib import Path
from typing import Any


def parse(kind: Any, text: str) -> Any:
    """Read a value of this kind; ValueError says what it must be."""
    if typing.get_origin(kind) is tuple:
        inner = typing.get_args(kind)[0]
        return tuple(parse(inner, part.strip()) for part in text.split(",") if part.strip())
    if isinstance(kind, types.UnionType):
        return ipaddress.ip_network(text, strict=False)
    if kind in (int, float):
        number = kind(text)
        if not 0 <= number < 2**53:
            raise ValueError("must be a number, zero or more")
        return number
    if kind is not Path:
        return text
    if not text.strip() or "\0" in text:
        raise ValueError("must name a folder")
    return Path(text).expanduser()
