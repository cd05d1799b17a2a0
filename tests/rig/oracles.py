"""What must hold after every step of every test, whatever the test is about."""

import json
import re
import sqlite3
from collections.abc import Mapping
from pathlib import Path

LEAKS = {
    "a stack trace": r"Traceback|File \"[^\"]+\", line \d+",
    "SQL": r"\b(SELECT .+ FROM|INSERT INTO|UPDATE .+ SET|DELETE FROM)\b|sqlalchemy|asyncpg",
    "a path of the machine": r"/(usr|home|root|tmp|var)/|site-packages",
    "an internal address": r"\b(10\.\d+|192\.168|172\.(1[6-9]|2\d|3[01]))\.\d+\.\d+\b",
}


def check_problem(status: int, headers: Mapping[str, str], body: bytes) -> str:
    """O1: an error is a problem document that gives nothing away; answers with its code."""
    kind = _header(headers, "content-type")
    assert kind.startswith("application/problem+json"), f"{status} with {kind!r}: {body[:300]!r}"
    problem = json.loads(body)
    assert problem["status"] == status, problem
    for name in ("type", "title", "code"):
        assert isinstance(problem.get(name), str), f"no {name} in {problem}"
        assert problem[name], f"empty {name} in {problem}"
    check_gives_nothing_away(body.decode().replace('\\"', '"'))
    return str(problem["code"])


def check_gives_nothing_away(text: str) -> None:
    """O1: no stack, SQL, path or internal address in what goes out."""
    for what, pattern in LEAKS.items():
        found = re.search(pattern, text)
        assert found is None, f"{what} went out: {found.group()!r}"


def check_no_secrets(text: str, *secrets: str) -> None:
    """O3: none of the secrets stands in a log, a metric, a file or a mail."""
    for secret in secrets:
        assert secret not in text, f"a secret is written down: …{_around(text, secret)}…"


def _around(text: str, secret: str) -> str:
    place = text.index(secret)
    return text[max(0, place - 60) : place] + "<secret>" + text[place + len(secret) :][:20]


def check_headers(status: int, headers: Mapping[str, str]) -> None:
    """O7: the headers that every response carries, errors included."""
    assert _header(headers, "x-content-type-options") == "nosniff", f"{status}: {dict(headers)}"
    told = {"no-referrer"}
    if _header(headers, "content-type").startswith("text/html"):
        told.add("same-origin")  # over plain http from another machine
    assert _header(headers, "referrer-policy") in told, f"{status}: {dict(headers)}"
    assert not _header(headers, "server"), f"names itself: {_header(headers, 'server')}"
    assert not _header(headers, "x-powered-by")
    kind = _header(headers, "content-type")
    if kind.startswith("text/"):
        assert "charset=utf-8" in kind.lower(), f"no charset in {kind!r}"
    if kind.startswith("text/html"):
        policy = _header(headers, "content-security-policy")
        assert "default-src 'none'" in policy, f"{status}: policy {policy!r}"
        assert "unsafe-" not in policy, policy


def check_never_cached(headers: Mapping[str, str]) -> None:
    """LNK-07: whatever a token opened stays out of caches and search engines."""
    assert "no-store" in _header(headers, "cache-control"), dict(headers)
    assert "noindex" in _header(headers, "x-robots-tag"), dict(headers)


def check_database_file(path: Path) -> None:
    """O9: the SQLite file is whole and no row points nowhere."""
    connection = sqlite3.connect(path)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    finally:
        connection.close()


def _header(headers: Mapping[str, str], name: str) -> str:
    for key, value in headers.items():
        if key.lower() == name:
            return value
    return ""
