"""Links handed out together: as CSV for a spreadsheet, and as a sheet of codes to print."""

import csv
import io

import pytest
from pypdf import PdfReader

from parlour.web import handouts
from parlour.web.handouts import Handout

URL = "https://chat.example.org/chat/E2ZLzN9Zb1GqAAAAALq4kR1cZl2u1bq4m3QxT8yz"


def handed(name: str, max_uses: int = 10) -> Handout:
    return Handout(name, URL, 3, max_uses, 1_795_000_000_000, None)


def test_a_table_for_spreadsheets() -> None:
    """Nothing in it is a formula, whatever somebody is called."""
    written = handouts.table([handed("Żółć, Łukasz"), handed("=1+1"), handed("@ana")])
    assert written.startswith(b"\xef\xbb\xbf")
    heads, *rows = csv.reader(io.StringIO(written.decode("utf-8-sig")))
    assert heads == ["name", "url", "uses", "max_uses", "created_at", "last_used_at"]
    assert [row[0] for row in rows] == ["Żółć, Łukasz", "'=1+1", "'@ana"]
    assert rows[0][1:] == [URL, "3", "10", "2026-11-18T11:06:40.000Z", ""]


@pytest.mark.parametrize(("many", "pages"), [(0, 1), (1, 1), (12, 1), (13, 2), (50, 5)])
def test_a_sheet_has_twelve_cards_a_page(many: int, pages: int) -> None:
    drawn = handouts.sheet("Handbook", [handed(f"Person {n}") for n in range(many)])
    read = PdfReader(io.BytesIO(drawn))
    text = "".join(page.extract_text() for page in read.pages)
    assert [f"Person {n}" in text for n in range(many)] == [True] * many
    assert len(read.pages) == pages


@pytest.mark.parametrize("name", ["Иван Петров", "Ελένη", "Zoë O'Hara & <b>", "王小明", "김철수"])
def test_names_are_written_in_their_letters(name: str) -> None:
    read = PdfReader(io.BytesIO(handouts.sheet("Handbook", [handed(name, 1)])))
    text = read.pages[0].extract_text()
    assert name in text
    assert "One use" in text


def test_what_no_font_can_write_and_what_is_too_long() -> None:
    read = PdfReader(io.BytesIO(handouts.sheet("x" * 300, [handed("\U0001f600" * 9 + "y" * 400)])))
    text = read.pages[0].extract_text()
    assert "\u25a1" in text
    assert "\u2026" in text
