"""What an uploaded document is, and what it is called, whatever its sender says (INP-06)."""

import time

import pytest

from parlour.agents.naming import LONGEST, named

TEXT = b"Some words."
HTML = b"<!doctype html><title>x</title>"
PDF = b"%PDF-1.7\n..."


@pytest.mark.parametrize(
    ("given", "content", "kept"),
    [
        ("a.md", TEXT, "a.md"),
        ("A.Markdown", TEXT, "A.Markdown"),
        ("README", TEXT, "README.txt"),
        ("notes.rst", TEXT, "notes.rst.txt"),
        ("page.txt", HTML, "page.txt.html"),
        ("page.htm", HTML, "page.htm"),
        ("page.html", TEXT, "page.html"),
        ("odd.md", PDF, "odd.md.pdf"),
        ("x.pdf", b"\n" * 20 + PDF, "x.pdf"),
        ("../../etc/passwd", TEXT, "passwd.txt"),
        ("C:\\Users\\me\\plan.md", TEXT, "plan.md"),
        ("  .hidden.md ", TEXT, "hidden.md"),
        ("two\n lines.md", TEXT, "two lines.md"),
        ("CON", TEXT, "CON.txt"),
        ("e\u0301.md", TEXT, "\u00e9.md"),
        ("utf16.txt", "\ufeffWörter".encode("utf-16-le"), "utf16.txt"),
        ("x" * 500 + ".md", TEXT, "x" * (LONGEST - 3) + ".md"),
        ("page.html", b"<?xml version='1.0'?>\n<!-- a -->\n<html>", "page.html"),
    ],
)
def test_names(given: str, content: bytes, kept: str) -> None:
    assert named(given, content) == kept


def test_comments_before_anything_else_cost_nothing() -> None:
    """INP-06: thirty of them kept the whole server busy for minutes."""
    began = time.thread_time()
    assert named("a.md", b"<!-- -->\n" * 900 + b"words") == "a.md"
    assert named("a.md", b"<!--" * 2_000) == "a.md"
    assert named("a", b"<!-- -->\n" * 800 + b"<html>") == "a.html"
    assert time.thread_time() - began < 1
