"""A mail server that is not ours, as a program of its own, and what came to it."""

import email
import email.policy
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

from tests.rig.processes import Program, free_port, plain_environment
from tests.rig.waiting import PATIENCE


class MailServer:
    """Takes every mail, and puts it into a folder as it came."""

    def __init__(self, folder: Path) -> None:
        self._box = folder / "mails"
        self.port = free_port()
        self._folder = folder

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @contextmanager
    def serving(self) -> "Iterator[MailServer]":
        place = ["-l", f"127.0.0.1:{self.port}", "-c", "aiosmtpd.handlers.Mailbox", str(self._box)]
        command = [sys.executable, "-W", "ignore", "-m", "aiosmtpd", "-n", *place]
        program = Program(command, env=plain_environment(), cwd=self._folder)
        try:
            self._wait()
            yield self
        finally:
            program.stop()

    def _wait(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while not self._listens():
            assert time.monotonic() < deadline, "the mail server does not come up"
            time.sleep(0.05)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    @property
    def raw(self) -> list[bytes]:
        """The bytes of every mail that came, in no order."""
        return [path.read_bytes() for path in (self._box / "new").glob("*")]

    @property
    def mails(self) -> list[EmailMessage]:
        """Every mail that came; `X-RcptTo` is who it was for."""
        read = email.message_from_bytes
        return [read(each, policy=email.policy.default) for each in self.raw]
