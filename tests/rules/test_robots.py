"""Who opens a page, and which program only fetches it."""

from typing import Any

import pytest

from parlour.web import robots

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1"


@pytest.mark.parametrize(
    ("method", "headers", "is_person"),
    [
        ("GET", {"user-agent": PHONE}, True),
        ("HEAD", {"user-agent": PHONE}, False),
        ("GET", {}, False),
        ("GET", {"user-agent": ""}, False),
        ("GET", {"user-agent": PHONE, "sec-purpose": "prefetch;prerender"}, False),
        ("GET", {"user-agent": PHONE, "x-purpose": "preview"}, False),
        ("GET", {"user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}, False),
        ("GET", {"user-agent": "WhatsApp/2.23"}, False),
        ("GET", {"user-agent": "Slackbot-LinkExpanding 1.0"}, False),
        ("GET", {"user-agent": "Mozilla/5.0 HeadlessChrome/130"}, False),
        ("GET", {"user-agent": "curl/8.5"}, False),
    ],
)
def test_who_opens_a_page(method: str, headers: dict[str, str], is_person: bool) -> None:
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope: Any = {"method": method, "headers": pairs}
    assert robots.is_person(scope) is is_person
