"""A chat in pages of other sites where the server is reached over plain http: who is told of it."""

from pathlib import Path
from typing import Any

import pytest

from parlour.cli import arriving
from parlour.config import load
from parlour.web import edge, framing

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


@pytest.mark.parametrize(
    ("public", "headers", "policy"),
    [
        # A browser on another machine, which says nothing of where it comes from.
        (FAR, {"host": "chat.intern.example"}, "same-origin"),
        (NEAR, {"host": "10.0.0.5:8080"}, "same-origin"),
        # One that says it; one on this machine; whatever comes by https; a file.
        (FAR, {"host": "chat.intern.example", "sec-fetch-site": "none"}, "no-referrer"),
        (NEAR, {"host": "127.0.0.1:8080"}, "no-referrer"),
        (NEAR, {"host": "localhost:8080"}, "no-referrer"),
        (NEAR, {"host": "[::1]:8080"}, "no-referrer"),
        ("https://chat.example.org", {"host": "chat.example.org"}, "no-referrer"),
        (FAR, {"host": "chat.intern.example", "x-wanted": "text/css"}, "no-referrer"),
    ],
)
async def test_pages_let_browsers_name_the_origin_of_forms_where_nothing_else_does(
    public: str, headers: dict[str, str], policy: str, tmp_path: Path
) -> None:
    """LNK-07: to other sites nothing is told in any case."""
    settings = load({"PARLOUR_PUBLIC_URL": public, "PARLOUR_DATA_DIR": str(tmp_path)})
    told: list[dict[bytes, bytes]] = []

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        kind = headers.get("x-wanted", "text/html; charset=utf-8").encode()
        start = {"type": "http.response.start", "status": 200}
        await send({**start, "headers": [(b"content-type", kind)]})

    async def send(message: Any) -> None:
        told.append(dict(message["headers"]))

    sent = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "GET", "path": "/x", "raw_path": b"/x", "headers": sent}
    await edge.Edge(app, settings)(scope, None, send)  # type: ignore[arg-type]
    assert [each[b"referrer-policy"].decode() for each in told] == [policy]


SITES = ("http://shop.example", "http://intra.intern.example", "http://10.0.0.9", "http://intern")


@pytest.mark.parametrize(
    ("public", "came", "is_lost"),
    [
        (FAR, "http://shop.example/cart", True),
        (FAR, "http://intra.intern.example/", False),
        (FAR, "http://other.example/", False),
        (FAR, "", False),
        ("http://10.0.0.5:8080", "http://10.0.0.9/", True),
        ("http://10.0.0.9:8080", "http://10.0.0.9/", False),
        ("http://intern:8080", "http://intern/", False),
        (NEAR, "http://shop.example/cart", False),
        ("https://chat.example.org", "http://shop.example/cart", False),
    ],
)
def test_who_without_scripts_is_told_that_nothing_is_kept(
    public: str, came: str, *, is_lost: bool, tmp_path: Path
) -> None:
    """WID-10: in a page of another site of the list, where browsers keep nothing."""
    settings = load({"PARLOUR_PUBLIC_URL": public, "PARLOUR_DATA_DIR": str(tmp_path)})
    scope: Any = {"headers": [(b"referer", came.encode())] if came else []}
    assert framing.is_lost(scope, settings, SITES) is is_lost
