"""CSV for spreadsheets: whatever somebody said, it stays text (SHR-11)."""

import csv
import io

import pytest

from parlour.web import spreadsheets


def read(content: bytes, sign: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=sign))


@pytest.mark.parametrize(
    "text",
    [
        "=cmd|'/C calc'!A0",
        "+1",
        "-2+3+cmd|' /C calc'!A0",
        "@SUM(1+1)",
        "\t=1+1",
        "  =1+1",
        "\u00a0=1+1",
        '"=1+1"',
        "\uff1d1+1",
        "Hello;=1+1;A",
        "Hello\n=1+1",
        "Hello\r\n+1",
        'a","=1+1',
        "Hello\t@SUM(A1)",
    ],
)
@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_nothing_is_a_formula_however_it_is_cut(text: str, sign: str) -> None:
    """Programs of other countries cut at other signs than a comma."""
    for line in read(spreadsheets.written([["head", text, 7, None]]), sign):
        for cell in line:
            assert cell.strip(" \u00a0\t\"'\n")[:1] not in tuple("=+-@\uff1d") or "'" in cell, cell
            assert cell.lstrip(' \u00a0\t"\n')[:1] not in tuple("=+-@\uff1d"), cell


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Hello",
        'He said "hello", twice',
        "One\ntwo",
        "a = b",
        "5 - 3",
        "x@example.org",
        "\u00dc",
    ],
)
def test_all_else_comes_back_as_it_was(text: str) -> None:
    assert read(spreadsheets.written([[text, "end"]])) == [[text, "end"]]


@pytest.mark.parametrize("text", ["\thello", "\rhello", "\t=1+1"])
def test_no_cell_begins_with_a_tab_or_a_return(text: str) -> None:
    assert read(spreadsheets.written([[text]]))[0][0].startswith("'")


def test_what_no_cell_may_hold() -> None:
    assert read(spreadsheets.written([["a\x00b\x1b[2Jc"]])) == [["a\ufffdb\ufffd[2Jc"]]
    assert spreadsheets.written([["a", 1, None]]) == b'\xef\xbb\xbf"a","1",""\r\n'
