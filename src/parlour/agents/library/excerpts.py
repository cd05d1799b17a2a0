"""The part of a passage that answers: its telling sentences, steps and code, nothing cut in two."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from parlour.agents.library.markup import blocks_of, is_code, is_list, is_table, plain
from parlour.agents.library.splitting import items_of, sentences_of

Score = Callable[[str], float]
"""How much of what was asked a text speaks of."""

_CODE_LINES: Final = 30
_LIST_WORDS: Final = 110
_ITEMS: Final = 4
_ROWS: Final = 6
_CLOSE: Final = 0.55
"""Sentences that say this share of what the best one says belong to the answer too."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What is shown of a passage."""

    text: str
    """Markdown."""
    quote: str
    """What answers best, in plain words as they stand in the document."""


@dataclass(slots=True)
class _Piece:
    block: int
    text: str
    kind: str
    score: float
    words: int
    chosen: bool = False


_LEANS: Final = re.compile(
    r"\W*(?:this|these|that|those|it|its|they|such|thus|therefore|hence|however|otherwise|but|and|so|also"
    r"|then|instead|if so|in (?:this|that|such|either|both) cases?|unlike|similarly|likewise"
    r"|for example|for instance|moreover|furthermore|consequently|nevertheless|note that|here)\b",
    re.IGNORECASE,
)
"""A sentence that begins so is understood only after the one before it."""
_FIRST: Final = 1.15
"""The first sentence of a passage often says what it is about."""


def excerpt(passage: str, score: Score, words: int) -> Excerpt:
    """Choose about `words` words of a passage, in their order, code and short lists whole."""
    pieces = list(_pieces(passage, score))
    if pieces[0].kind == "text":
        pieces[0].score *= _FIRST
    best = max(range(len(pieces)), key=lambda n: (pieces[n].score, -n))
    left = words - _choose(pieces, best)
    start = best
    while start and pieces[start].kind == "text" and _LEANS.match(pieces[start].text):
        start -= 1
        left -= 0 if pieces[start].chosen else _choose(pieces, start)
    for n in _neighbours(pieces, best):
        piece = pieces[n]
        if piece.chosen or piece.words > left:
            continue
        if piece.score >= _CLOSE * pieces[best].score or _belongs(pieces, n):
            left -= _choose(pieces, n)
    for before, piece, after in zip(pieces, pieces[1:], pieces[2:], strict=False):
        # Code in the midst of what is shown is what it speaks of.
        piece.chosen |= piece.kind == "code" and before.chosen and after.chosen
    quote = " ".join(plain(pieces[best].text).split()) if pieces[best].kind == "text" else ""
    return Excerpt(_joined(pieces), quote or plain(pieces[best].text).strip())


def _pieces(passage: str, score: Score) -> Iterator[_Piece]:
    for number, block in enumerate(blocks_of(passage)):
        if is_code(block):
            yield _Piece(number, _cut_code(block), "code", 0.6 * score(block), 0)
        elif is_table(block):
            text = _cut_table(block, score)
            yield _Piece(number, text, "table", 0.9 * score(text), len(text.split()) // 2)
        elif is_list(block):
            text = _cut_list(block, score)
            yield _Piece(number, text, "list", score(text), len(text.split()))
        else:
            caption = block.startswith("**") and block.endswith("**")
            for sentence in sentences_of(block):
                worth = 0.0 if caption else score(sentence)
                yield _Piece(number, sentence, "text", worth, len(sentence.split()))


def _cut_code(block: str) -> str:
    lines = block.split("\n")
    if len(lines) <= _CODE_LINES + 2:
        return block
    return "\n".join([*lines[: _CODE_LINES + 1], "…", lines[-1]])


def _cut_list(block: str, score: Score) -> str:
    items = items_of(block)
    if len(block.split()) <= _LIST_WORDS or len(items) <= 2:
        return block
    ranked = sorted(range(len(items)), key=lambda n: (-score(items[n]), n))[:_ITEMS]
    return "\n".join(items[n] for n in sorted(ranked))


def _cut_table(block: str, score: Score) -> str:
    lines = block.split("\n")
    if len(lines) <= _ROWS + 2:
        return block
    rows = range(2, len(lines))
    ranked = sorted(rows, key=lambda n: (-score(lines[n]), n))[:_ROWS]
    return "\n".join([*lines[:2], *(lines[n] for n in sorted(ranked))])


def _choose(pieces: list[_Piece], n: int) -> int:
    """Choose a piece, and the code or list that its last words announce; returns their words."""
    pieces[n].chosen = True
    words = pieces[n].words
    after = n + 1
    announces = pieces[n].kind == "text" and pieces[n].text.rstrip("* ")[-1:] not in tuple(".!?")
    while after < len(pieces) and announces and not pieces[after].chosen:
        if pieces[after].kind == "text":
            break
        pieces[after].chosen = True
        words += pieces[after].words
        announces = pieces[after].kind == "code" and pieces[n].kind == "text"
        after += 1
        if pieces[after - 1].kind != "code" or after == n + 3:
            break
    before = pieces[n - 1] if n and pieces[n].kind == "code" else None
    if before is not None and before.kind == "text" and not before.chosen and before.words < 60:
        before.chosen = True
        words += before.words
    return words


def _neighbours(pieces: list[_Piece], best: int) -> Iterator[int]:
    """The pieces by their distance from the best one, those after it first."""
    for step in range(1, len(pieces)):
        for n in (best + step, best - step):
            if 0 <= n < len(pieces):
                yield n


def _belongs(pieces: list[_Piece], n: int) -> bool:
    """Whether a sentence goes on in the paragraph of one that was chosen just before it."""
    before = pieces[n - 1] if n else None
    return (
        before is not None
        and before.chosen
        and before.block == pieces[n].block
        and pieces[n].kind == "text"
    )


def _joined(pieces: list[_Piece]) -> str:
    parts: list[str] = []
    last: _Piece | None = None
    for n, piece in enumerate(pieces):
        if not piece.chosen:
            continue
        text = piece.text.rstrip()
        skipped = n > 0 and not pieces[n - 1].chosen and pieces[n - 1].block == piece.block
        if skipped and last is not None and last.block == piece.block:
            parts[-1] += " … " + text
        elif last is not None and last.block == piece.block:
            parts[-1] += " " + text
        else:
            parts.append(text)
        last = piece
    text = "\n\n".join(parts)
    return re.sub(r":$", ".", text) if not is_code(parts[-1]) else text
