"""What a log tells of a failure: something of use, and nothing of what was said."""

import pytest

from parlour.chat.discreet import discreet

SAID = [
    "My name is Åsa Heron, please check invoice 4711 for asa.heron@example.org",
    "明日の会議の資料を送ってください",
    "Why does the model not work with my hunter2pass token?",
]


@pytest.mark.parametrize(
    "told",
    [
        "the server answered 404: The model 'gpt-9' does not exist",
        "the server answered 429: Rate limit reached, try again later",
        "the server answered 400: maximum context length is 8192 tokens",
        "the model answered without any text, finish_reason content_filter",
        "BrokenPipeError: [Errno 32]",
    ],
)
def test_what_a_server_says_of_itself_stays(told: str) -> None:
    assert discreet(told, SAID) == told


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("the server answered 400: invalid content: 'My name is Åsa Heron'", "invalid content"),
        ("cannot parse invoice", "cannot parse"),
        ("no such user: ASA.HERON@EXAMPLE.ORG", "no such user"),
        ("refused: 4711", "refused"),
        ("url not found: /q?text=please%20check%20invoice", "url not found"),
        ("bad value: &quot;Heron&quot;", "bad value"),
        ("ValueError: 会議", "ValueError"),
        ("ValueError: 私の明日の", "ValueError"),
        ("got hunter2pa", "got"),
        ("got Hunter2pass", "got"),
    ],
)
def test_what_was_said_is_cut_off(told: str, kept: str) -> None:
    """PRI-05"""
    shown = discreet(told, SAID)
    assert kept in shown
    assert shown.endswith(" …")
    for secret in ("heron", "4711", "invoice", "会議", "明日", "hunter2"):
        assert secret not in shown.casefold()
