"""Has statements compiled once for all databases of a process, as in a server that runs for days.

SQLAlchemy keeps what it has compiled for each engine, and each test has engines of its own: without
this a tenth of what the rooms' tests cost is to compile the same statements again.
"""

from typing import Any

from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

_KEPT: LRUCache[Any, Any] = LRUCache(10_000)


def compile_once() -> None:
    """From now on engines of one kind share what was compiled for any of them."""
    Engine._compiled_cache = property(lambda _: _KEPT, lambda *_: None)  # type: ignore[assignment]
    # A compiled statement is found by its dialect, which is what makes it: kind, version, JSON.
    DefaultDialect.__eq__ = _are_alike  # type: ignore[method-assign,assignment]
    DefaultDialect.__hash__ = _hash  # type: ignore[method-assign,assignment]


def _hash(self: Dialect) -> int:
    return hash(type(self))


def _are_alike(self: Dialect, other: object) -> bool:
    return self is other or (type(self) is type(other) and _marks(self) == _marks(other))


def _marks(dialect: Any) -> tuple[Any, ...]:
    return (
        getattr(dialect, "server_version_info", None),
        dialect.max_identifier_length,
        dialect.paramstyle,
        dialect._json_serializer,
        dialect._json_deserializer,
    )
