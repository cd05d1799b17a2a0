"""Where the log goes there is no room: the chat goes on."""

import os
import subprocess
from pathlib import Path

import aiohttp
import pytest

from tests.rig import plays
from tests.rig.model import FakeModel
from tests.rig.nursery import Nursery
from tests.rig.processes import PARLOUR, free_port, plain_environment
from tests.rig.storage import Storage
from tests.rig.waiting import eventually

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(not Path("/dev/full").exists(), reason="not here: /dev/full"),
]


async def test_a_log_that_cannot_be_written_stops_nobody(
    storage: Storage,
    tmp_path: Path,
    model: FakeModel,
    http: aiohttp.ClientSession,
    nursery: Nursery,
) -> None:
    """DSK-03"""
    model.plays(plays.reply("One two three."))
    settings = {**storage.environment, "PARLOUR_ALLOW_NETWORKS": "127.0.0.0/8"}
    environment, port = plain_environment(**settings), free_port()

    def run(*command: str) -> str:
        done = nursery.run(command, environment, tmp_path)
        assert done.returncode == 0, done.stderr
        return done.stdout

    agent = ("--backend", "openai", "--base-url", model.base_url, "--model", "fake")
    run("migrate")
    run("agent", "create", "helper", *agent)
    token = run("link", "create", "helper").split("/chat/")[1].split()[0]
    full = os.open("/dev/full", os.O_WRONLY)
    server = subprocess.Popen(
        [PARLOUR, "serve", "--port", str(port)],
        env=environment,
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=full,
        stderr=full,
    )
    os.close(full)
    try:
        url = f"http://127.0.0.1:{port}"

        async def ready() -> bool:
            assert server.poll() is None, "it ended"
            try:
                async with http.get(f"{url}/readyz") as answer:
                    return answer.status == 200
            except aiohttp.ClientError:
                return False

        await eventually(ready, within=60)
        async with http.post(f"{url}/api/public/chat/{token}", json={"message": "Hi"}) as answer:
            assert answer.status == 200
            assert (await answer.json())["response"] == "One two three."
        async with http.get(f"{url}/chat/zzz") as answer:
            assert answer.status == 404
        assert server.poll() is None
    finally:
        server.kill()
        server.wait()
