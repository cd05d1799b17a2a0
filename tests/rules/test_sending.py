"""What an answer looks like on the wire, and when it is left to the web server to write it."""

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import pytest

from parlour.web.sending import AT_ONCE, Sending


class _Cycle:
    """The web server's side of one request, as far as sending looks at it."""

    def __init__(self, method: str = "GET", *, paused: bool = False, alive: bool = True) -> None:
        self.written: list[bytes] = []
        self.left: list[str] = []
        self.over = 0
        self.scope = {"method": method}
        self.default_headers = [(b"date", b"now")]
        self.flow = SimpleNamespace(write_paused=paused)
        self.transport = SimpleNamespace(write=self.written.append, is_closing=lambda: False)
        self.message_event = SimpleNamespace(set=lambda: None)
        self.keep_alive = alive
        self.chunked_encoding: bool | None = None
        self.disconnected = self.response_started = self.response_complete = False

    def on_response(self) -> None:
        self.over += 1

    async def send(self, message: Any) -> None:
        self.left.append(message["type"].rpartition(".")[2])
        self.chunked_encoding = True


def _start(*headers: tuple[bytes, bytes]) -> Any:
    return {"type": "http.response.start", "status": 200, "headers": list(headers)}


def _body(body: bytes, *, more: bool = False) -> Any:
    return {"type": "http.response.body", "body": body, "more_body": more}


async def _sent(cycle: Any, messages: Iterable[Any]) -> list[bool]:
    """Answer with these messages; bytes are pieces that are to go at once."""
    taken: list[bool] = []

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        for each in messages:
            if isinstance(each, bytes):
                taken.append(scope["extensions"][AT_ONCE](each))
            else:
                await send(each)

    await Sending(app, cycle)(cycle.scope, None, None)
    assert "extensions" not in cycle.scope
    return taken


async def test_a_whole_answer_goes_out_in_one_piece() -> None:
    cycle = _Cycle()
    await _sent(cycle, [_start((b"content-length", b"2"), (b"x-a", b"b")), _body(b"ok")])
    head = b"HTTP/1.1 200 OK\r\ndate: now\r\ncontent-length: 2\r\nx-a: b\r\n\r\n"
    assert (cycle.written, cycle.left) == ([head + b"ok"], [])
    assert cycle.response_complete
    assert cycle.over == 1


@pytest.mark.parametrize("value", [b"a\r\nset-cookie: x", b"a\nb", b"a\rb", b"a\0", b"\x7f"])
async def test_no_header_begins_a_line(value: bytes) -> None:
    """A value that somebody else chose must not become a header, or end them all."""
    cycle = _Cycle()
    for header in ((b"x-a", value), (value, b"a")):
        with pytest.raises(RuntimeError):
            await _sent(cycle, [_start((b"content-length", b"0"), header), _body(b"")])
    assert not cycle.written


@pytest.mark.parametrize(
    ("cycle", "length"),
    [
        (_Cycle("HEAD"), b"2"),
        (_Cycle(paused=True), b"2"),
        (_Cycle(alive=False), b"2"),
        (_Cycle(), b"3"),
    ],
)
async def test_what_is_seldom_is_left_to_the_web_server(cycle: _Cycle, length: bytes) -> None:
    await _sent(cycle, [_start((b"content-length", length)), _body(b"ok")])
    assert (cycle.left, cycle.written) == (["start", "body"], [])


async def test_pieces_of_a_stream() -> None:
    """Once the head is out pieces go as they come, unless the other end is slow."""
    cycle = _Cycle()
    one, two = _body(b"one", more=True), _body(b"two" * 6, more=True)
    taken = await _sent(cycle, [b"early", _start(), b"early", one, two, b"now", b""])
    assert cycle.left == ["start", "body"]
    assert cycle.written == [b"12\r\ntwotwotwotwotwotwo\r\n", b"3\r\nnow\r\n"]
    assert taken == [False, False, True, False]
    cycle.flow.write_paused = True
    assert await _sent(cycle, [b"late", two]) == [False]
    cycle.flow.write_paused, cycle.disconnected = False, True
    assert await _sent(cycle, [b"gone"]) == [False]
