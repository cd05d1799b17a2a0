"""Meaning as numbers, where the owner names a server that makes them: asked for and compared.

Needs numpy, the `embeddings` extra: comparing ten thousand passages takes a third of a second
without it, and one or two thousandths with it.
"""

import asyncio
import importlib.util
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from parlour.kit.errors import Unavailable
from parlour.kit.http import Blocked, Deadlines, RequestFailed
from parlour.tools import Tools

if TYPE_CHECKING:
    import numpy as np

_BATCH: Final = 32
_LONGEST: Final = 2_000
"""Characters of a passage that are sent."""
_ATTEMPTS: Final = 3
_BATCH_DEADLINES: Final = Deadlines(connect=10, first_byte=120, idle=30, total=180)
_QUESTION_DEADLINES: Final = Deadlines(connect=2, first_byte=3, idle=2, total=4)
"""A visitor waits: better an answer without than a late one."""
_KEPT: Final = 2
"""Libraries whose numbers stay in memory, each about 20 MB for ten thousand passages."""


class _Vector(msgspec.Struct):
    index: int
    embedding: list[float]


class _Reply(msgspec.Struct):
    data: list[_Vector]


@dataclass(frozen=True, slots=True)
class Server:
    """Who turns texts into numbers."""

    url: str
    model: str
    key: str = ""


def available() -> bool:
    """Whether numpy is installed."""
    return importlib.util.find_spec("numpy") is not None


async def of_passages(tools: Tools, server: Server, texts: list[str]) -> bytes:
    """Return the numbers of texts, one after the other; Unavailable when the server gives none."""
    made = b""
    for start in range(0, len(texts), _BATCH):
        batch = [text[:_LONGEST] for text in texts[start : start + _BATCH]]
        made += await _patiently(tools, server, batch)
    return made


async def of_question(tools: Tools, server: Server, question: str) -> bytes | None:
    """Return the numbers of a question; None when they do not come soon."""
    try:
        return await _ask(tools, server, [question[:_LONGEST]], _QUESTION_DEADLINES)
    except Unavailable:
        return None


async def _patiently(tools: Tools, server: Server, texts: list[str]) -> bytes:
    for attempt in range(1, _ATTEMPTS):
        try:
            return await _ask(tools, server, texts, _BATCH_DEADLINES)
        except Unavailable:
            await asyncio.sleep(attempt)
    return await _ask(tools, server, texts, _BATCH_DEADLINES)


async def _ask(tools: Tools, server: Server, texts: list[str], deadlines: Deadlines) -> bytes:
    headers = {"Authorization": f"Bearer {server.key}"} if server.key else {}
    document = {"model": server.model, "input": texts, "encoding_format": "float"}
    try:
        status, body = await tools.http.post_json(
            server.url, document, headers=headers, deadlines=deadlines
        )
    except (RequestFailed, Blocked) as error:
        raise Unavailable(f"the embeddings server cannot be asked: {error}") from error
    if status != 200:
        raise Unavailable(f"the embeddings server answered with status {status}")
    return _packed(body, len(texts))


def _packed(body: bytes, count: int) -> bytes:
    """Write the numbers of a reply in half precision, each text's at length one."""
    import numpy as np  # noqa: PLC0415 - only who asked for it has it

    try:
        vectors = sorted(msgspec.json.decode(body, type=_Reply).data, key=lambda each: each.index)
        matrix = np.array([each.embedding for each in vectors], dtype=np.float32)
    except (msgspec.DecodeError, ValueError):
        raise Unavailable("the embeddings server answered with something else") from None
    if matrix.ndim != 2 or len(matrix) != count or not np.isfinite(matrix).all():
        raise Unavailable("the embeddings server answered with numbers that do not fit")
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    packed: bytes = (matrix / np.maximum(lengths, 1e-9)).astype(np.float16).tobytes()
    return packed


class Kept:
    """The numbers of a few libraries, so that they are not read from the database each time."""

    def __init__(self) -> None:
        self._matrices: OrderedDict[tuple[str, int, str], Any] = OrderedDict()

    def find(self, key: tuple[str, int, str]) -> "np.ndarray[Any, Any] | None":
        """Return the matrix of (agent, generation, model), one row per passage."""
        found = self._matrices.get(key)
        if found is not None:
            self._matrices.move_to_end(key)
        return found

    def keep(self, key: tuple[str, int, str], matrix: "np.ndarray[Any, Any]") -> None:
        """Keep a matrix, and let go of older ones of the same agent, and of the least used."""
        for other in [each for each in self._matrices if each[0] == key[0]]:
            del self._matrices[other]
        self._matrices[key] = matrix
        while len(self._matrices) > _KEPT:
            self._matrices.popitem(last=False)


def stacked(blobs: list[tuple[int, bytes | None]]) -> "np.ndarray[Any, Any] | None":
    """Put documents' numbers below one another; given are (passages, numbers) in order.

    A document that has none yet gets zeros: it is as far from everything as can be.
    """
    import numpy as np  # noqa: PLC0415 - only who asked for it has it

    width = next((len(blob) // 2 // count for count, blob in blobs if blob and count), 0)
    if not width:
        return None
    rows = [
        np.frombuffer(blob, np.float16)
        if blob and len(blob) == count * width * 2
        else np.zeros(count * width, np.float16)
        for count, blob in blobs
    ]
    return np.concatenate(rows).reshape(-1, width).astype(np.float32)


def nearest(matrix: "np.ndarray[Any, Any]", question: bytes, most: int) -> list[tuple[float, int]]:
    """Return the passages nearest to a question, as (likeness, number), nearest first."""
    import numpy as np  # noqa: PLC0415 - only who asked for it has it

    asked = np.frombuffer(question, np.float16).astype(np.float32)
    if asked.shape[0] != matrix.shape[1]:
        return []
    likeness = matrix @ asked
    best = np.argsort(-likeness, kind="stable")[:most]
    return [(float(likeness[number]), int(number)) for number in best]
