"""Logs: one line per event, JSON for machines, key=value at a terminal, and never a secret."""

import asyncio
import json
import logging
import re
import sys
import time
import traceback
from collections.abc import Mapping, MutableMapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson
import structlog
from prometheus_client import Histogram
from structlog.contextvars import merge_contextvars

from parlour.kit.clock import rfc3339
from parlour.kit.errors import Problem
from parlour.kit.observe.metrics import HTTP_SECONDS

_LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
_MASK: Final = "***"
_SECRET_KEY: Final = re.compile(
    r"token|secret|passw|authorization|cookie|api_?key|credential", re.IGNORECASE
)
_SECRETS: Final = re.compile(
    r"(?<=://)[^/\s@]*(?=@)"  # what stands before the host of a URL
    r"|(?<=Bearer )\S+"
    r"|(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{36,}"  # keys and link tokens look like this
)
_FRAMES: Final = 25
_CLOCK: Final = slice(11, 23)
"""The part of a moment that a line at a terminal has."""
_THEN: Final = "0000-00-00T00:00:00.000Z"
_SOME: Final = 123456789
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_Event = MutableMapping[str, Any]


class _State:
    """How lines are written at present."""

    json = True
    level = logging.INFO

    def __init__(self) -> None:
        self.waiting: list[str] = []


_state = _State()


def configure(level: str = "info", *, machine: bool | None = None) -> None:
    """Set up logging for the process: JSON when `machine` says so or nobody sits at a terminal."""
    _state.level = _LEVELS.get(level.lower(), logging.INFO)
    _state.json = not sys.stderr.isatty() if machine is None else machine
    structlog.configure(
        processors=[merge_contextvars, _shape],
        wrapper_class=structlog.make_filtering_bound_logger(_state.level),
        logger_factory=_Out,
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers = [_Bridge()]
    root.setLevel(max(_state.level, logging.WARNING))
    # Requests are logged by `access`, once each.
    logging.getLogger("uvicorn.access").disabled = True


def access(method: str, route: str, status: int, seconds: float, *, is_file: bool = False) -> None:
    """Log and count one answered request. `route` is the path's template: real paths hold tokens.

    One for a file of ours (`is_file`) that was there is told at the level `debug`: a page has
    two dozen of them.

    This is on the path of every request, and takes a shorter way than other events.
    """
    if method not in METHODS:
        method = "other"
    level = "debug" if is_file and status < 400 else "info"
    counted, head, middle, tail = _answered(method, route, status, level, is_json=_state.json)
    counted.observe(seconds)
    if _state.level <= _LEVELS[level]:
        now = rfc3339(time.time_ns() // 1_000_000)
        now = now if _state.json else now[_CLOCK]
        _write_soon(f"{head}{now}{middle}{round(seconds * 1000, 1)}{tail}")


@cache
def _answered(
    method: str, route: str, status: int, level: str, *, is_json: bool
) -> tuple[Histogram, str, str, str]:
    """Return the child of the metric, and the line of such a request around when and how long.

    What they are named by is all ours, and little.
    """
    told = {"level": level, "event": "request", "method": method, "route": route, "status": status}
    line = _line({**told, "ms": _SOME}, _THEN)
    head, _, rest = line.partition(_THEN if is_json else _THEN[_CLOCK])
    middle, _, tail = rest.rpartition(str(_SOME))
    return HTTP_SECONDS.labels(method, route, status), head, middle, tail


class _Out:
    """Where structlog's lines go."""

    def __init__(self, name: str = "") -> None:
        self.name = name

    def msg(self, line: str) -> None:
        _write(line)

    debug = info = warning = warn = error = exception = critical = fatal = log = msg


class _Bridge(logging.Handler):
    """Takes what libraries log, and writes it as our own lines."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            said = _SECRETS.sub(_MASK, record.getMessage())
        except Exception:  # noqa: BLE001 - a library's broken log call is no failure of ours
            said = str(record.msg)
        event: _Event = {"event": said, "exc_info": record.exc_info}
        _write(_shape(_Out(record.name), record.levelname.lower(), event))


def _shape(logger: Any, method: str, event: _Event) -> str:
    shaped: dict[str, Any] = {
        "level": "error" if method == "exception" else method,
        "logger": getattr(logger, "name", ""),
        "event": event.pop("event", ""),
    }
    error = _error_of(event.pop("exc_info", None))
    for key, value in event.items():
        shaped[key] = _MASK if _SECRET_KEY.search(key) else value
    if error is not None:
        shaped["exception"] = _told(error)
        shaped["stack"] = _stack(error)
    return _line(shaped)


def _error_of(exc_info: Any) -> BaseException | None:
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        error = exc_info[1]
        return error if isinstance(error, BaseException) else None
    return sys.exc_info()[1] if exc_info else None


def _told(error: BaseException) -> str:
    """Name an exception and what led to it; of messages the first line, without secrets.

    Later lines quote rows and parameters, which are other people's words.
    """
    told: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(told) < 5:
        first = str(seen).split("\n", 1)[0][:300]
        said = seen.detail if isinstance(seen, Problem) else _SECRETS.sub(_MASK, first)
        told.append(f"{type(seen).__name__}: {said}" if said else type(seen).__name__)
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return " < ".join(told)


def _stack(error: BaseException) -> str:
    """Say where it happened, innermost first, without a line of code or a value."""
    frames = [(frame.f_code, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    return places([(code.co_filename, line, code.co_name) for code, line in frames])


def places(frames: list[tuple[str, int | None, str]]) -> str:
    """Write stack frames, given outermost first, in one line."""
    inner = frames[::-1][:_FRAMES]
    return " < ".join(
        f"{'/'.join(Path(file).parts[-2:])}:{line} {name}" for file, line, name in inner
    )


def _line(event: Mapping[str, Any], now: str = "") -> str:
    now = now or rfc3339(time.time_ns() // 1_000_000)
    if _state.json:
        line = _dumped({"time": now, **event})
    else:
        rest = " ".join(f"{key}={_word(value)}" for key, value in event.items() if key not in _HEAD)
        line = f"{now[_CLOCK]} {event['level']:<7} {event['event']} {rest}".rstrip()
    # Control characters could forge lines, or command a terminal; JSON leaves some as they are.
    return line if line.isprintable() else "".join(map(_visible, line))


def _dumped(value: Any) -> str:
    try:
        return orjson.dumps(value, default=repr, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:  # half a surrogate pair, or a number beyond 64 bits
        return json.dumps(value, default=repr)


_HEAD: Final = ("level", "event", "logger")


def _word(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if text and " " not in text and '"' not in text else _dumped(text)


def _visible(char: str) -> str:
    if char.isprintable():
        return char
    point = ord(char)
    if point > 0xFFFF:
        point -= 0x10000
        return f"\\u{0xD800 + (point >> 10):04x}\\u{0xDC00 + (point & 0x3FF):04x}"
    return f"\\u{point:04x}"


def _write_soon(line: str) -> None:
    """Write a line together with those of the other requests of this turn of the event loop."""
    _state.waiting.append(line)
    if len(_state.waiting) == 1:
        try:
            asyncio.get_running_loop().call_soon(_write)
        except RuntimeError:  # no event loop runs here
            _write()


def _write(line: str = "") -> None:
    """Write what waits to be written, and a line."""
    lines, _state.waiting = _state.waiting, []
    if line:
        lines.append(line)
    if not lines:
        return
    lines.append("")
    try:
        sys.stderr.write("\n".join(lines))
        sys.stderr.flush()
    except (OSError, ValueError):
        return  # nobody reads the log any more: no reason to stop serving
