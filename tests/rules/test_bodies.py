"""Bodies that no handler must see (INP-02)."""

import pytest

from parlour.kit.errors import Invalid
from parlour.web.bodies import read_json


@pytest.mark.parametrize(
    "body",
    [
        b'{"message": "\\ud800"}',
        b'{"\\udfff": 1}',
        b'{"a": [{"b": "x\\ud83dy"}]}',
        b'{"a": 1, "a": 2}',
        b'{"a": NaN}',
        b'{"a": "\xff"}',
        b"[" * 100_000,
        b"",
        b"{",
    ],
)
def test_refused(body: bytes) -> None:
    with pytest.raises(Invalid):
        read_json(body)


def test_whole_pairs_and_every_script_are_text() -> None:
    found = read_json('{"a": "\\ud83d\\ude00 \\u00e9 日本 العربية"}'.encode())
    assert found == {"a": "😀 é 日本 العربية"}
