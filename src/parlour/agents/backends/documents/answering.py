"""Answers out of documents: the passages that answer, cut to what matters, each with its source."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import sqlalchemy as sa

from parlour.agents.backends.documents.recalling import greeted, recalled
from parlour.agents.backends.documents.words import counted, courtesy, leans_back, say
from parlour.agents.contract import Citation, Part, Question, Status, Suggestion, Text
from parlour.agents.library import store, vectors
from parlour.agents.library.excerpts import Excerpt, excerpt
from parlour.agents.library.markup import escaped, is_code
from parlour.agents.library.meaning import Meaning
from parlour.agents.library.searching import Found, Hit, search
from parlour.tools import Tools

_ENOUGH: Final = 0.65
"""How certain the best passage must be for it to be an answer."""
_FIRST_WORDS: Final = 110
_NEXT_WORDS: Final = 60
_SHOWN: Final = 3
_AS_GOOD: Final = 0.75
"""A further passage is quoted when it scores this share of the best; otherwise it is named."""


_PATIENCE: Final = 20.0
_LOOK_SECONDS: Final = 0.2

_NEXT: Final = 3
"""Places that are offered to be asked about next."""
_LONGEST_NEXT: Final = 60

_NAME: Final = 80
"""Letters of a place's name that are shown."""


class Documents:
    """An agent that looks things up."""

    repeatable = True

    def __init__(
        self,
        agent_id: str,
        tools: Tools,
        server: vectors.Server | None = None,
        *,
        patience: float = _PATIENCE,
    ) -> None:
        """Take the embeddings server to ask, if any, and the seconds to wait for a first index."""
        self._server = server
        self._patience = patience
        self._agent_id = agent_id
        self._tools = tools

    async def answer(self, question: Question) -> AsyncIterator[Part]:
        """Search, choose and quote; the same question gives the same answer.

        What the visitor told of themselves is said back first where they ask for it.
        """
        kind = courtesy(question.text)
        if polite := greeted(question, kind) or (kind and say(kind, question.language)):
            yield Text(polite)
            return
        own = recalled(question)
        if own is not None:
            yield Text(own.text)
            if own.is_all:
                return
        async for part in self._look_up(question, is_all=own is None):
            yield part

    async def _look_up(self, question: Question, *, is_all: bool) -> AsyncIterator[Part]:
        """Answer out of documents; unless that is all the answer, only where they have one."""
        language = question.language
        if (state := await self._index()) is None:
            yield Status(say("first_reading", language))
            state = await self._first_index()
        if state is None:
            if is_all:
                yield Text(say("not_ready", language))
            return
        yield Status(counted("searching", state.documents, language))
        found = await search(
            self._tools, self._agent_id, question.text, _before(question), self._server
        )
        if not is_answer(found):
            for part in _declined(found, language) if is_all else []:
                yield part
            return
        told = found.hits[:_SHOWN]
        yield Status(counted("reading", len(told), language))
        if not is_all:
            yield Text("\n\n")
        for part in _told(found, told, language):
            yield part
        for place in _next_to(found.hits, told):
            yield Suggestion(place)

    async def _index(self) -> sa.Row[Any] | None:
        state = await self._tools.db.read(store.state_of, self._agent_id)
        return state if state is not None and state.generation else None

    async def _first_index(self) -> sa.Row[Any] | None:
        """Wait for documents that nobody has read before: a few are there within a second."""
        until = asyncio.get_running_loop().time() + self._patience
        while (found := await self._index()) is None:
            if asyncio.get_running_loop().time() >= until:
                break
            await asyncio.sleep(_LOOK_SECONDS)
        return found


def _before(question: Question) -> str:
    """Return the visitor's message before this one, when this one leans on it."""
    if not leans_back(question.text, Meaning(question.text).telling):
        return ""
    earlier = [said.text for said in question.messages[:-1] if said.author == "visitor"]
    return next((text for text in reversed(earlier) if courtesy(text) is None), "")


def is_answer(found: Found) -> bool:
    """Whether what was found answers, as far as its words can tell."""
    return bool(found.hits) and max(hit.certainty for hit in found.hits[:_SHOWN]) >= _ENOUGH


def _declined(found: Found, language: str) -> list[Part]:
    near = found.hits[:_SHOWN]
    parts: list[Part] = [Text(say("none", language))]
    if near and near[0].certainty > 0:
        parts.append(Text(f"\n\n{say('nearest', language)}\n"))
        for n, hit in enumerate(near, 1):
            parts.append(Text(f"\n- {_name(hit)} [{n}]"))
            parts.append(_citation(n, hit, _excerpt(found, hit, _NEXT_WORDS).quote))
    else:
        parts.append(Text(f" {say('next', language)}"))
    return parts


def _told(found: Found, told: tuple[Hit, ...], language: str) -> list[Part]:
    parts: list[Part] = []
    named: list[tuple[int, Hit]] = []
    for n, hit in enumerate(told, 1):
        if n > 1 and hit.score < _AS_GOOD * told[0].score:
            named.append((n, hit))
            continue
        chosen = _excerpt(found, hit, _FIRST_WORDS if n == 1 else _NEXT_WORDS)
        lead = f"**{_name(hit)}**\n\n" if n == 1 else f"\n\n**{_name(hit)}**\n\n"
        mark = "\n\n" if is_code(chosen.text.split("\n\n")[-1]) or _ends_in_fence(chosen) else " "
        parts += [Text(piece) for piece in _chunks(f"{lead}{chosen.text}{mark}[{n}]")]
        parts.append(_citation(n, hit, chosen.quote))
    if named:
        listing = ", ".join(f"{_name(hit)} [{n}]" for n, hit in named)
        parts.append(Text(f"\n\n{say('related', language)} {listing}"))
        for n, hit in named:
            parts.append(_citation(n, hit, _excerpt(found, hit, _NEXT_WORDS).quote))
    return parts


def _next_to(hits: tuple[Hit, ...], told: tuple[Hit, ...]) -> list[str]:
    """Name places that one may want to read next: found for the same question, not yet told."""
    said = {hit.headings[-1].casefold() for hit in told if hit.headings}
    places: dict[str, str] = {}
    for hit in hits[len(told) :]:
        name = " ".join(hit.headings[-1].split()) if hit.headings else ""
        is_asked = 1 < len(name) <= _LONGEST_NEXT and any(map(str.isalpha, name))
        if is_asked and name.casefold() not in said:
            places.setdefault(name.casefold(), name)
    return [*places.values()][:_NEXT]


def _ends_in_fence(chosen: Excerpt) -> bool:
    return chosen.text.rstrip().endswith(("```", "|")) or chosen.text.startswith(("- ", "1. "))


def _excerpt(found: Found, hit: Hit, words: int) -> Excerpt:
    def score(text: str) -> float:
        return found.meaning.coverage(text) + 0.5 * found.meaning.closeness(text)

    return excerpt(hit.text, score, words)


def _name(hit: Hit) -> str:
    """Name a place by its document and the heading nearest to it."""
    last = hit.headings[-1] if hit.headings else ""
    name = hit.title if last in ("", hit.title) else f"{hit.title} › {last}"
    return escaped(name if len(name) <= _NAME else name[:_NAME].rstrip() + "…")


def _citation(n: int, hit: Hit, quote: str) -> Citation:
    return Citation(
        n=n,
        title=hit.title,
        source=hit.path,
        quote=quote,
        section=" › ".join(hit.headings),
        passage=hit.passage,
    )


def _chunks(text: str) -> list[str]:
    """Cut a text after its lines and sentences, so that it appears as it would be read."""
    chunks: list[str] = []
    for line in text.splitlines(keepends=True):
        rest = line
        while (end := rest.find(". ")) >= 0:
            chunks.append(rest[: end + 2])
            rest = rest[end + 2 :]
        chunks.append(rest)
    return chunks
