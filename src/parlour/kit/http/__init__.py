"""The one guarded client for every outgoing request to an address that a person typed."""

from parlour.kit.http.address import Blocked, Target, parse
from parlour.kit.http.client import (
    Deadlines,
    GuardedClient,
    RequestFailed,
    Response,
)
from parlour.kit.http.lines import EventReader, LineReader, LineTooLong

__all__ = [
    "Blocked",
    "Deadlines",
    "EventReader",
    "GuardedClient",
    "LineReader",
    "LineTooLong",
    "RequestFailed",
    "Response",
    "Target",
    "parse",
]
