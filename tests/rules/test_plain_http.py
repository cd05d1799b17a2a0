"""A chat in pages of other sites where the server is reached over plain http: who is told of it."""

from pathlib import Path

import pytest

from parlour.cli import arriving
from parlour.config import load
from parlour.web import framing

FAR, NEAR = "http://chat.intern.example", "http://127.0.0.1:8080"


@pytest.mark.parametrize(
    ("url", "keeps"), [(FAR, False), (NEAR, True), ("https://chat.intern.example", True)]
)
async def test_owners_are_told_where_browsers_keep_nothing(
    url: str, keeps: bool, tmp_path: Path
) -> None:
    """WID-10: by the doctor, and in the studio beside the lines for the page."""
    settings = load({"PARLOUR_PUBLIC_URL": url, "PARLOUR_DATA_DIR": str(tmp_path)})
    assert framing.keeps_cookies(settings) is keeps
    # There is no instance in this folder, so nothing is called.
    found = [each.told async for each in arriving.address(settings)]
    assert any("in a tab of its own only" in each for each in found) is not keeps
