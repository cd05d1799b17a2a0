"""The rig's server is the program itself: it answers, dies without a word, and comes back."""

import aiohttp

from tests.rig import plays
from tests.rig.model import FakeModel
from tests.rig.oracles import check_headers, check_never_cached, check_problem
from tests.rig.server import Server
from tests.rig.waiting import listening


async def test_a_question_goes_through_to_the_model(
    server: Server, model: FakeModel, http: aiohttp.ClientSession
) -> None:
    model.plays(plays.reply("Heard you."))
    server.make_model_agent("helper", model.base_url)
    link = server.make_link("helper")
    async with http.get(link.url) as page:
        assert page.status == 200
        check_headers(page.status, page.headers)
        check_never_cached(page.headers)
    ask = {"message": "Hello?", "async_mode": True}
    async with http.post(f"{server.url}/api/public/chat/{link.token}", json=ask) as accepted:
        assert accepted.status == 202, await accepted.text()
        session = server.keep_secret((await accepted.json())["session_id"])
    live = f"{server.url}/api/public/live/{link.token}"
    async with listening(http, live, params={"session_id": session}) as stream:
        done = await stream.next("done")
    assert done.data["message"]["text"] == "Heard you."
    server.restart(kill=True)
    async with listening(http, live, params={"session_id": session}) as stream:
        again = await stream.next("done")
    assert again.data == done.data


async def test_errors_are_problems_with_headers(
    server: Server, http: aiohttp.ClientSession
) -> None:
    for path, status in {"/nowhere": 404, "/api/public/history/nonsense": 404}.items():
        async with http.get(server.url + path) as refused:
            assert refused.status == status
            check_headers(refused.status, refused.headers)
            check_problem(refused.status, refused.headers, await refused.read())


def test_it_stops_when_it_is_told_to(server: Server) -> None:
    assert server.stop() == 0
    assert "Traceback" not in server.output
