"""What waits to be sent to other processes: new entries of our logs, and hints."""

import asyncio
from collections.abc import Callable
from weakref import WeakSet

from parlour.kit.bus.lanes import Command
from parlour.kit.bus.log import LiveLog
from parlour.kit.bus.mirror import Batch, encode

_MOST_NOTES = 2000
"""Hints kept while Redis is away; beyond that everybody is told to read again."""

_MOST_BATCHES = 20_000
_LIFE = 900
"""Seconds after its last batch for which Redis keeps the stream of a log that never ended."""

_LIFE_CHECK = 60.0


class _Outgoing:
    """One log of ours, and how much of it has been sent."""

    __slots__ = ("__weakref__", "dirty", "log", "prolonged", "sent")

    def __init__(self, log: LiveLog) -> None:
        self.log = log
        self.restart()

    def restart(self) -> None:
        self.dirty = True
        self.sent = 0
        self.prolonged = 0.0


class Outbox:
    """Collects, and forgets only what the server has confirmed."""

    def __init__(self, origin: str, topics: str, logs: str, everyone: str, keep: float) -> None:
        """`topics` and `logs` begin the names of channels; `everyone` is a whole one."""
        self._origin = origin
        self._topics = topics
        self._logs = logs
        self._everyone = everyone
        self._keep = max(1, round(keep))
        self._notes: dict[tuple[str, str], None] = {}
        self._lost = False
        # On their way and not confirmed: what is given meanwhile is a hint of its own, even if
        # it reads the same, because whoever heard the first may have looked too early.
        self._flying: dict[tuple[str, str], None] = {}
        self._flying_lost = False
        # Held by their logs: what nobody writes, reads or keeps is not sent any more.
        self._live: WeakSet[_Outgoing] = WeakSet()

    def add_note(self, topic: str, note: str) -> None:
        """Have a hint sent."""
        if len(self._flying) + len(self._notes) >= _MOST_NOTES:
            self._lost = True
        else:
            self._notes[topic, note] = None

    def add_log(self, log: LiveLog, soon: Callable[[], None]) -> None:
        """Have a log sent from now on; `soon` is called when it has something new."""
        outgoing = _Outgoing(log)
        self._live.add(outgoing)

        def changed() -> None:
            # On the path of every token: one look at a flag.
            if not outgoing.dirty:
                outgoing.dirty = True
                soon()

        log.watch(changed)

    def renew(self) -> None:
        """Send everything again: the server may have been replaced by an empty one."""
        for outgoing in list(self._live):
            outgoing.restart()

    def collect(self) -> tuple[list[Command], Callable[[], None]]:
        """Return what is to be sent; entries go first, so that a hint finds them there.

        What was collected before and never confirmed is sent again, in front.
        """
        commands: list[Command] = []
        moved: list[tuple[_Outgoing, int]] = []
        now = asyncio.get_running_loop().time()
        for outgoing in list(self._live):
            if outgoing.dirty:
                outgoing.dirty = False
                moved.append((outgoing, self._add_batch(outgoing, commands, now)))
        self._add_notes(commands)

        def sent() -> None:
            for outgoing, position in moved:
                outgoing.sent = position
                if outgoing.log.ended and position == outgoing.log.length:
                    self._live.discard(outgoing)
            self._flying, self._flying_lost = {}, False

        return commands, sent

    def _add_notes(self, commands: list[Command]) -> None:
        self._flying |= self._notes
        self._flying_lost |= self._lost
        self._notes, self._lost = {}, False
        for topic, note in self._flying:
            commands.append(("PUBLISH", self._topics + topic, f"{self._origin} {note}"))
        if self._flying_lost:
            commands.append(("PUBLISH", self._everyone, self._origin))

    def _add_batch(self, outgoing: _Outgoing, commands: list[Command], now: float) -> int:
        log = outgoing.log
        marks, entries = log.tail(outgoing.sent)
        data = encode(Batch(outgoing.sent, marks, entries, log.ended))
        name = self._logs + log.key
        if not outgoing.sent:
            commands.append(("DEL", name))
        limit: Command = ("MAXLEN", "~", _MOST_BATCHES)
        commands.append(("XADD", name, *limit, "*", "b", data))
        if log.ended or now - outgoing.prolonged > _LIFE_CHECK:
            outgoing.prolonged = now
            commands.append(("EXPIRE", name, self._keep if log.ended else _LIFE))
        commands.append(("PUBLISH", name, data))
        return outgoing.sent + len(entries)
