"""`make run`: somebody who has just arrived starts a demonstration and asks it something."""

import re
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.rig.processes import PARLOUR
from tests.rig.server import Server
from tests.rig.storage import SQLITE, Storage
from tests.rig.visitor import Visitor


@pytest.fixture
def newcomer(storage: Storage, tmp_path: Path) -> Iterator[Server]:
    """A server as a person starts it, of an environment that their terminal has not entered."""
    server = Server(storage, tmp_path)
    server.start("--demo")
    yield server
    server.close()


def _address(server: Server) -> str:
    found = server.running.wait_for(r"^  (http://\S+/chat/\S+)$")
    return str(found.group(1))


async def test_a_demonstration_answers_from_parlour_s_own_documentation(
    newcomer: Server, http: aiohttp.ClientSession
) -> None:
    url = _address(newcomer)
    assert url.startswith(f"{newcomer.url}/chat/")
    newcomer.keep_secret("PARLOUR-NEVER")  # the address itself is printed on purpose, once
    visitor = Visitor(http, newcomer.url, url.rpartition("/")[2])
    assert (await visitor.say("How do I make a backup?")).status == 202
    asked, answered = await visitor.settled()
    assert asked == ("user", "How do I make a backup?")
    assert "parlour backup" in answered[1]
    page = await visitor.page()
    assert re.search(r'href="[^"]*/sources/msg_\w+/1"', page.text), "no passage to open"

    home = f"/chat/{visitor.token}"
    page = await visitor.ask("GET", f"{home}?lang=ja")
    source = re.search(r'href="([^"]*/sources/msg_\w+/1\?lang=ja)"', page.text)
    assert source is not None, "the passage is in the language that was asked for"
    passage = (await visitor.ask("GET", source[1])).text
    assert '<html lang="ja"' in passage
    assert "文書より" in passage
    assert f'href="{home}?lang=ja#msg_' in passage
    german = await visitor.ask(
        "GET", source[1].partition("?")[0], headers={"Accept-Language": "de"}
    )
    assert '<html lang="de"' in german.text


def test_a_demonstration_says_who_can_open_it(newcomer: Server) -> None:
    newcomer.running.wait_for(r"^Only this machine can open it")
    port = newcomer.url.rpartition(":")[2]
    newcomer.running.wait_for(rf"^  PARLOUR_HOST=0\.0\.0\.0 PARLOUR_PUBLIC_URL=\S+:{port}$")


def test_a_second_start_shows_the_same_address(newcomer: Server) -> None:
    first = _address(newcomer)
    assert newcomer.stop() == 0
    newcomer.start("--demo")
    assert _address(newcomer) == first


@pytest.mark.only_on(SQLITE)
def test_what_to_type_next_works_as_it_is_printed(newcomer: Server) -> None:
    """The program that started is not on the other terminal's path, so its file is named."""
    line = newcomer.running.wait_for(r"^  (\S*parlour) agent create handbook --backend documents")
    program = Path(line.group(1))
    assert (newcomer.folder / program).resolve() == PARLOUR.resolve()
