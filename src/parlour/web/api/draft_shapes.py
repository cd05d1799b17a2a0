"""Uploaded documents, and what came of asking a backend once, as programs see them."""

import dataclasses

import msgspec

from parlour.agents.trial import Tried
from parlour.agents.uploading import Listed
from parlour.kit.clock import rfc3339


class DocumentShown(msgspec.Struct, frozen=True):
    """A document that was uploaded to an agent's draft."""

    name: str
    bytes: int
    sha256: str
    uploaded_at: str
    uploaded_by: str
    published: bool
    """Whether visitors get answers from it."""
    problem: str | None
    """Why it could not be read, once that was tried."""


class Trial(msgspec.Struct, frozen=True):
    """What came of asking a backend one question; nothing of it is kept."""

    answered: bool
    text: str
    problem: str
    """What is wrong; empty when it answered."""
    code: str
    """`unreachable`, `refused`, `rate_limited`, `bad_answer`, `timeout`, `misconfigured`."""
    first_ms: int | None
    """Milliseconds to the first word."""
    total_ms: int
    tokens: int | None


def document_shown(found: Listed) -> DocumentShown:
    """Show an uploaded document."""
    kept = found.document
    return DocumentShown(
        name=kept.name,
        bytes=kept.size,
        sha256=kept.digest,
        uploaded_at=rfc3339(kept.at),
        uploaded_by=kept.by,
        published=found.published,
        problem=found.problem or None,
    )


def trial_shown(found: Tried) -> Trial:
    """Show what came of asking a backend."""
    return Trial(**dataclasses.asdict(found))
