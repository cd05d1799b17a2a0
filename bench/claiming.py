"""Links for ten uses under five hundred first messages at the same moment, round after round.

python -m bench.claiming [--rounds 200] [--visitors 500] [--uses 10] [sqlite] [postgres]

Every round has a link of its own. Every message but its last byte is with the servers before the
last bytes are let go together; on PostgreSQL they go to two servers in turns. A round that lets in
more, or fewer, ends the run with an error.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from bench.house import command, start
from bench.programs import running
from tests.rig.processes import free_port, plain_environment
from tests.rig.services import Postgres, Redis

KEY = "the secret key of both servers"


@contextmanager
def servers(engine: str, stack: ExitStack) -> Iterator[tuple[list[int], dict[str, str]]]:
    """Start one server, or two with PostgreSQL and Redis; yield their ports, and surroundings."""
    shared = {
        "PARLOUR_SECRET_KEY": KEY,
        "PARLOUR_MAX_PRIVATE_LINKS": "10000",
        "PARLOUR_LOG_LEVEL": "warning",
        # Nobody is to be refused for anything else.
        "PARLOUR_RATE_LIMIT_PER_MINUTE": "0",
        "PARLOUR_RATE_LIMIT_PER_PLACE": "0",
        "PARLOUR_RATE_LIMIT_PER_LINK": "0",
    }
    if engine == "postgres":
        postgres, redis = Postgres(), Redis()
        stack.callback(postgres.close)
        stack.callback(redis.close)
        shared |= {
            "PARLOUR_DATABASE_URL": postgres.url(postgres.create()),
            "PARLOUR_REDIS_URL": redis.url,
        }
    ports, first = [], {}
    for _ in range(2 if engine == "postgres" else 1):
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="parlour-bench-"))
        port = free_port()
        environment = plain_environment(PARLOUR_DATA_DIR=folder, PARLOUR_PORT=str(port), **shared)
        stack.enter_context(running(start(port, environment)[0], port))
        ports.append(port)
        first = first or environment
    yield ports, first


def links(environment: dict[str, str], rounds: int, uses: int) -> list[Any]:
    """Make an agent that answers from one small document, and a link for each round."""
    with tempfile.TemporaryDirectory(prefix="parlour-bench-") as folder:
        Path(folder, "hours.md").write_text("# Hours\n\nThe library opens at nine.\n")
        backend = ["--backend", "documents", "--path", folder]
        command(environment, "agent", "create", "claimed", *backend)
    names = [word for at in range(rounds) for word in ("--name", f"round {at}")]
    private = ["--kind", "private", "--max-uses", str(uses), "--json"]
    made = command(environment, "link", "create", "claimed", *private, *names)
    return made if isinstance(made, list) else [made]


class Visitors:
    """Connections that stay open: each sends one message a round."""

    def __init__(self, ports: list[int]) -> None:
        self.ports = ports
        self.lines: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def come(self, many: int) -> None:
        for at in range(many):
            port = self.ports[at % len(self.ports)]
            self.lines.append(await asyncio.open_connection("127.0.0.1", port))

    async def claim(self, token: str) -> tuple[Counter[str], float]:
        """Send a first message on every line at once; count the answers, and how long it took."""
        body = b'{"message": "Hello?", "async_mode": true}'
        head = (
            f"POST /api/public/chat/{token} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode()
        for _, writer in self.lines:
            writer.write(head + body[:-1])
        await asyncio.gather(*(writer.drain() for _, writer in self.lines))
        await asyncio.sleep(0.2)
        began = time.perf_counter()
        for _, writer in self.lines:
            writer.write(body[-1:])
        codes = await asyncio.gather(*(self._answer(reader) for reader, _ in self.lines))
        return Counter(codes), time.perf_counter() - began

    @staticmethod
    async def _answer(reader: asyncio.StreamReader) -> str:
        head = await reader.readuntil(b"\r\n\r\n")
        status = head.split(b" ", 2)[1].decode()
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        body = json.loads(await reader.readexactly(length))
        return status if status == "202" else f"{status} {body['code']}"

    async def leave(self) -> None:
        for _, writer in self.lines:
            writer.close()


async def rounds(ports: list[int], made: list[Any], many: int, uses: int) -> list[float]:
    """Play all rounds; SystemExit for one that let in another number than it should."""
    visitors = Visitors(ports)
    await visitors.come(many)
    took = []
    for at, link in enumerate(made, 1):
        codes, seconds = await visitors.claim(link["token"])
        if codes != {"202": uses, "410 used_up": many - uses}:
            sys.exit(f"round {at}: {dict(codes)}")
        took.append(seconds)
        if at % 20 == 0:
            print(f"  {at} rounds, {seconds:.2f} s the last", file=sys.stderr, flush=True)
    await visitors.leave()
    return took


def measure(engine: str, asked: argparse.Namespace) -> None:
    """Play on one set-up, and see that what is kept is what was let in."""
    with ExitStack() as stack, servers(engine, stack) as (ports, environment):
        made = links(environment, asked.rounds, asked.uses)
        took = asyncio.run(rounds(ports, made, asked.visitors, asked.uses))
        kept = command(environment, "link", "list", "--json")
        odd = [
            each["name"]
            for each in kept
            if (each["uses"], each["usage_stats"]["unique_users"]) != (asked.uses, asked.uses)
        ]
        if odd or len(kept) != asked.rounds:
            sys.exit(f"what is kept differs: {odd[:5]}")
    middle, worst = statistics.median(took), max(took)
    print(
        f"{engine}, {len(ports)} server(s): {asked.rounds} rounds of {asked.visitors} first "
        f"messages, {asked.uses} let in each time; a round took {middle:.2f} s, the longest "
        f"{worst:.2f} s"
    )


def main() -> None:
    """Read what is asked for, and play."""
    reader = argparse.ArgumentParser()
    reader.add_argument("--rounds", type=int, default=200)
    reader.add_argument("--visitors", type=int, default=500)
    reader.add_argument("--uses", type=int, default=10)
    reader.add_argument("engines", nargs="*", default=["sqlite", "postgres"])
    asked = reader.parse_args()
    for engine in asked.engines:
        measure(engine, asked)


if __name__ == "__main__":
    main()
