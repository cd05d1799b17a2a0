"""Cuts a stream of bytes into lines, and lines into server-sent events, within a bound."""

from typing import Final

LONGEST_LINE: Final = 1_048_576

_NEWLINE: Final = 10


class LineTooLong(Exception):
    """A line passed its limit; nothing good comes behind it."""


class LineReader:
    """Turns network chunks into lines ending in LF, CRLF or CR, however the chunks were cut."""

    __slots__ = ("_longest", "_pieces", "waiting")

    def __init__(self, longest: int = LONGEST_LINE) -> None:
        """Accept lines of up to `longest` bytes."""
        self._longest = longest
        self._pieces: list[bytes] = []
        self.waiting = 0
        """How many bytes have come of a line that is not at its end."""

    def feed(self, data: bytes) -> list[bytes]:
        """Take a chunk and return the lines it completes, without their endings."""
        carriage = b"\r" in data or (self.waiting and self._pieces[-1].endswith(b"\r"))
        if carriage or b"\n" in data:
            lines = self._split(data, carriage=bool(carriage))
        else:
            self._keep(data)
            lines = []
        if self.waiting > self._longest:
            raise LineTooLong
        return lines

    def rest(self) -> bytes:
        """Return what came after the last line ending."""
        rest = b"".join(self._pieces)
        self._pieces, self.waiting = [], 0
        return rest.removesuffix(b"\r")

    def _keep(self, data: bytes) -> None:
        # Pieces are joined once, when the line ends: a byte at a time must not cost the square.
        if data:
            self._pieces.append(data)
            self.waiting += len(data)

    def _split(self, data: bytes, *, carriage: bool) -> list[bytes]:
        if self.waiting:
            data = b"".join(self._pieces) + data
            self._pieces, self.waiting = [], 0
        held = b""
        if carriage:
            if data.endswith(b"\r"):  # perhaps the first half of a CRLF
                data, held = data[:-1], b"\r"
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        lines = data.split(b"\n")
        self._keep(lines.pop() + held)
        return lines


class EventReader:
    """Turns network chunks into the data of server-sent events; names, ids and comments go."""

    __slots__ = ("_data", "_lines", "_longest", "_size")

    def __init__(self, longest: int = LONGEST_LINE) -> None:
        """Accept events with up to `longest` bytes of data."""
        self._lines = LineReader(longest)
        self._longest = longest
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Take a chunk and return the data of each event that it completes."""
        if self._is_one_event(data):
            return [data[6:-2]]
        events: list[bytes] = []
        for line in self._lines.feed(data):
            if line:
                self._field(line)
            elif self._data:
                events.append(self._joined())
        return events

    def _is_one_event(self, data: bytes) -> bool:
        """Whether a chunk is exactly one event of one line: so nearly every token comes."""
        end = len(data) - 2
        return (
            data.startswith(b"data: ")
            and data.find(b"\n") == end
            and data[-1] == _NEWLINE
            and not (self._data or self._lines.waiting or b"\r" in data)
            and end <= self._longest
        )

    def rest(self) -> list[bytes]:
        """Return what the stream left unfinished: servers forget the last empty line."""
        if line := self._lines.rest():
            self._field(line)
        return [self._joined()] if self._data else []

    def _field(self, line: bytes) -> None:
        if line.startswith(b"data:"):
            value = line[6:] if line[5:6] == b" " else line[5:]
            self._data.append(value)
            self._size += len(value)
            if self._size > self._longest or len(self._data) > 10_000:
                raise LineTooLong

    def _joined(self) -> bytes:
        data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
        self._data = []
        self._size = 0
        return data
