"""Where the completions of an openai backend are: one address, however the base is written."""

import pytest

from parlour.agents.backends.openai.config import endpoint
from parlour.kit.http import Blocked


@pytest.mark.parametrize(
    ("base", "whole"),
    [
        ("http://h:8000", "http://h:8000/v1/chat/completions"),
        ("http://h:8000/", "http://h:8000/v1/chat/completions"),
        ("http://h:8000/v1", "http://h:8000/v1/chat/completions"),
        ("http://h:8000/v1/", "http://h:8000/v1/chat/completions"),
        ("https://h/v1beta/openai/", "https://h/v1beta/openai/chat/completions"),
        ("https://h/v1/chat/completions", "https://h/v1/chat/completions"),
        ("https://h/d/gpt?api-version=2", "https://h/d/gpt/chat/completions?api-version=2"),
    ],
)
def test_where_the_completions_are(base: str, whole: str) -> None:
    assert endpoint(base) == whole


def test_a_base_that_can_be_read_in_two_ways() -> None:
    """SSR-04."""
    with pytest.raises(Blocked):
        endpoint("http://a\\@b/v1")
