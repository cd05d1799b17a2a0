"""Reads the answer of a webhook, whole or line by line, and holds back what is not signed."""

import hashlib
from collections.abc import Iterator
from typing import Any, Final

import orjson

from parlour.agents.backends.webhook.signing import Proof
from parlour.agents.contract import BackendFailure, Part
from parlour.agents.parts import MAX_PARTS, part_of

_NOT_DATA: Final = (b":", b"event:", b"id:", b"retry:")


class PartReader:
    """Turns lines into parts; with a proof, holds back what is not signed yet."""

    def __init__(self, proof: Proof | None) -> None:
        """Begin a stream."""
        self._proof = proof
        self._held: list[Part] = []
        self._signed = proof is None
        self._count = 0
        self._hash = hashlib.sha256()

    def take(self, line: bytes) -> Iterator[Part]:
        """Take a line and yield the parts that may be shown now."""
        line = line.strip()
        if not line or line.startswith(_NOT_DATA):
            return
        line = line.removeprefix(b"data:").strip()
        if not line or line == b"[DONE]":
            return
        self._count += 1
        if self._count > MAX_PARTS:
            raise BackendFailure("bad_answer", "the answer has too many parts")
        document = json_of(line)
        if self._proof is None:
            if (part := part_of(document)) is not None:
                yield part
            return
        if isinstance(document, dict) and document.get("type") == "signature":
            self._proof.verify_digest(self._hash.hexdigest(), document)
            yield from self._held
            self._held.clear()
            self._signed = True
        else:
            self._signed = False
            if (part := part_of(document)) is not None:
                self._held.append(part)
        self._hash.update(line + b"\n")

    def end(self) -> None:
        """Refuse a stream that ends with something unsigned."""
        if not self._signed:
            raise BackendFailure("bad_answer", "the answer does not end with a signature")


def json_of(raw: bytes) -> Any:
    """Read JSON, or call the answer a bad one."""
    try:
        return orjson.loads(raw)
    except ValueError:
        raise BackendFailure("bad_answer", "the answer is not JSON") from None
