"""Reading a conversation again for those who look on: once for all who want to know at once."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa

from parlour import transcripts
from parlour.conversations import holds, reading
from parlour.conversations.model import Cursor, Pen, State, pen_of
from parlour.kit.clock import Moment
from parlour.kit.errors import NotFound
from parlour.tools import Tools
from parlour.transcripts import Shown

NEWEST = 200
"""Messages that a stream begins with at most; who is further behind reads the page again."""

Present = Callable[[Shown], dict[str, Any]]
"""Turns a message into what the stream tells of it."""


class Bar(Protocol):
    """Why a viewer may look no longer."""

    @property
    def code(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def detail(self) -> str: ...
    @property
    def after_reply(self) -> bool:
        """Whether the reply that is being written may be seen to its end."""
        ...


Judge = Callable[[sa.Connection], Bar | None]
"""Says whether this viewer may still look; None is yes. Equal ones judge alike."""


class Read(Protocol):
    """Reads a conversation as this viewer may see it. Equal ones see the same."""

    def __call__(
        self, conn: sa.Connection, conversation_id: str, *, after: int, newest: int
    ) -> list[Shown]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Who looks at what, and from where."""

    conversation_id: str
    cursor: Cursor
    present: Present
    judge: Judge
    topics: tuple[str, ...] = ()
    """What else may end the look: the link, the agent."""
    until_seq: int | None = None
    """End once the message at this place is finished."""
    read: Read = transcripts.for_visitor
    whole: bool = False
    """Tell of replies when they are finished, never of pieces: what is masked must be whole."""
    overhear: Callable[[bytes], bytes] | None = None
    """Then: picks from the live log of a reply what is told of it meanwhile; None tells nothing."""
    stays: bool = False
    """Whether a conversation that was closed may still be looked at."""
    ends_at: Moment | None = None
    """When the looking is over, if that is known: the viewer is judged again right then."""
    typing: Callable[[str], dict[str, Any] | None] | None = None
    """Makes of a hint that somebody types what the stream tells of it; None tells nothing."""
    around: Callable[[sa.Connection], str] | None = None
    """Returns a mark of what stands around the messages; that it has changed is told."""
    known_around: str = ""
    """The mark that the viewer knows."""
    knows_agent: bool = True
    """Whether the viewer takes it that the agent answers; else who does is told in any case."""


class Forgotten(NotFound):
    """What was looked at has been erased."""

    title = "This conversation has been forgotten"
    default_code = "forgotten"
    after_reply = False


Control = tuple[Pen, str]
"""Who answers, and the name of the person who does."""

AGENT: Control = (Pen.AGENT, "")


@dataclass(frozen=True, slots=True)
class Found:
    """What one reading found, or why this viewer may look no more."""

    messages: list[Shown]
    last_seq: int
    closed: bool
    bar: Bar | None = None
    answers: Control = AGENT
    around: str = ""

    @property
    def is_gone(self) -> bool:
        """Whether there is no such conversation any more."""
        return not self.last_seq and self.closed

    @property
    def writing(self) -> Shown | None:
        """The reply that is being written."""
        return next((each for each in self.messages if each.state is State.WRITING), None)


Asked = tuple[View, int]
"""Who looks, and the place behind which they want to know what there is."""


def reread(conn: sa.Connection, asked: Sequence[Asked], now: Moment) -> list[Found]:
    """Judge viewers of one conversation again, and read what stands behind the place of each.

    Those who are judged alike are judged once; for those who see the same it is read once.
    """
    bars: dict[Judge, Bar | None] = {}
    for view, _ in asked:
        if view.judge not in bars:
            bars[view.judge] = view.judge(conn)
    id_ = asked[0][0].conversation_id
    # Before the messages: who has the pen by now has ended every reply that is read after it.
    hold, asked_until = holds.find(conn, id_)
    last_seq, closed = reading.progress(conn, id_)
    pen = pen_of(hold, asked_until, now)
    name = hold.by_name if hold is not None and pen is Pen.OPERATOR else ""
    read: dict[tuple[Read, int], list[Shown]] = {}
    found = []
    for view, after in asked:
        bar, same = bars[view.judge], (view.read, after)
        if bar is not None and not bar.after_reply:
            found.append(Found([], 0, closed=False, bar=bar))
            continue
        if same not in read:
            read[same] = view.read(conn, id_, after=after, newest=NEWEST)
        around = "" if view.around is None else view.around(conn)
        found.append(Found(read[same], last_seq, closed, bar, (pen, name), around))
    return found


class Together:
    """All viewers of this process: those of one conversation whom one hint wakes read it once."""

    def __init__(self, tools: Tools) -> None:
        """Begin without viewers."""
        self._tools = tools
        self._viewers: Counter[str] = Counter()
        self._waiting: dict[str, list[tuple[Asked, asyncio.Future[Found]]]] = {}
        self._readings: set[asyncio.Task[None]] = set()

    def join(self, view: View) -> None:
        """Count a viewer of a conversation in."""
        self._viewers[view.conversation_id] += 1

    def leave(self, view: View) -> None:
        """Count a viewer out."""
        self._viewers[view.conversation_id] -= 1
        if not self._viewers[view.conversation_id]:
            del self._viewers[view.conversation_id]

    async def reread(self, view: View, after: int) -> Found:
        """Judge a viewer again, and read what there is by now behind a place.

        Problem when the database is away.
        """
        id_ = view.conversation_id
        if self._viewers[id_] < 2:
            now = self._tools.clock.now()
            return (await self._tools.db.read(reread, [(view, after)], now))[0]
        mine: asyncio.Future[Found] = asyncio.get_running_loop().create_future()
        if id_ not in self._waiting:
            self._waiting[id_] = []
            # A task of its own, because whoever came first may leave first. It begins when all
            # whom the same hint has woken have had their turn.
            reading_ = asyncio.create_task(self._read(id_))
            self._readings.add(reading_)
            reading_.add_done_callback(self._readings.discard)
        self._waiting[id_].append(((view, after), mine))
        return await mine

    async def _read(self, conversation_id: str) -> None:
        waiting = self._waiting.pop(conversation_id)
        asked = [each for each, _ in waiting]
        try:
            found = await self._tools.db.read(reread, asked, self._tools.clock.now())
        except Exception as error:  # noqa: BLE001 - it is for those who wait to say what it means
            for _, future in waiting:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), each in zip(waiting, found, strict=True):
            if not future.done():
                future.set_result(each)
