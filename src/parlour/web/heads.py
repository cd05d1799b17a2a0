"""Answering HEAD: what GET answers, without its body, and over as soon as that begins."""

import asyncio
from typing import Any

from litestar.types import Message, Receive, Send


class Head:
    """The two ends of a HEAD, for an application that answers a GET.

    Whoever asks has gone when the body begins: a stream of events would else be sent to nobody
    for as long as streams last, while the other end waits for an end that does not come.
    """

    def __init__(self, receive: Receive, send: Send) -> None:
        """Stand between an application and these."""
        self._receive = receive
        self._send = send
        self._gone = asyncio.Event()

    async def receive(self) -> Any:
        """Tell what comes from whoever asks, or that they have gone."""
        coming = asyncio.ensure_future(self._receive())
        gone = asyncio.ensure_future(self._gone.wait())
        try:
            await asyncio.wait((coming, gone), return_when=asyncio.FIRST_COMPLETED)
            if coming.done():
                return coming.result()
            return {"type": "http.disconnect"}
        finally:
            coming.cancel()
            gone.cancel()

    async def send(self, message: Message) -> None:
        """Send the head; of the body nothing but its end."""
        if message["type"] != "http.response.body":
            await self._send(message)
        elif not self._gone.is_set():
            self._gone.set()
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
