"""The replies under way in this process: saved together once a second, stopped, and timed out."""

import asyncio
from dataclasses import dataclass

import sqlalchemy as sa
import structlog

from parlour.chat import doors, measures
from parlour.chat.writing import Writing
from parlour.conversations import store
from parlour.conversations import turns as rows
from parlour.conversations.model import Turn
from parlour.kit.errors import Problem
from parlour.kit.queue import Job
from parlour.tools import Tools

log = structlog.get_logger("parlour.chat")

SAVE_EVERY = 1.0
"""Seconds between two savings of a reply's text: what a power cut can take from it."""


@dataclass(slots=True)
class Run:
    """A reply that is being written, and why its answering was cancelled, if it was."""

    job: Job
    turn: Turn
    writing: Writing
    answering: asyncio.Task[None]
    began: float
    stopped: bool = False
    late: bool = False


class Running:
    """All of them. One transaction a second keeps the texts of all, however many there are."""

    def __init__(self, tools: Tools) -> None:
        """Begin with none."""
        self._tools = tools
        self._runs: dict[str, Run] = {}
        self._keeping: asyncio.Task[None] | None = None

    def add(self, run: Run) -> None:
        """Keep an eye on a reply from now on."""
        self._runs[run.turn.id] = run
        measures.UNDER_WAY.inc()
        if self._keeping is None or self._keeping.done():
            self._keeping = asyncio.create_task(self._keep(), name="turns-keep")

    def drop(self, run: Run) -> None:
        """Leave a reply alone."""
        del self._runs[run.turn.id]
        measures.UNDER_WAY.dec()

    def stop(self, turn_id: str) -> None:
        """Stop a reply, if it is written here."""
        run = self._runs.get(turn_id)
        if run is not None:
            run.stopped = True
            run.answering.cancel()

    def close(self) -> None:
        """Keep an eye on nothing any more."""
        if self._keeping is not None:
            self._keeping.cancel()

    async def save(self, runs: list[Run]) -> None:
        """Save what is new in these texts, and stop whatever somebody else has taken or stopped."""
        texts, lengths = [], []
        for run in runs:
            turn, writing = run.turn, run.writing
            if writing.saved != writing.offset:
                texts.append((turn.conversation_id, turn.reply_seq, turn.epoch, writing.text))
                lengths.append((writing, writing.offset))
        try:
            ours = await self._tools.db.write(_save, texts, [run.turn for run in runs])
        except Problem as error:
            log.warning("turns.not_saved", turns=len(runs), error=str(error))
            return
        for writing, length in lengths:
            writing.saved = length
        for run in runs:
            if run.turn.id not in ours:
                self.stop(run.turn.id)

    async def _keep(self) -> None:
        while self._runs:
            await asyncio.sleep(SAVE_EVERY)
            runs = list(self._runs.values())
            try:
                await self.save(runs)
            except Exception:
                log.exception("turns.save_failed", turns=len(runs))
            now = asyncio.get_running_loop().time()
            for run in runs:
                if self._is_late(run, now):
                    run.late = True
                    run.answering.cancel()

    def _is_late(self, run: Run, now: float) -> bool:
        settings, writing = self._tools.settings, run.writing
        silence = settings.silence_timeout if writing.offset else settings.first_byte_timeout
        return now - writing.heard_at > silence or now - run.began > settings.reply_timeout


def _save(
    conn: sa.Connection, texts: list[tuple[str, int, int, str]], turns: list[Turn]
) -> set[str]:
    if texts:
        store.save_texts(conn, texts)
    ours = rows.still_ours(conn, turns)
    return ours - doors.shut(conn, ours)
