"""What somebody hears of a reply who gets it only when it is whole: what the agent is doing."""

from collections.abc import Callable

import orjson

from parlour.chat import wire

_STATUS = b"event: status\ndata: "
_DATA = b"\ndata: "


class Overhearing:
    """Lets through what is said of a reply while it is written, and not a word of the reply."""

    def __init__(self, hide: Callable[[str], str], writing: str) -> None:
        """Take what hides personal details, and the word for an agent that writes."""
        self._hide = hide
        self._writing = writing
        self._last = ("", "")

    def __call__(self, chunk: bytes) -> bytes:
        """Return what of some entries of a live log may be heard."""
        # No entry holds an empty line but at its end: what was said is JSON in it.
        return b"".join(map(self._heard, filter(None, chunk.split(b"\n\n"))))

    def _heard(self, entry: bytes) -> bytes:
        if entry.startswith(_STATUS):
            data = orjson.loads(entry[len(_STATUS) :])
            return self._told(data["turn"], self._hide(data["label"]))
        if self._last[1] == self._writing:
            return b""
        return self._told(orjson.loads(entry.partition(_DATA)[2])["turn"], self._writing)

    def _told(self, turn: str, label: str) -> bytes:
        if (turn, label) == self._last:
            return b""
        self._last = (turn, label)
        return wire.event("status", {"turn": turn, "label": label})
