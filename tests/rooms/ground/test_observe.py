"""Observation: one line per event, nothing in it that it should not hold; a watch on the loop."""

import asyncio
import json
import logging
import time
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from parlour.kit import observe
from parlour.kit.errors import Invalid
from tests.rig.waiting import eventually


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    structlog.reset_defaults()
    root.handlers = handlers
    root.setLevel(level)


def fresh(name: str = "parlour.test") -> Any:
    return structlog.get_logger(name)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


async def test_requests_are_told_before_whatever_is_told_after_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Those of one turn of the event loop are written together; nothing overtakes them."""
    observe.configure("info", machine=True)
    observe.access("GET", "/one", 200, 0.1)
    observe.access("GET", "/two", 200, 0.1)
    fresh().info("later")
    observe.access("GET", "/three", 200, 0.1)
    await asyncio.sleep(0)
    told = [each.get("route", each["event"]) for each in lines(capsys)]
    assert told == ["/one", "/two", "later", "/three"]


def test_an_event_is_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    observe.configure("info", machine=True)
    fresh().info("turn.ended", turn="trn_1", n=3, odd={1: object}, big=2**80, half="\ud800")
    fresh().debug("not this one")
    [line] = lines(capsys)
    assert line["time"].endswith("Z")
    assert (line["level"], line["logger"], line["event"]) == ("info", "parlour.test", "turn.ended")
    assert (line["turn"], line["n"], line["big"]) == ("trn_1", 3, 2**80)


@pytest.mark.parametrize("machine", [True, False])
def test_no_text_forges_a_line_or_commands_a_terminal(
    capsys: pytest.CaptureFixture[str], machine: bool
) -> None:
    observe.configure("info", machine=machine)
    evil = 'x\n{"level":"error"}\r\x1b[2J\x9b31m\x00\u2028\u202e\x7f\U000e0001 =y'
    fresh().info("visitor.said", text=evil)
    written = capsys.readouterr().err
    assert written.endswith("\n")
    assert written.count("\n") == 1
    assert written[:-1].isprintable()
    if machine:
        assert json.loads(written)["text"] == evil


def test_at_a_terminal_it_reads_as_words(capsys: pytest.CaptureFixture[str]) -> None:
    observe.configure("info", machine=False)
    fresh().warning("bus.lost", lane="sender", reason="no answer", n=2, none=None)
    line = capsys.readouterr().err
    assert line[12:].strip() == 'warning bus.lost lane=sender reason="no answer" n=2 none=None'


def test_no_secret_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    observe.configure("info", machine=True)
    secrets = {"token": "t0p", "session_cookie": "t0p", "Authorization": "t0p", "api_key": "t0p"}
    fresh().info("x", **secrets)
    message = (
        "cannot reach postgres://parlour:t0p@db:5432/x with Bearer t0p-t0p "
        "for /chat/AbCdEfGhIjKlMnOpQrStUvWxYz0123456789_-xy\nDETAIL: Key (email)=(t0p) exists"
    )
    try:
        raise ValueError(message)
    except ValueError as error:
        fresh().exception("failed")
        fresh().error("failed", exc_info=error)
        logging.getLogger("library").warning("%s", error)
    written = capsys.readouterr().err
    assert len(written.splitlines()) == 4
    assert "t0p@" not in written
    assert "t0p-" not in written
    assert "AbCdEf" not in written
    found = [json.loads(line) for line in written.splitlines()]
    assert found[0]["token"] == found[0]["session_cookie"] == found[0]["api_key"] == "***"
    assert "DETAIL" not in found[1]["exception"]


def test_an_exception_tells_what_led_to_it_and_where(capsys: pytest.CaptureFixture[str]) -> None:
    observe.configure("info", machine=True)

    def inner() -> None:
        raise KeyError("k")

    try:
        try:
            inner()
        except KeyError as error:
            raise Invalid("it does not fit") from error
    except Invalid:
        fresh().exception("failed")
    [line] = lines(capsys)
    assert line["level"] == "error"
    assert line["exception"] == "Invalid: it does not fit < KeyError: 'k'"
    assert line["stack"].startswith("ground/test_observe.py:")


def test_what_libraries_log_looks_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    observe.configure("info", machine=True)
    logging.getLogger("asyncio").error("Task %s died", "t", exc_info=ValueError("x"))
    logging.getLogger("chatty").info("not this one")
    logging.getLogger("broken").warning("%d", "no number")
    first, second = lines(capsys)
    assert (first["logger"], first["event"]) == ("asyncio", "Task t died")
    assert first["exception"] == "ValueError: x"
    assert second["event"] == "%d"


def test_a_log_nobody_reads_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def write(self, _text: str) -> int:
            raise BrokenPipeError

        def isatty(self) -> bool:
            return False

    observe.configure("info", machine=True)
    monkeypatch.setattr("sys.stderr", Broken())
    fresh().info("said to nobody")
    observe.access("GET", "/", 200, 0.1)


def test_a_request_is_logged_by_its_route_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    observe.configure("info", machine=True)
    labels = {"method": "other", "route": "/chat/{token}", "status": "200"}

    def seen() -> float:
        name = "parlour_http_request_seconds_count"
        return observe.REGISTRY.get_sample_value(name, labels) or 0

    before = seen()
    observe.access("BREW", "/chat/{token}", 200, 0.0123)
    [line] = lines(capsys)
    assert (line["event"], line["route"], line["ms"]) == ("request", "/chat/{token}", 12.3)
    assert seen() == before + 1
    observe.configure("warning", machine=True)
    observe.access("GET", "/", 200, 0.1)
    assert lines(capsys) == []


def test_a_file_that_was_there_is_no_news(capsys: pytest.CaptureFixture[str]) -> None:
    for level, told in (("info", [404]), ("debug", [200, 404])):
        observe.configure(level, machine=True)
        for status in (200, 404):
            observe.access("GET", "/static/{path}", status, 0.1, is_file=True)
        assert [each["status"] for each in lines(capsys)] == told


async def test_a_blocked_loop_is_noticed_while_it_is_blocked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """CRH-17."""
    observe.configure("info", machine=True)

    def block() -> None:
        time.sleep(0.8)

    with observe.watching_loop(every=0.05, too_late=0.2):
        await asyncio.sleep(0.1)
        block()
        found: list[dict[str, Any]] = []

        def freed() -> dict[str, Any] | None:
            # On a busy machine something else may have held it up before.
            found.extend(lines(capsys))
            mine = [n for n, each in enumerate(found) if "test_observe" in each.get("where", "")]
            later = found[mine[0] + 1 :] if mine else []
            return next((each for each in later if each["event"] == "loop.freed"), None)

        told = await eventually(freed)
    blocked = next(each for each in found if "test_observe" in each.get("where", ""))
    assert blocked["event"] == "loop.blocked"
    assert "test_observe.py" in blocked["where"].split(" < ")[0]
    assert blocked["where"].split(" < ")[0].endswith("block")
    assert told is not None
    assert told["seconds"] > 0.5


def test_every_metric_says_what_it_measures() -> None:
    for metric in observe.REGISTRY.collect():
        assert metric.documentation.endswith("."), metric.name
        assert metric.name.startswith(("parlour_", "process_")), metric.name
